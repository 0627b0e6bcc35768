"""What all checks share; each exercise's own check has a file of tests beside this one."""

import torch

from vae_course.elbo import kl_divergence
from vae_course.kit.exercise import exercise, show_me, tried


@exercise("double", "It doubles.")
def check_double(answer):
    return None if torch.equal(tried(answer(torch.ones(3))), 2 * torch.ones(3)) else "Twice 1 is <2>."


def test_the_three_verdicts():
    assert check_double(lambda x: None).status == "not tried yet"
    assert check_double(lambda x: ...).status == "not tried yet"
    assert repr(check_double(lambda x: x)) == "✗ double: not right yet. Twice 1 is <2>."
    assert repr(check_double(lambda x: 2 * x)) == "✓ double: right. It doubles."


def test_a_verdict_is_shown_as_text_and_not_as_markup():
    assert "Twice 1 is &lt;2&gt;." in check_double(lambda x: x)._repr_html_()


def test_an_error_points_to_the_learners_own_line():
    def answer(x):
        return torch.nn.Linear(2, 2)(x)  # The library's own line, deeper down, would help nobody.

    verdict = check_double(answer)
    assert verdict.status == "not right yet"
    assert "RuntimeError" in verdict.hint
    assert "at `return torch.nn.Linear(2, 2)(x)" in verdict.hint


def test_the_solution_is_the_packages_source_folded_away():
    html = show_me(kl_divergence).data
    assert html.startswith("<details><summary>")
    assert "mu.square()" in html
