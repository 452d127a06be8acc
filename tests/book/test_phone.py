"""Claims about pictures on phones.

1. Panels side by side are stacked at their own scale, with nothing lost.
2. Names of rows are repeated; a label of an axis is no thing of its own, and never parts from its panel.
3. What is narrow, or cannot be cut, stays as it is.
4. Pages offer the stacked picture to phones, for wide pictures alone; what is narrow enough is wide no longer.
"""

import numpy as np
import pytest
from PIL import Image

from smwm_book.production import phone


def drawn(width: int, *boxes: tuple[int, int], height: int = 300) -> np.ndarray:
    """A white picture with black boxes between the given columns; each has a colour of its own inside."""
    picture = np.full((height, width, 3), 255, dtype=np.uint8)
    for number, (left, right) in enumerate(boxes):
        picture[20:-20, left:right] = 0
        picture[40:-40, left + 10 : right - 10] = 40 * number + 10
    return picture


def inked(picture: np.ndarray, value: int) -> int:
    return int((picture == value).all(2).sum())


def test_panels_are_stacked_at_their_own_scale():
    picture = drawn(1400, (50, 450), (500, 900), (950, 1350))
    twin = phone.stack(picture)
    assert twin.shape[1] <= phone.WIDEST
    assert twin.shape[0] > 2 * 260
    for value in (0, 10, 50, 90):
        assert inked(twin, value) == inked(picture, value)


def test_the_label_and_ticks_of_an_axis_stay_with_its_panel():
    picture = drawn(1367, (88, 450), (540, 902), (991, 1352))
    for axis, first in enumerate((15, 462, 914)):
        picture[100:200, first : first + 20] = 201 + axis  # its label, and further on its ticks
        picture[100:200, first + 34 : first + 66] = 211 + axis
    twin = phone.stack(picture)
    for axis, panel in enumerate((10, 50, 90)):
        columns = [np.flatnonzero((twin == value).all(2).any(0)) for value in (201 + axis, 211 + axis, panel)]
        rows = [np.flatnonzero((twin == value).all(2).any(1)) for value in (201 + axis, 211 + axis, panel)]
        assert columns[0].max() < columns[1].min() < columns[2].min()
        assert all(rows[2].min() <= row.min() <= row.max() <= rows[2].max() for row in rows)


def test_names_of_rows_are_repeated():
    picture = drawn(1400, (200, 750), (800, 1350))
    picture[100:110, 20:150] = 200  # a word before the panels
    twin = phone.stack(picture)
    assert inked(twin, 200) == 2 * inked(picture, 200)
    assert inked(twin, 50) == inked(picture, 50)


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(drawn(1000, (50, 450), (500, 950)), id="narrow"),
        pytest.param(drawn(1400, (50, 1350)), id="one panel"),
        pytest.param(drawn(1150, (10, 30), (60, 1140)), id="one panel with the label of its axis"),
    ],
)
def test_what_cannot_be_cut_stays_as_it_is(picture):
    assert phone.stack(picture) is None


def test_pages_offer_the_stacked_picture_to_phones(tmp_path):
    (tmp_path / "_images").mkdir()
    (tmp_path / "notebooks").mkdir()
    Image.fromarray(drawn(1400, (50, 680), (720, 1350))).save(tmp_path / "_images" / "two.png")
    Image.fromarray(drawn(1400, (50, 1350))).save(tmp_path / "_images" / "one.png")
    Image.fromarray(drawn(1000, (50, 950))).save(tmp_path / "_images" / "narrow.png")
    names = ("two", "one", "narrow")
    images = {name: f'<img alt="a picture" class="dark-light wide" src="../_images/{name}.png"/>' for name in names}
    other = '<img alt="a picture" class="dark-light" src="../_images/two.png"/>'
    page = tmp_path / "notebooks" / "page.html"
    page.write_text("\n".join([*images.values(), other]))
    phone.write(tmp_path)
    twin = '<source media="(max-width: 600px)" srcset="../_images/two-phone.png">'
    narrow = images["narrow"].replace(" wide", "")
    assert page.read_text() == f"<picture>{twin}{images['two']}</picture>\n{images['one']}\n{narrow}\n{other}"
    with Image.open(tmp_path / "_images" / "two-phone.png") as stacked:
        assert stacked.width <= phone.WIDEST
    assert not (tmp_path / "_images" / "one-phone.png").exists()
