"""Guesses and quizzes are answered by keyboard alone."""

CELL = """
import os, tempfile
os.chdir(tempfile.mkdtemp())
os.mkdir(".course")
from vae_course.kit.predict import predict, reveal
predict("elbo/carriers", "How many of the 100,000 draws carry 99 % of the average?")
from vae_course.kit.quiz import quiz
from vae_course.lessons.quiz import QUESTIONS
predict("elbo/jensen", "Which is larger?", choices=["the log of the average", "the average of the logs"])
quiz(QUESTIONS, "after")
"""


def test_guesses_and_answers_are_given_by_keyboard_alone(run_cell):
    page = run_cell(CELL).page
    number, choice = page.locator(".vae-form").nth(0), page.locator(".vae-form").nth(1)
    field = number.get_by_label("How many of the 100,000 draws carry 99 % of the average?")
    field.press_sequentially("about 500")
    # On a busy machine JupyterLab may take the focus back after the run, so the field gets it again.
    field.press("Enter")
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
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    choice.get_by_role("status").get_by_text("Kept: the average of the logs.").wait_for()
    answer_the_quiz(page, page.locator(".vae-form").nth(2))


def answer_the_quiz(page, quiz):
    """Choose the first answer of every question."""
    for question in quiz.get_by_role("radiogroup").all():
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        for _ in range(question.get_by_role("radio").count() - 1):
            page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    quiz.get_by_role("status").get_by_text("4 of 12 are right.").wait_for()
    quiz.get_by_text("✗ Right is: “clearly above 0, although nothing is wrong”.").wait_for()
