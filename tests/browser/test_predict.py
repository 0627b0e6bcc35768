"""A guess is made by keyboard alone, and the answer closes the form."""

CELL = """
import os, tempfile
os.chdir(tempfile.mkdtemp())
os.mkdir(".course")
from vae_course.kit.predict import predict, reveal
predict("elbo/carriers", "How many of the 100,000 draws carry 99 % of the average?")
predict("elbo/jensen", "Which is larger?", choices=["the log of the average", "the average of the logs"])
"""


def test_a_guess_is_made_by_keyboard_alone(run_cell):
    page = run_cell(CELL).page
    number, choice = page.locator(".vae-form").nth(0), page.locator(".vae-form").nth(1)
    number.get_by_label("How many of the 100,000 draws carry 99 % of the average?").focus()
    page.keyboard.type("about 500")
    page.keyboard.press("Enter")
    number.get_by_role("status").get_by_text("Type a number alone").wait_for()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("1,500")
    page.keyboard.press("Enter")
    number.get_by_role("status").get_by_text("Kept: 1,500. You can change it").wait_for()
    page.keyboard.press("Tab")
    assert number.get_by_role("button", name="Keep my guess").evaluate("it => it === document.activeElement")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    choice.get_by_role("status").get_by_text("Kept: the log of the average.").wait_for()
    page.keyboard.press("Tab")  # ipywidgets gives every choice a stop of its own.
    page.keyboard.press("Space")
    choice.get_by_role("status").get_by_text("Kept: the average of the logs.").wait_for()
    page.screenshot(path="/tmp/predict_form.png")
