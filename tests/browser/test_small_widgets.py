"""The widgets of lessons 01, 02, 03 and 05 in a real browser, operated by keyboard and mouse."""

import re

import pytest

CELL = """
import torch
from IPython.display import display
from vae_course.digits import load_digits
from vae_course.vae import VAE
from vae_course.lessons.data.widget import DigitBrowser
from vae_course.lessons.elbo.widget import EffectiveBeta
from vae_course.lessons.encoder.widget import CloudPicker
from vae_course.lessons.reparameterization.widget import SameNoise

torch.manual_seed(0)
digits, model = load_digits(), VAE(latent_dim=2, hidden=(16,))
display(DigitBrowser(digits), CloudPicker(model, digits), SameNoise(), EffectiveBeta())
"""

# Presses a key on a slider, and resolves with the milliseconds until the part named has changed and is painted.
LATENCY = """
(widget, [key, part]) => new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error('nothing changed within 120 seconds')), 120_000);
    const start = performance.now();
    new MutationObserver((_, observer) => {
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
    }).observe(widget.querySelector(part).parentNode, {subtree: true, childList: true, attributes: true});
    widget.querySelector('.noUi-handle').dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
})
"""


@pytest.fixture
def widgets(run_cell):
    """The four of them, in the order of their lessons."""
    page = run_cell(CELL).page
    found = page.locator(".vae-course")
    found.nth(3).locator(".noUi-handle").wait_for()
    return [found.nth(i) for i in range(4)]


def changed(part, before, attribute="innerHTML"):
    """Wait until a part of a widget is no longer what it was."""
    part.page.wait_for_function(
        "([part, before, attribute]) => part[attribute] !== before", arg=[part.element_handle(), before, attribute]
    )


def test_they_are_operated_by_keyboard(widgets):
    browse_digits(widgets[0])
    pick_a_cloud(widgets[1])
    move_the_dice(widgets[2])
    choose_a_loss(widgets[3])


def browse_digits(widget):
    page, images = widget.page, widget.locator("img")
    before = [image.get_attribute("src") for image in images.all()]
    assert len(before) == 4
    widget.get_by_role("button", name="7", exact=True).focus()
    page.keyboard.press("Enter")
    for i in range(4):
        changed(images.nth(i), before[i], "src")
    again, drawn = widget.get_by_role("button", name="Draw again"), images.nth(2).get_attribute("src")
    again.focus()
    page.keyboard.press("Space")
    widget.get_by_text(re.compile("of 2 draws so far")).wait_for()
    changed(images.nth(2), drawn, "src")
    widget.locator(".noUi-handle").focus()
    page.keyboard.press("End")
    widget.get_by_text(re.compile("of 1 draw so far")).wait_for()


def pick_a_cloud(widget):
    page, svg = widget.page, widget.locator("svg")
    widget.get_by_role("button", name="8", exact=True).focus()
    page.keyboard.press("Enter")
    svg.get_by_text("The cloud of this 8").wait_for()
    picture = widget.locator("img").get_attribute("src")
    widget.locator(".noUi-handle").focus()
    page.keyboard.press("End")
    changed(widget.locator("img"), picture, "src")
    widget.get_by_text(re.compile(r"(?<!\d)0 of 100 test digits have a wider cloud")).wait_for()


def move_the_dice(widget):
    page, handles = widget.page, widget.locator(".noUi-handle")
    handles.nth(0).focus()
    page.keyboard.press("ArrowRight")
    widget.get_by_role("cell", name="0.05", exact=True).wait_for()
    handles.nth(1).focus()
    page.keyboard.press("Home")
    widget.get_by_role("cell", name="0.15", exact=True).wait_for()
    # A fast drag of the number of draws: the last value wins.
    box, track = handles.nth(2).bounding_box(), widget.locator(".noUi-base").nth(2).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for i in range(40):
        page.mouse.move(box["x"] + (track["x"] + track["width"] - box["x"]) * i / 39, box["y"] + box["height"] / 2)
    page.mouse.up()
    widget.get_by_text("1,000 draws").wait_for()


def choose_a_loss(widget):
    page = widget.page
    widget.get_by_role("button", name="mean over pixels and images").focus()
    page.keyboard.press("Enter")
    widget.locator("pre", has_text="bce.mean() + kl.sum(1).mean()").wait_for()
    widget.get_by_text("Effective β = 784, collapse:").wait_for()
    widget.get_by_role("button", name="mean over latents and images").focus()
    page.keyboard.press("Space")
    widget.get_by_text("Effective β = 39.2, collapse:").wait_for()
    widget.locator(".noUi-handle").focus()
    page.keyboard.press("Home")
    widget.get_by_text("Effective β = 0.0392, cheap:").wait_for()


def test_how_soon_they_answer(widgets):
    """Printed, not asserted."""
    for widget, name, part in zip(
        widgets, ("digits", "cloud", "dice", "loss"), ("img", "svg", "svg", "pre"), strict=True
    ):
        times = sorted(widget.evaluate(LATENCY, [key, part]) for key in ["ArrowRight", "ArrowLeft"] * 10)
        print(f"\n{name}: slider to painted picture, median {times[10]:.0f} ms, p90 {times[18]:.0f} ms", end="")
