"""Right answers are kept in the workspace's file, and the lesson goes on with them."""

import hashlib
import json
import linecache
import re
from concurrent.futures import ThreadPoolExecutor

from vae_course.elbo import kl_divergence
from vae_course.kit import answers
from vae_course.kit.answers import go_on_with, kept
from vae_course.kit.exercise import ask, exercise, expect

import pytest
import torch


def check_of(name, lesson="elbo"):
    def find_mistake(answer):
        expect(ask(answer, torch.ones(3)) is not None, "Nothing came back.")
        expect(not hasattr(answer, "wrong"), "It is wrong.")

    find_mistake.__module__ = f"vae_course.lessons.{lesson}.check"
    return exercise(name, "It works.")(find_mistake)


class Notebook:
    """Runs cells as a kernel does: each is a file that only `linecache` knows."""

    def __init__(self):
        self.names = {"__name__": "__main__"}

    def run(self, cell):
        name = f"/nowhere/ipykernel_1/{hashlib.sha256(cell.encode()).hexdigest()}.py"
        linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
        exec(compile(cell, name, "exec"), self.names)

    def check(self, name, cell):
        self.run(cell)
        return check_of(name)(self.names[name])


@pytest.fixture(autouse=True)
def session(monkeypatch):
    monkeypatch.setattr(answers, "_session", {})


@pytest.fixture
def workspace(workspace):
    (workspace / ".course" / "course.json").write_text('{"answers": "my_vae.py"}')
    return workspace


@pytest.fixture
def notebook():
    notebook = Notebook()
    notebook.run("import math\nimport torch\nimport torch.nn.functional as F\nfrom torch import Generator, nn")
    return notebook


def in_file(folder):
    """The learner's file as a namespace."""
    names = {"__name__": "my_vae"}
    exec((folder / "my_vae.py").read_text(encoding="utf-8"), names)
    return names


class TestWithoutAWorkspace:
    def test_nothing_is_kept_and_nothing_said(self, tmp_path, monkeypatch, notebook):
        monkeypatch.chdir(tmp_path)
        assert notebook.check("double", "def double(x): return 2 * x").hint == "It works."
        assert list(tmp_path.iterdir()) == []


