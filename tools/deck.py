"""Make slides of a lesson: which block stands on which slide, under which title, and what the speaker says to it."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import blocks
import lesson
import minutes
import routes
from blocks import Block

# Lines of text that a slide has room for, below its title.
LINES = 13.6
# A slide with no more than these shows its texts whole.
FEW_LINES = 8.0
# One with no more than these holds too little to stand alone.
SHORT = 3.0
ASKED, ANSWERED, SOLVED = "Predict first", "The answer", "How the course wrote it"
BOXES = (ASKED, ANSWERED, SOLVED, lesson.REST)
PREDICT, REST = "> **Predict first.**", f"> **{lesson.REST}.**"
HEADING = re.compile(r"\A#+ (.*)\n*")
PARTS = re.compile(r"^(?=#+ |> \*\*Predict first)", re.MULTILINE)
# The links around a lesson.
AROUND = re.compile(r"^\*\[Start page\][^*]*\*\n?", re.MULTILINE)
# What cells show as long as nobody has solved an exercise.
UNSOLVED = re.compile(r"^(check_\w+|guesses|quiz)\(", re.MULTILINE)
SAID = tomllib.loads((lesson.TEACHING / "guesses.toml").read_text(encoding="utf-8"))


@dataclass
class Slide:
    """One thought."""

    title: str
    blocks: list[Block] = field(default_factory=list)

    @property
    def lines(self) -> float:
        """Add up the heights of all that is shown."""
        return sum(block.lines for block in self.blocks)

    @property
    def notes(self) -> list[str]:
        """Collect what the speaker says."""
        return [block.note for block in self.blocks if block.note]

    @property
    def text(self) -> str:
        """Join what is shown, as Markdown."""
        return "\n\n".join(block.text for block in self.blocks if block.text)

    @property
    def kind(self) -> str:
        """Name the slide's look in slides.css; its letters are large if there is little text and nothing else."""
        large = " large" if self.lines <= FEW_LINES and "<" not in [block.text[:1] for block in self.blocks] else ""
        return {ASKED: "asked", ANSWERED: "answered", lesson.REST: "rest"}.get(self.title, "") + large

    def spread(self) -> None:
        """Show what the texts leave out, where there is room for all of it."""
        whole = [Block(one.whole, blocks.height(one.whole)) if one.whole else one for one in self.blocks]
        if sum(block.lines for block in whole) <= FEW_LINES:
            self.blocks = whole

    @property
    def is_short(self) -> bool:
        """Say whether it holds a sentence or two and nothing else."""
        alone = not any(block.text.startswith(("<", "$$", ">")) for block in self.blocks)
        return alone and self.title != ASKED and self.lines <= SHORT

    def goes_to(self, other: "Slide") -> bool:
        """Say whether it is a sentence or two, for which another on the same, a question or an answer has room."""
        same = other.title == self.title or (self.title not in BOXES and other.title in (ASKED, ANSWERED))
        return self.is_short and same and self.lines + other.lines <= LINES

    def has_room(self, block: Block) -> bool:
        """Say whether one more block fits."""
        return self.lines + block.lines <= LINES


@dataclass
class Stack:
    """The slides of a section, with its minutes: those of its own, and the clock of the lesson at its beginning."""

    slides: list[Slide]
    minutes: float
    start: float

    @property
    def seconds(self) -> int:
        """Share the minutes out among the slides, for the clock in the speaker's window."""
        return round(60 * self.minutes / len(self.slides))

    def __post_init__(self) -> None:
        """Say the minutes on the section's first slide."""
        clock = [routes.clock(round(at)) for at in (self.start, self.start + self.minutes)]
        note = f"**{round(self.minutes) or 1} min** for this section: {clock[0]} to {clock[1]} of the lesson."
        self.slides[0].blocks.insert(0, Block("", note=note))


def stacks(path: Path) -> Iterator[Stack]:
    """Yield the slides of each section of a lesson."""
    known = {guess.key: (guess, len(group) == 1) for group in lesson.guesses(path) for guess in group}
    now = 0.0
    for section in lesson.sections(path):
        length = sum(minutes.count(section.text, section.code))
        yield Stack(packed(titled(section, known)), length, now)
        now += length


def packed(found: Iterator[tuple[str, Block]]) -> list[Slide]:
    """Put blocks on slides. A title starts one, and so does a block that has no room; an introduction goes with it.

    What is only said starts none.
    """
    slides: list[Slide] = []
    for title, block in found:
        if not slides or (block.text and slides[-1].title != title):
            slides.append(Slide(title))
        elif not slides[-1].has_room(block):
            slides.append(Slide(title, introduction(slides[-1], block)))
        slides[-1].blocks.append(block)
    slides = joined(slides)
    for slide in slides:
        slide.spread()
    return slides


def joined(slides: list[Slide]) -> list[Slide]:
    """Give a slide of a sentence or two to its neighbour; the first of a section keeps its heading."""
    kept: list[Slide] = []
    for i, slide in enumerate(slides):
        after = slides[i + 1] if i + 1 < len(slides) else None
        if after and slide.goes_to(after) and (i or after.title == slide.title):
            after.blocks[:0] = slide.blocks
        elif kept and slide.goes_to(kept[-1]):
            kept[-1].blocks += slide.blocks
        else:
            if kept and slide.is_short and kept[-1].title == slide.title:
                slide.blocks[:0] = last_thought(kept[-1], LINES - slide.lines)
            kept.append(slide)
    return kept


