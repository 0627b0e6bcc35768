"""The symptom dashboard, in a real browser."""

CELL = """
import torch

from vae_course.clinic import PATIENTS, Patient, examine
from vae_course.digits import load_digits
from vae_course.training import TrainConfig, fit
from vae_course.lessons.clinic.widget import SymptomDashboard

images = load_digits().train_images[:1000]
patients = {}
for name, kind in {"healthy": Patient, **PATIENTS}.items():
    torch.manual_seed(0)
    patients[name] = kind(hidden=(64,))
    for _ in fit(patients[name], images, TrainConfig(epochs=3, learning_rate=5e-3)):
        pass
SymptomDashboard(patients, {name: examine(patient, images) for name, patient in patients.items()})
"""


def test_a_patient_is_chosen_by_mouse_and_by_keyboard(run_cell):
    page = run_cell(CELL).page
    page.locator(".vae-course img").last.wait_for()
    samples = "document.querySelectorAll('.vae-course img')[0].src"
    before = page.evaluate(samples)
    button = page.locator(".vae-course .widget-toggle-button")
    assert button.all_inner_texts() == list("ABCDEFGH")
    button.nth(2).click()
    page.locator(".vae-course b", has_text="Patient C").wait_for()
    page.wait_for_function(f"before => {samples} !== before", arg=before)
    assert "mean 0.5" in page.locator(".vae-course svg").first.text_content()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".vae-course b", has_text="Patient D").wait_for()
    assert page.locator(".vae-course b", has_text="Healthy").count() == 1
