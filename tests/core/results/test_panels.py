import numpy as np
import PIL.Image
import pytest

from sasnet_core.results.panels import (
    PATCH_COLOUR,
    TOUCHING,
    TOUCHING_COLOUR,
    Legend,
    compose,
    outlined,
)


@pytest.fixture
def grey():
    return PIL.Image.new("RGB", (200, 160), (150, 150, 150))


def has(image, colour):
    """Return where an image has a colour, shape (height, width)."""
    return (np.asarray(image) == colour).all(axis=2)


def test_a_patch_is_outlined_and_numbered(grey):
    mask = np.zeros((160, 200), int)
    mask[40:120, 50:150] = 2
    drawn = outlined(grey, mask, [1, 2])
    line = has(drawn, PATCH_COLOUR)
    assert line[60:100, 48:53].any(axis=1).all() and line[38:43, 70:130].any(axis=0).all()
    assert not line[45:115, 60:140].any() and not line[:35].any()
    assert has(drawn, (255, 255, 255))[70:90, 90:110].any()  # around the number
    assert np.asarray(grey).std() == 0


def test_what_touches_is_outlined_under_the_patch(grey):
    mask = np.zeros((160, 200), int)
    mask[40:120, 50:150] = 1
    mask[:, 100:] += TOUCHING
    drawn = outlined(grey, mask, [1])
    assert has(drawn, TOUCHING_COLOUR)[60:70, 97:103].any(axis=1).all()
    assert has(drawn, PATCH_COLOUR)[60:70, 48:53].any(axis=1).all()
    assert not has(drawn, PATCH_COLOUR)[60:70, 95:105].any()


def test_specks_and_panels_without_mask_stay_as_they_are(grey):
    mask = np.zeros((160, 200), int)
    mask[50:54, 50:54] = 1
    for nothing in (mask, np.zeros((0, 0), int)):
        assert np.array_equal(outlined(grey, nothing, [1]), grey)


def test_panels_of_one_height_stand_in_a_row_over_the_legend(grey):
    small = PIL.Image.new("RGB", (60, 40), (10, 200, 10))
    empty = np.zeros((0, 0), int)
    panels = [(grey, empty, "one\nline more", ()), (grey, empty, "two", ())]
    alone = compose(panels)
    below = [(small, empty, "a title too long for its panel", ())]
    picture = compose(panels + below, Legend(0.6, 0.58, 0.24, True))
    assert alone.width >= 400 and alone.height > 160
    assert picture.height > alone.height + 40
    rows, columns = np.nonzero(has(picture, (10, 200, 10)))
    assert rows.min() >= alone.height and len(rows) == 60 * 40
    assert abs(columns.mean() - picture.width / 2) < 2


@pytest.mark.parametrize("known", [False, True])
def test_the_legend_has_the_blue_line_where_truth_is_known(grey, known):
    empty = np.zeros((0, 0), int)
    picture = compose([(grey, empty, "", ())], Legend(1.0, 0.97, 0.5, known))
    assert has(picture, TOUCHING_COLOUR).any() == known