WAYS = {
    "a function": "def piece(x):\n    return F.relu(x) * math.pi  # π\n",
    "a lambda": "piece = lambda x: x.exp()",
    "a lambda beside others": "pieces = [lambda x: 0 * x, lambda x: 2 * x]; piece = pieces[1]",
    "a lambda over two lines": "piece = (lambda x:\n    x + 1)",
    "a decorated function": "@torch.no_grad()  # no slopes\ndef piece(x):\n    return x + 1",
    "a class": "class piece(nn.Module):\n    def __init__(self, x):\n        super().__init__()\n        self.x = x",
    "a class with a property alone": "class piece(str):\n    @property\n    def size(self): return 1\n",
    "several definitions": "def a(x):\n    return x\n\ndef b(x): return a(x)\n\ndef piece(x):\n    return b(x) + 1",
    "a constant": "SCALE, NAMES = 0.5, ['a', 'b']\ndef piece(x, scale=SCALE): return x * scale * len(NAMES)",
    "a class as helper": (
        "class Base(nn.Module):\n    def twice(self, x): return 2 * x\n\n"
        "@torch.no_grad()\ndef piece(x): return Base().twice(x)"
    ),
    "another name": "def mine(x):\n    return x + 1\n\npiece = mine",
    "a function that calls itself": "def piece(x, n=2):\n    return x if n == 0 else piece(x, n - 1)",
    "a closure": "def make(k):\n    def inner(x):\n        return k * x\n    return inner\n\npiece = make(3)",
    "a comprehension": "def piece(x):\n    return torch.stack([torch.exp(row) for row in x])",
    "annotations": "def piece(x: torch.Tensor) -> torch.Tensor:\n    g: Generator = Generator()\n    return x + 1",
    "the course's function under another name": (
        "from vae_course.elbo import kl_divergence as course_kl\ndef piece(x):\n    return course_kl(x[None], x[None])"
    ),
    "a magic before it": "get_ipython = lambda: None\nget_ipython()\ndef piece(x):\n    return x",
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_written_in_any_way_is_kept_and_does_the_same(workspace, notebook, way):
    verdict = notebook.check("piece", WAYS[way])
    assert verdict.hint == "It works. Kept in my_vae.py."
    mine, x = in_file(workspace)["piece"], torch.tensor([1.0, -2.0, 3.0])
    if not isinstance(mine, type):
        torch.testing.assert_close(mine(x), notebook.names["piece"](x))


def test_the_file_is_readable_and_runs_on_its_own(workspace, notebook):
    notebook.check("piece", WAYS["a decorated function"])
    notebook.check("other", "HALF = 0.5\n\n\ndef other(x):\n    return HALF * F.relu(piece(x))")
    text = (workspace / "my_vae.py").read_text(encoding="utf-8")
    assert text.startswith('"""What I wrote in the course')
    assert text.endswith(
        """
import torch
import torch.nn.functional as F


# >>> piece: a right answer replaces these lines.
@torch.no_grad()  # no slopes
def piece(x):
    return x + 1
# <<< piece


# >>> other: a right answer replaces these lines.
HALF = 0.5


def other(x):
    return HALF * F.relu(piece(x))
# <<< other
"""
    )
    assert in_file(workspace)["other"](torch.tensor([1.0, -3.0])).tolist() == [1.0, 0.0]


def test_a_later_right_answer_replaces_an_earlier_one_and_a_wrong_one_does_not(workspace, notebook):
    notebook.check("piece", "def piece(x): return x + 1")
    notebook.check("other", "def other(x): return x")
    notebook.check("piece", "def piece(x): return x + 2")
    notebook.check("piece", "def piece(x): return x + 3\npiece.wrong = True")
    text = (workspace / "my_vae.py").read_text(encoding="utf-8")
    assert "x + 1" not in text
    assert "x + 3" not in text
    assert in_file(workspace)["piece"](1) == 3
    assert text.index("def piece") < text.index("def other")


def test_the_state_says_from_which_lesson_a_piece_is(workspace, notebook):
    notebook.check("piece", "def piece(x): return x + 1")
    state = json.loads((workspace / ".course" / "answers.json").read_text())
    digest = hashlib.sha256(b"def piece(x): return x + 1").hexdigest()
    assert state == {"piece": {"digest": digest, "lesson": "elbo"}}


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("weights = torch.ones(3)\ndef piece(x): return x @ weights",
         "`weights`, of type Tensor, is no function or class of the notebook: make it inside the function"),
        ("model = nn.Linear(3, 1)\ndef helper(x): return model(x)\ndef piece(x): return helper(x)", "`model`, of type"),
        ("import functools\npiece = functools.partial(torch.add, torch.ones(3))",
         "`piece`, of type partial, .*write it with `def`"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_down_is_named(workspace, notebook, cell, reason):
    verdict = notebook.check("piece", cell)
    assert verdict.status == "right"
    assert re.search(f"Not kept in my_vae.py: {reason}", verdict.hint), verdict.hint
    assert not (workspace / "my_vae.py").exists()


class TestWhatTheLearnerTyped:
    MINE = '"""Mine."""\n\nimport torch\n\nA = torch.pi\n# a note\nx = {  "odd":   1}\n'

    def test_it_stays_as_it_is(self, workspace, notebook):
        file = workspace / "my_vae.py"
        file.write_text(self.MINE)
        notebook.check("piece", "def piece(x): return F.relu(x)")
        with file.open("a") as more:
            more.write("\n\nB = piece(torch.ones(2))\n")
        notebook.check("piece", "def piece(x): return torch.exp(x)")
        text = file.read_text()
        top, rest = self.MINE.split("A = ")
        assert text.startswith(f"{top.rstrip()}\nimport torch.nn.functional as F\n\nA = {rest}")
        assert text.index("# <<< piece") < text.index("B = piece(torch.ones(2))")
        assert in_file(workspace)["B"].tolist() == torch.ones(2).exp().tolist()

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (b"a = 1\ndef broken(:\n", "line 2 of my_vae.py is not Python"),
            (b"a = '\xe9'\n", "my_vae.py is not a text in UTF-8"),
            (b"a = 1\n1 / 0\n", "line 2 of the file stops with ZeroDivisionError"),
            (b"raise SystemExit(3)\n", "line 1 of the file stops with SystemExit"),
            (b"def piece(): pass\n", "there is another `piece` in the file"),
            (b"import random as F\n", "there is another `F` in the file"),
        ],
    )
    def test_a_file_that_the_answer_does_not_fit_into_is_left_alone(self, workspace, notebook, text, reason):
        (workspace / "my_vae.py").write_bytes(text)
        verdict = notebook.check("piece", "def piece(x): return F.relu(x)")
        assert verdict.status == "right"
        assert f"Not kept in my_vae.py: {reason}" in verdict.hint
        assert (workspace / "my_vae.py").read_bytes() == text
        assert not (workspace / ".course" / "answers.json").exists()

    def test_what_they_changed_in_a_block_stays_as_comments(self, workspace, notebook):
        notebook.check("piece", "def piece(x):\n    return x + 1")
        file = workspace / "my_vae.py"
        file.write_text(file.read_text().replace("x + 1", "x + 10"))
        notebook.check("piece", "def piece(x):\n    return x + 2")
        assert file.read_text().endswith(
            "# <<< piece\n# Before, changed by hand:\n# def piece(x):\n#     return x + 10\n"
        )
        assert in_file(workspace)["piece"](0) == 2

    def test_a_file_with_a_byte_order_mark_is_read(self, workspace, notebook):
        (workspace / "my_vae.py").write_text("A = 1\n", encoding="utf-8-sig")
        assert notebook.check("piece", "def piece(x): return x").hint.endswith("Kept in my_vae.py.")
        assert in_file(workspace)["A"] == 1


