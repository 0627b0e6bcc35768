"""A live training leaves the kernel usable, and nothing behind, in a real browser."""

import re
import statistics
import time

import pytest

# More epochs than the test lasts.
CELL = """
from vae_course.digits import load_digits
from vae_course.lessons.training.widget import LiveTraining

live = LiveTraining(load_digits(), epochs=1000)
live
"""
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
# Runs code as a cell would, and resolves with what it printed and the milliseconds until the answer.
RUN = f"""
async code => {{
    const start = performance.now(), future = {KERNEL}.requestExecute({{code}});
    let text = '';
    future.onIOPub = message => {{ text += message.content.text ?? message.content.traceback?.join() ?? ''; }};
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error('no answer in 120 seconds')), 120_000));
    await Promise.race([future.done, late]);
    return [text.trim(), performance.now() - start];
}}
"""
TASKS = "print(sum('LiveTraining' in repr(task) for task in __import__('asyncio').all_tasks()))"
# JupyterLab makes a thread of its own for the messages of widgets when it has the first.
THREADS = "import threading; print([t.name for t in threading.enumerate() if not t.name.startswith('subshell')])"
STEPS_MEANWHILE = """
import asyncio
before = len(live.history)
await asyncio.sleep(0.5)
print(len(live.history) - before)
"""


@pytest.fixture
def lesson(run_cell):
    lesson = run_cell(CELL)
    for part, count in ((".noUi-handle", 1), ("img", 2), ("svg[role=img]", 2)):
        lesson.page.locator(f".vae-course {part}").nth(count - 1).wait_for()
    return lesson


def run(page, code):
    return page.evaluate(RUN, code)[0]


def pictures(page):
    images = [image.get_attribute("src") for image in page.locator(".vae-course img").all()]
    return images + [curve.inner_html() for curve in page.locator(".vae-course svg").all()]


def wait_until_renewed(page, old):
    for _ in range(600):
        if all(new != before for new, before in zip(pictures(page), old, strict=True)):
            return
        page.wait_for_timeout(50)
    raise AssertionError("the pictures and curves stay as they were")


def wait_for_status(page, text):
    # The curves lie deeper.
    page.locator(".vae-course > .widget-html").first.filter(has_text=re.compile(text)).wait_for()


def answers(page):
    """A cell's answers, in milliseconds, as text."""
    times = [page.evaluate(RUN, "print(live.state)")[1] for _ in range(20)]
    return f"in a median of {statistics.median(times):.0f} ms, at most {max(times):.0f}"


def press(page, name):
    page.get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")


def test_it_trains_beside_other_cells_until_it_is_paused_or_stopped(lesson):
    page = lesson.page
    threads = run(page, THREADS)
    print(f"\nlive training: before it a cell answers {answers(page)}")
    before = pictures(page)
    press(page, "Start")
    wait_until_renewed(page, before)
    wait_until_renewed(page, pictures(page))

    print(f"a cell beside it answers {answers(page)}")
    assert int(run(page, "print(live.history[-1].step)")) > 0

    handle, times = page.locator(".vae-course .noUi-handle"), []
    handle.focus()
    for key, beta in (("End", "20"), ("Home", "0.01"), ("End", "20")):
        start = time.perf_counter()
        page.keyboard.press(key)
        wait_for_status(page, rf"β = {beta}\b")
        times.append(1000 * (time.perf_counter() - start))
    print(f"from β to pictures of a step with it: {[round(t) for t in times]} ms")
    assert run(page, "print(live.history[-1].beta)").startswith("20")

    start = time.perf_counter()
    press(page, "Pause")
    wait_for_status(page, "Paused")
    print(f"from Pause to a rest: {1000 * (time.perf_counter() - start):.0f} ms")
    assert run(page, TASKS) == "0"
    assert run(page, STEPS_MEANWHILE) == "0"
    before = pictures(page)
    assert run(page, STEPS_MEANWHILE) == "0"
    assert pictures(page) == before
    press(page, "Go on")
    wait_until_renewed(page, before)
    assert int(run(page, STEPS_MEANWHILE)) > 0

    press(page, "Stop")
    wait_for_status(page, "Stopped")
    assert run(page, STEPS_MEANWHILE) == "0"
    assert run(page, TASKS) == "0"
    assert run(page, THREADS) == threads
    assert run(page, "print(type(live.model).__name__)") == "VAE"


def test_the_stop_button_of_jupyterlab_pauses_it_and_it_can_go_on(lesson):
    page = lesson.page
    press(page, "Start")
    wait_for_status(page, "Training.*images per second")
    page.evaluate(f"{KERNEL}.interrupt()")
    wait_for_status(page, "Paused · The kernel was interrupted")
    assert run(page, STEPS_MEANWHILE) == "0"
    press(page, "Go on")
    wait_for_status(page, "Training")
    assert int(run(page, STEPS_MEANWHILE)) > 0


def test_nothing_is_left_of_it_when_the_cell_runs_again_or_the_kernel_restarts(lesson, lab):
    page = lesson.page
    run(page, "first = live")
    press(page, "Start")
    wait_for_status(page, "Training")
    lesson.run_all()
    page.get_by_role("button", name="Start", exact=True).wait_for()
    assert run(page, "print(first is live, first.state, live.state)") == "False stopped ready"
    assert run(page, TASKS) == "0"

    press(page, "Start")
    wait_for_status(page, "Training")
    assert run(page, TASKS) == "1"
    run(page, "live.close()")
    assert run(page, TASKS) == "0"

    lesson.run_all()
    press(page, "Start")
    wait_for_status(page, "Training")
    log = lab.notebooks.parent / "log"
    seen = len(log.read_text())
    page.evaluate(f"{KERNEL}.restart()")
    page.wait_for_function(f"{KERNEL}.status === 'idle'")
    assert run(page, TASKS) == "0"
    assert not re.search(r"Task was destroyed|training\.py", log.read_text()[seen:])
