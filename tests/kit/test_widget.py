"""What the widgets share."""

import base64
import io
import re
from xml.etree import ElementTree

from vae_course.kit.still import still
from vae_course.kit.svg import Axis, Line, chart
from vae_course.kit.widget import CourseWidget, digit_image, log_slider, png, row, with_scale

import ipywidgets
import pytest
import torch
from ipywidgets.widgets import widget as widget_module
from PIL import Image

X, Y = Axis("KL, nats per image", 0.0, 10.0), Axis("reconstruction", 100.0, 200.0)


def elements(svg, tag):
    return [element for element in ElementTree.fromstring(svg).iter() if element.tag == tag]


def test_a_png_holds_the_digits_pixel_for_pixel():
    images = torch.zeros(3, 1, 28, 28)
    images[1, 0, 5, 7] = 1.0
    picture = Image.open(io.BytesIO(png(images, columns=2)))
    assert picture.size == (2 * 29 + 1, 2 * 29 + 1)
    # Row, column: a line of one pixel goes around each digit.
    assert picture.getpixel((29 + 1 + 7, 1 + 5)) == 255
    assert picture.getpixel((1 + 7, 1 + 5)) == 0


def test_grey_values_outside_the_unit_range_do_not_wrap_around():
    picture = Image.open(io.BytesIO(png(torch.full((1, 1, 28, 28), 1.01), columns=1)))
    assert picture.getpixel((10, 10)) == 255


def test_a_digit_image_is_as_wide_as_asked():
    assert digit_image(torch.rand(4, 1, 28, 28), columns=4, scale=2.0).width == 2 * (4 * 29 + 1)
    assert digit_image(torch.rand(1, 1, 28, 28), columns=1, scale=2.0).width == 2 * 28


def test_a_chart_puts_its_dots_where_they_belong():
    svg = chart([Line([0.0, 10.0, 5.0], [100.0, 200.0, 150.0], "#000", dots=3)], X, Y)
    (left, bottom), (right, top), middle = (
        (float(dot.get("cx")), float(dot.get("cy"))) for dot in elements(svg, "circle")
    )
    assert left < right
    assert top < bottom
    assert middle == pytest.approx(((left + right) / 2, (top + bottom) / 2), abs=0.1)


def test_a_chart_says_what_it_shows():
    svg = chart([Line([1.0, 2.0], [110.0, 120.0], "#000", "β < 1 & more")], X, Y, title="Rate & distortion")
    texts = [text.text for text in elements(svg, "text")]
    assert {"Rate & distortion", "KL, nats per image", "reconstruction", "β < 1 & more", "10", "200"} <= set(texts)
    assert ElementTree.fromstring(svg).get("aria-label") == "Rate & distortion"


def test_a_line_without_points_is_drawn_as_nothing():
    assert not elements(chart([Line([], [], "#000", "soon")], X, Y), "circle")


def test_a_course_widget_is_its_parts_in_the_courses_style():
    slider = ipywidgets.FloatSlider()
    widget = CourseWidget([row(slider)])
    assert "vae-course" in widget._dom_classes
    assert widget.children[1].children == (slider,)


def test_closing_a_widget_closes_all_its_parts():
    before = set(widget_module._instances)
    slider, buttons = ipywidgets.FloatSlider(), ipywidgets.ToggleButtons(options=["a", "b"])
    widget = CourseWidget([row(ipywidgets.VBox([slider]), ipywidgets.HTML()), buttons])
    assert set(widget_module._instances) > before
    widget.close()
    assert slider.comm is None
    assert set(widget_module._instances) == before
    widget.close()


def test_without_a_kernel_a_widget_is_a_sentence():
    class Example(CourseWidget):
        pass

    assert (
        Example([])._repr_mimebundle_()["text/plain"]
        == repr(Example([]))
        == ("Example: a widget. It appears when this cell runs in JupyterLab.")
    )


def test_a_scale_names_powers_of_ten_and_a_button_goes_back_to_1():
    slider = log_slider("β", 0.01, 20.0)
    bar, back = with_scale(slider).children
    assert re.sub("<[^>]+>", " ", bar.children[1].value).split() == ["0.01", "0.1", "1", "10"]
    assert back.description == "β = 1"
    slider.value = 7.0
    back.click()
    assert slider.value == 1.0


def test_a_tick_of_a_scale_stands_where_the_slider_has_its_value():
    bar, _ = with_scale(log_slider("β", 0.01, 100.0)).children
    assert re.findall(r"left: ([\d.]+)%", bar.children[1].value) == ["0.0", "25.0", "50.0", "75.0", "100.0"]


def test_an_image_of_digits_has_a_name_for_a_screen_reader():
    assert digit_image(torch.zeros(1, 1, 28, 28), 1, alt="A test digit").alt == "A test digit"


def test_a_widget_with_a_picture_beside_its_file_shows_it_where_no_kernel_runs(tmp_path, monkeypatch):
    Image.new("L", (3, 2)).save(tmp_path / "widget.png")
    monkeypatch.setattr("inspect.getfile", lambda _: str(tmp_path / "widget.py"))

    class Example(CourseWidget):
        alt = 'A slider "β" & a picture'

    output = still(Example)
    assert 'alt="A slider &quot;β&quot; &amp; a picture"' in output["text/html"]
    picture = re.search('base64,([^"]+)"', output["text/html"]).group(1)
    assert base64.b64decode(picture) == (tmp_path / "widget.png").read_bytes()
    assert "Run this cell in JupyterLab" in output["text/html"]
    assert "how to start</a>" in output["text/html"]
    (tmp_path / ".course").mkdir()
    monkeypatch.chdir(tmp_path)
    assert "<a " not in still(Example)["text/html"], "a learner's folder has no README beside it"


def test_the_picture_is_an_output_of_its_own_below_the_widget(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr("vae_course.kit.widget.display", lambda data, raw: shown.append(sorted(data)))
    monkeypatch.setattr("vae_course.kit.widget.still", lambda _: {"text/html": "a picture"})
    CourseWidget([])._ipython_display_()
    assert shown == [["application/vnd.jupyter.widget-view+json", "text/plain"], ["text/html"]]