def test_two_pieces_may_not_have_different_helpers_of_one_name(workspace, notebook):
    notebook.check("piece", "scale = 2\ndef piece(x): return scale * x")
    same = notebook.check("other", "def other(x): return x / scale")
    assert same.hint.endswith("Kept in my_vae.py.")
    third = notebook.check("third", "scale = 3\ndef third(x): return scale * x")
    assert "there is another `scale` in the file: give yours another name" in third.hint
    assert in_file(workspace)["piece"](1) == 2


def test_a_piece_takes_the_place_of_what_others_had_of_it_as_a_helper(workspace, notebook):
    notebook.run("def piece(x): return x + 1")
    notebook.check("other", "def other(x): return 2 * piece(x)")
    notebook.check("piece", "def piece(x): return 1 + x")
    assert (workspace / "my_vae.py").read_text().count("def piece") == 1
    assert in_file(workspace)["other"](1) == 4
    mine = kept(other=None, piece=None)
    assert mine.other(1) == 4
    assert mine.piece(1) == 2


def test_a_piece_takes_the_place_of_the_courses(workspace, notebook):
    notebook.run("from vae_course.elbo import kl_divergence")
    notebook.check("other", "def other(x): return kl_divergence(x[None], x[None])")
    assert "from vae_course.elbo import kl_divergence" in (workspace / "my_vae.py").read_text()
    notebook.check("kl_divergence", "def kl_divergence(mu, logvar=0): return mu")
    assert in_file(workspace)["other"](torch.ones(3)).tolist() == [[1.0, 1.0, 1.0]]


def test_two_kernels_at_once_lose_nothing(workspace):
    """Two threads stand for them: each takes the lock of the file for itself, as a process does."""

    def solve(kernel):
        notebook = Notebook()
        return [notebook.check(f"{kernel}{i}", f"def {kernel}{i}(x=0): return {i}").hint for i in range(8)]

    with ThreadPoolExecutor(2) as pool:
        assert {hint for hints in pool.map(solve, "ab") for hint in hints} == {"It works. Kept in my_vae.py."}
    names = {f"{name}{i}": i for name in "ab" for i in range(8)}
    assert {name: in_file(workspace)[name]() for name in names} == names
    assert vars(kept(**names)).keys() == names.keys()
    assert json.loads((workspace / ".course" / "answers.json").read_text()).keys() == names.keys()


class TestTheCoursesOwn:
    def test_it_is_no_answer(self):
        verdict = check_of("kl_divergence")(kl_divergence)
        assert verdict.status == "not tried yet"
        assert "the course's own" in verdict.hint

    def test_a_check_that_is_run_alone_again_looks_at_the_learners_latest(self, notebook):
        check = check_of("kl_divergence")
        notebook.run("def kl_divergence(mu): ...")
        assert check(notebook.names["kl_divergence"]).status == "not tried yet"
        assert check(kl_divergence).status == "not tried yet"
        notebook.run("def kl_divergence(mu): return mu\nkl_divergence.wrong = True")
        check(notebook.names["kl_divergence"])
        again = check(kl_divergence)
        assert again.status == "not right yet"
        assert "your latest answer was checked again: It is wrong." in again.hint

    def test_what_a_learner_makes_of_it_is_an_answer(self):
        assert check_of("kl_divergence")(lambda x: kl_divergence(x[None], x[None])).status == "right"


