import io
import re

from vae_course.data import grey
from vae_course.digits import Digits
from vae_course.lessons.data.widget import DigitBrowser

import pytest
import torch
from PIL import Image
from torch.nn.functional import binary_cross_entropy


@pytest.fixture
def browser(digits):
    return DigitBrowser(digits)


def pixels(image):
    """Of a widget's picture."""
    picture = torch.frombuffer(bytearray(Image.open(io.BytesIO(image.value)).tobytes()), dtype=torch.uint8)
    return picture.unflatten(0, (28, 28)).float() / 255


def numbers(browser, which):
    return [float(number) for number in re.findall(r"\d+\.?\d*", re.sub("<[^>]*>", " ", browser.captions[which].value))]


def chosen(browser, digits):
    return grey(digits.train_images[digits.train_labels == browser.label.value][browser.number.value][None])[0, 0]


@pytest.mark.parametrize(("label", "number"), [(0, 0), (7, 0), (9, 399)])
def test_it_shows_the_digit_that_was_chosen_in_three_ways(browser, digits, label, number):
    browser.label.value, browser.number.value = label, number
    image = chosen(browser, digits)
    assert torch.allclose(pixels(browser.grey), image, atol=1 / 255)
    assert torch.equal(pixels(browser.cut), (image > 0.5).float())
    drawn = pixels(browser.drawn)
    assert set(drawn.unique().tolist()) == {0, 1}
    assert (drawn[image == 0] == 0).all()
    assert (drawn[image == 1] == 1).all()
    assert torch.equal(pixels(browser.mean), drawn)


def test_its_figures_are_ink_and_entropy(browser, digits):
    browser.label.value = 7
    image = chosen(browser, digits)
    ink, entropy = numbers(browser, 0)
    assert ink == pytest.approx(image.sum().item(), abs=0.06)
    assert entropy == pytest.approx(binary_cross_entropy(image, image, reduction="sum").item(), abs=0.06)
    assert numbers(browser, 1)[0] == (image > 0.5).sum()
    assert numbers(browser, 2)[0] == pixels(browser.drawn).sum()


def test_drawing_again_changes_the_drawn_one_and_says_by_how_much(browser, digits):
    browser.label.value = 3
    grey_before, before = browser.grey.value, pixels(browser.drawn)
    browser.again.click()
    after = pixels(browser.drawn)
    changed, expected = numbers(browser, 2)[1:]
    image = chosen(browser, digits)
    assert changed == (before != after).sum() > 0
    assert expected == pytest.approx((2 * image * (1 - image)).sum().item(), abs=0.6)
    assert browser.grey.value == grey_before
    assert torch.allclose(pixels(browser.mean), (before + after) / 2, atol=1 / 255)


def test_the_mean_of_many_draws_is_the_grey_digit(browser, digits):
    for _ in range(399):
        browser.again.click()
    assert "400 draws" in browser.captions[3].value
    # Five standard errors of the most uncertain pixel.
    assert (pixels(browser.mean) - chosen(browser, digits)).abs().max() < 5 * 0.5 / 20


def test_another_digit_starts_its_mean_anew(browser):
    browser.again.click()
    browser.number.value = 5
    assert "1 draw so far" in browser.captions[3].value


def test_it_is_the_same_every_time(digits):
    assert DigitBrowser(digits).drawn.value == DigitBrowser(digits).drawn.value


def test_classes_of_unequal_size_keep_the_number_in_range():
    images = torch.randint(0, 256, (5, 28, 28), generator=torch.Generator().manual_seed(0)).byte()
    labels = torch.tensor([2, 2, 2, 2, 5])
    some = Digits("some", images, labels, images, labels)
    browser = DigitBrowser(some)
    assert (browser.label.options, browser.number.max) == ((2, 5), 3)
    browser.number.value = 3
    browser.label.value = 5
    assert browser.number.value == browser.number.max == 0
    assert torch.allclose(pixels(browser.grey), images[4] / 255, atol=1 / 255)
