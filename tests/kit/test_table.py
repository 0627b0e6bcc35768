from collections import namedtuple

from vae_course.kit.table import table

import pytest
import torch

TERMS = {"drawn": (91.04, 24.2, 115.24), "thresholded": (81.0, 24.0, 1105.0)}


def test_in_a_terminal_numbers_stand_below_each_other():
    assert str(table(TERMS, ["reconstruction", "KL", "sum"], caption="nats per image")) == (
        "nats per image\n"
        "             reconstruction    KL      sum\n"
        "drawn                  91.0  24.2    115.2\n"
        "thresholded            81.0  24.0  1,105.0"
    )


def test_in_a_notebook_it_is_a_plain_table_with_headings_for_rows_and_columns():
    assert table({"<b>": 1.25}, ["test pixels", "cost"], digits=2, caption="in nats")._repr_html_() == (
        '<div style="overflow-x: auto"><table style="margin-left: 0">'
        '<caption style="text-align: left; color: inherit">in nats'
        '</caption><thead><tr><th scope="col" style="text-align: left">test pixels</th>'
        '<th scope="col" style="text-align: right">cost</th></tr></thead><tbody><tr>'
        '<th scope="row" style="text-align: left">&lt;b&gt;</th><td style="text-align: right">1.25</td>'
        "</tr></tbody></table></div>"
    )


def test_the_heading_of_the_names_may_be_left_out():
    with_it, without = table(TERMS, ["", "a", "b", "c"]), table(TERMS, ["a", "b", "c"])
    assert with_it == without
    assert "<td></td>" in without._repr_html_(), "an empty heading is no heading"


Terms = namedtuple("Terms", "reconstruction kl")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (0.25, "0.2"),
        (12345.67, "12,345.7"),
        (-12.0, "−12.0"),
        (-0.01, "0.0"),
        (float("nan"), "nan"),
        (100_000, "100,000"),
        (-3, "−3"),
        (True, "True"),
        ("97 %", "97 %"),
        (torch.tensor(1.5), "1.5"),
        (torch.tensor([7]), "7"),
        (torch.tensor(2.0).numpy(), "2.0"),
    ],
)
def test_a_cell_is_written_in_one_way(cell, text):
    assert table([["name", cell]], ["", "value"]).rows == [["name", text]]


def test_every_column_has_digits_of_its_own():
    cells = table({0.5: (1.234, 0.5, 12)}, ["p", "cost", "share", "draws"], digits=(2, 0, 0)).rows
    assert cells == [["0.5", "1.23", "0", "12"]]


def test_the_cells_of_a_row_may_be_anything_that_can_be_listed():
    expected = [["a", "1.0", "2.0"]]
    for cells in ((1.0, 2.0), torch.tensor([1.0, 2.0]), Terms(torch.tensor(1.0), 2.0), (x for x in (1.0, 2.0))):
        assert table({"a": cells}, ["x", "y"]).rows == expected


def test_a_row_may_be_named_by_a_number():
    rows = table([[100, 16.2], [1_000, 7.0]], ["images", "real"], digits=0)
    assert str(rows) == "images  real\n   100    16\n 1,000     7"


def test_texts_stand_to_the_left_unless_they_are_numbers():
    lines = str(table({"a": ("yes", "± 0.5"), "bb": ("perhaps", "10 %")}, ["really", "by"])).splitlines()
    assert lines == ["    really      by", "a   yes      ± 0.5", "bb  perhaps   10 %"]


@pytest.mark.parametrize(
    ("rows", "columns", "digits", "message"),
    [
        ({}, ["x"], 1, "rows is empty"),
        ({"a": (1, 2), "b": 3}, ["x", "y"], 1, r"the row \['b', 3\] has 2 cells"),
        ({"a": (1, 2)}, ["x"], 1, "beside 1 columns"),
        ({"a": (1, 2)}, ["x", "y"], (1,), "digits for 1"),
        ({"a": [torch.zeros(3)]}, ["x"], 1, r"a cell of shape \[3\]: a cell holds one number"),
    ],
)
def test_what_is_no_table_is_refused(rows, columns, digits, message):
    with pytest.raises(ValueError, match=message):
        table(rows, columns, digits)
