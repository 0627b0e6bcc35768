"""What the widgets share."""

import io
from xml.etree import ElementTree

from vae_course.kit.svg import Axis, Line, chart
from vae_course.kit.widget import CourseWidget, digit_image, png, row

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
    assert digit_image(torch.rand(4, 1, 28, 28), columns=4, scale=2.0).width == str(2 * (4 * 29 + 1))
    assert digit_image(torch.rand(1, 1, 28, 28), columns=1, scale=2.0).width == str(2 * 28)


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
        == ("Example: a widget, which appears when the lesson runs in JupyterLab.")
    )