class TestGoOnWith:
    COURSES = "The lesson goes on with the course's `kl_divergence`; yours "

    @pytest.fixture
    def go_on(self, notebook, capsys):
        def go_on():
            notebook.names["kl_divergence"] = go_on_with(notebook.names["kl_divergence"], otherwise=kl_divergence)
            return notebook.names["kl_divergence"], capsys.readouterr().out.strip()

        return go_on

    def test_a_right_answer_goes_on(self, notebook, go_on):
        notebook.check("kl_divergence", "def kl_divergence(x): return x")
        mine = notebook.names["kl_divergence"]
        for _ in range(2):
            assert go_on() == (mine, "The lesson goes on with your `kl_divergence`.")

    def test_any_other_leaves_it_to_the_courses(self, notebook, go_on):
        notebook.check("kl_divergence", "def kl_divergence(x): ...")
        for _ in range(2):
            assert go_on() == (kl_divergence, self.COURSES + "is not tried yet.")
        notebook.check("kl_divergence", "def kl_divergence(x): return x\nkl_divergence.wrong = True")
        assert go_on() == (kl_divergence, self.COURSES + "is not right yet.")
        notebook.check("kl_divergence", "def kl_divergence(x): return x")
        notebook.run("def kl_divergence(x): return 2 * x")
        assert go_on() == (kl_divergence, self.COURSES + "has changed since its check.")

    def test_a_stub_that_was_never_checked_is_not_tried_yet(self, notebook, go_on):
        notebook.run("def kl_divergence(x): ...")
        assert go_on() == (kl_divergence, self.COURSES + "is not tried yet.")

    def test_an_answer_that_was_checked_late_goes_on_when_the_cell_is_run_again(self, notebook, go_on):
        notebook.run("def kl_divergence(x): return x")
        mine = notebook.names["kl_divergence"]
        assert go_on()[0] is kl_divergence
        assert check_of("kl_divergence")(notebook.names["kl_divergence"]).status == "right"
        assert go_on()[0] is mine

    def test_it_names_both_where_they_differ(self, notebook, capsys):
        notebook.check("draw", "def draw(x): ...")
        go_on_with(notebook.names["draw"], otherwise=kl_divergence)
        assert "the course's `kl_divergence`; your `draw` is not tried yet." in capsys.readouterr().out

    def test_in_a_notebook_names_are_shown_as_code(self):
        assert answers.Line("your `a<b`.")._repr_html_() == "your <code>a&lt;b</code>."


class TestKept:
    def test_a_piece_is_the_learners_if_its_block_is_as_it_was_checked(self, workspace, notebook, capsys):
        notebook.check("piece", "def piece(x): return x")
        notebook.check("other", "def other(x): return x")
        file = workspace / "my_vae.py"
        file.write_text(file.read_text().replace("def other(x): return x", "def other(x): return 2"))
        mine = kept(piece=1, other=2, third=3)
        assert (mine.piece(5), mine.other, mine.third) == (5, 2, 3)
        assert capsys.readouterr().out == (
            "Changed in my_vae.py since the check: `other`. 1 of 3 pieces are yours: `piece`. "
            "The course's: `other`, `third`.\n"
        )

    def test_without_a_workspace_all_are_the_courses(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        assert kept(piece=1, other=2).piece == 1
        assert capsys.readouterr().out == "0 of 2 pieces are yours. The course's: `piece`, `other`.\n"

    @pytest.mark.parametrize(
        ("damage", "reason"),
        [("def broken(:", "line 11 of my_vae.py is not Python"), ("1 / 0", "line 11 of the file stops with Zero")],
    )
    def test_a_broken_file_breaks_no_lesson(self, workspace, notebook, capsys, damage, reason):
        notebook.check("piece", "def piece(x): return x")
        file = workspace / "my_vae.py"
        file.write_text(file.read_text() + damage + "\n")
        assert kept(piece=1).piece == 1
        assert f"my_vae.py cannot be used: {reason}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", [3, None, "", "..", "/", "../outside.py", "a/b.py", "course.json", "a\0.py", ["x.py"]], ids=repr
)
def test_a_name_that_leads_elsewhere_is_not_taken(workspace, notebook, name):
    (workspace / ".course" / "course.json").write_text(json.dumps({"answers": name}))
    beside = sorted(workspace.parent.iterdir())
    assert str(notebook.check("double", "def double(x):\n    return 2 * x")).endswith("Kept in my_vae.py.")
    assert "return 2 * x" in (workspace / "my_vae.py").read_text()
    assert sorted(workspace.parent.iterdir()) == beside


@pytest.mark.parametrize("entry", [3, None, [], {}, {"digest": 3, "lesson": "elbo"}, {"lesson": "elbo"}], ids=str)
def test_a_note_of_another_form_makes_a_piece_one_that_was_changed(workspace, notebook, entry):
    notebook.check("double", "def double(x):\n    return 2 * x")
    (workspace / ".course" / "answers.json").write_text(json.dumps({"double": entry}))
    assert kept(double=kl_divergence).double is kl_divergence
    assert str(notebook.check("half", "def half(x):\n    return x / 2")).endswith("Kept in my_vae.py.")