def last_thought(slide: Slide, room: float) -> list[Block]:
    """Take the last block from a slide, with what introduces it, so that the next holds more than a sentence."""
    last = max(i for i, block in enumerate(slide.blocks) if block.text)
    last -= slide.blocks[last - 1].text.endswith(":")
    stays, goes = (Slide(slide.title, some) for some in (slide.blocks[:last], slide.blocks[last:]))
    if stays.lines <= SHORT or goes.lines > room:
        return []
    slide.blocks = stays.blocks
    return goes.blocks


def introduction(slide: Slide, block: Block) -> list[Block]:
    """Take the last paragraph from a slide if it introduces what comes: a figure, code, a table or a formula."""
    last = slide.blocks[-1]
    introduces = last.text.endswith(":") or block.text.startswith(("<", "$$"))
    alone = len(slide.blocks) == 1 or last.text.startswith(("<", "$$")) or not last.text
    return [slide.blocks.pop()] if introduces and not alone and last.lines + block.lines <= LINES else []


def titled(section: lesson.Section, known: dict[str, tuple[lesson.Guess, bool]]) -> Iterator[tuple[str, Block]]:
    """Yield each block of a section with the title that it stands under."""
    heading, open_guesses = section.title, []
    for cell in section.cells:
        if cell.kind == "markdown":
            yield from titled_text(cell.source, heading)
            heading = [heading, *re.findall(r"^#+ (.*)", cell.source, re.MULTILINE)][-1]
        elif section.title != lesson.TOP:  # There the code prepares the lesson.
            if answers(cell):
                yield from ((ANSWERED, answer(guess)) for guess in open_guesses)
            asked = [known[ast.literal_eval(call.args[0])] for call in cell.calls("predict")]
            open_guesses = ([] if answers(cell) else open_guesses) + [guess for guess, _ in asked]
            yield from ((title_of(cell) or heading, block) for block in of_code(cell, asked))


def titled_text(source: str, heading: str) -> Iterator[tuple[str, Block]]:
    """Yield each block of a text with its title: a heading of its own, or what a box is called."""
    for part in PARTS.split(source):
        if found := HEADING.match(part):
            heading = found[1]
        title = ASKED if part.startswith(PREDICT) else ANSWERED if part.startswith(lesson.WHY) else heading
        text = HEADING.sub("", unboxed(part))
        yield from ((title, block) for block in blocks.of_text(text, whole=title == ASKED))


def unboxed(part: str) -> str:
    """Take away what makes a text a box or folds it."""
    if part.startswith(lesson.WHY):
        return part.removeprefix(lesson.WHY).replace("</details>", "", 1)
    if part.startswith((PREDICT, REST)):
        part = re.sub("^> ?", "", part.removeprefix(PREDICT).removeprefix(REST), flags=re.MULTILINE)
    return AROUND.sub("", part)


def title_of(cell: lesson.Cell) -> str:
    """Name the title that a cell asks for; "" where it stands under its heading."""
    if cell.calls("show_me") or cell.calls("open_files"):
        return SOLVED
    return ASKED if cell.calls("predict") else ANSWERED if answers(cell) else ""


def answers(cell: lesson.Cell) -> bool:
    """Say whether a cell shows what was to be guessed."""
    return cell.folded or bool(cell.calls("reveal"))


def of_code(cell: lesson.Cell, asked: list[tuple[lesson.Guess, bool]]) -> Iterator[Block]:
    """Yield the blocks of a cell with code: what there is to choose, or what it shows."""
    yield from (question(guess, alone) for guess, alone in asked)
    if not asked and not UNSOLVED.search(cell.source):
        yield from blocks.of_code(cell)


def question(guess: lesson.Guess, alone: bool) -> Block:
    """Show what there is to choose, and for what if the box above asks several questions."""
    lines = [f"{guess.question}\n"] if guess.choices and not alone else []
    lines += [f"- {choice}" for choice in guess.choices]
    said = SAID.get(guess.key, {})
    note = [f"**Question.** {guess.question}", f"**They say:** {said.get('say', '')}."]
    note += [f"**Answer:** {answer_to(guess)}.", f"**{minutes.MINUTES_PER_GUESS:g} min:** all type, then hands go up."]
    return Block("\n".join(lines), sum(map(blocks.height, lines)), "\n\n".join(note))


def answer(guess: lesson.Guess) -> Block:
    """Show an answer below its question."""
    because = SAID.get(guess.key, {}).get("because")
    shown = f'{guess.question}\n\n<p class="answer">{blocks.MARKDOWN.renderInline(answer_to(guess))}</p>'
    return Block(
        shown, blocks.height(guess.question) + 1.4, f"**Why that is reasonable:** {because}." if because else ""
    )


def answer_to(guess: lesson.Guess) -> str:
    """Say the answer to a guess."""
    return guess.answer or SAID.get(guess.key, {}).get("answer", "see the lesson")
