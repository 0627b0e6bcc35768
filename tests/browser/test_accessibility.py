"""Widgets can be used with a keyboard and a screen reader, and be read in both themes."""

from browser.axe import serious_violations

CELL = """
import torch
from IPython.display import display
from vae_course.checkpoints import load_pretrained
from vae_course.clinic import Patient, examine
from vae_course.conditional import ConditionalVAE
from vae_course.digits import Digits, load_digits
from vae_course.lessons import beta, clinic, conditional, data, decoder, elbo, encoder, evaluation, latent_space
from vae_course.lessons import likelihood, reparameterization, training

digits, plane = load_digits(), load_pretrained("plane")
few = Digits(
    "few", digits.train_images[:100], digits.train_labels[:100], digits.test_images[:100], digits.test_labels[:100]
)
weights = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
patients = {name: Patient() for name in ("healthy", "A")}
symptoms = {name: examine(patient, few.test_images) for name, patient in patients.items()}
scores = torch.rand(10, 100, generator=torch.Generator().manual_seed(0))
for widget in (
    data.DigitBrowser(digits),
    encoder.CloudPicker(plane, few),
    reparameterization.SameNoise(),
    decoder.LatentPad(plane, few),
    elbo.EffectiveBeta(),
    training.LiveTraining(few),
    beta.BetaExplorer(load_pretrained("every-beta"), few),
    evaluation.DrawsSlider(torch.zeros(3, 1, 28, 28), weights, torch.zeros(3)),
    clinic.SymptomDashboard(patients, symptoms),
    latent_space.DrawDigit(plane, few),
    conditional.LabelAndStyle(ConditionalVAE(), few),
    likelihood.ThresholdSlider({"surprise": 100 * scores}, few.test_labels),
):
    display(widget)
"""
WIDGETS = 12


NAMELESS = """
() => [...document.querySelectorAll('.vae-course :is([role=slider], [role=application], button, input, img)')].filter(
    one => !(one.ariaLabel || one.title || one.alt || one.textContent.trim() || one.labels?.length)
).map(one => one.outerHTML)
"""
SAME_WITH_FOCUS = """
() => {
    const look = one => { const style = getComputedStyle(one); return style.outline + style.boxShadow + style.border; };
    const kinds = '[role=slider], button:enabled, canvas, [tabindex="0"]';
    return [...document.querySelectorAll(`.vae-course :is(${kinds})`)].filter(one => {
        document.activeElement.blur();
        const before = look(one);
        one.focus({ focusVisible: true, preventScroll: true });
        return look(one) === before;
    }).map(one => one.outerHTML);
}
"""


def test_every_widget_is_named_visible_and_readable_in_both_themes(run_cell):
    page = run_cell(CELL).page
    page.locator(".vae-course").nth(WIDGETS - 1).wait_for()
    page.wait_for_function("document.querySelectorAll('.vae-course [role=slider]').length > 12")
    page.wait_for_function("[...document.querySelectorAll('.vae-course [role=slider]')].every(one => one.ariaLabel)")
    page.wait_for_function("[...document.querySelectorAll('.vae-course img')].every(image => image.naturalWidth)")
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(SAME_WITH_FOCUS) == []
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
        page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
        assert not serious_violations(page, ".jp-OutputArea")
