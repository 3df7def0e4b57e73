import itertools

import numpy as np
import pytest

from sasnet_core.results.colours import (
    SCALE,
    SPECTRUM_STEPS,
    scale_colour,
    scale_to,
    scale_top,
    spectrum_colours,
)


def test_the_even_steps_meet_every_stop_of_the_scale():
    colours = list(spectrum_colours().values())
    assert len(colours) == SPECTRUM_STEPS + 1
    for stop, *rgb in SCALE:
        assert colours[round(stop * SPECTRUM_STEPS)] == pytest.approx(rgb, abs=1e-4)


def test_the_scale_gets_darker_from_where_residues_begin_to_be_likely():
    lightness = [np.dot(rgb, (0.2126, 0.7152, 0.0722)) for stop, *rgb in SCALE if stop >= 0.2]
    assert all(one > other for one, other in itertools.pairwise(lightness))


@pytest.mark.parametrize(
    ("highest", "top"), [(0.02, 0.3), (0.3, 0.3), (0.31, 0.4), (0.58, 0.6), (0.6, 0.6), (1, 1)]
)
def test_the_scale_ends_above_the_highest_probability(highest, top):
    assert scale_top([0.01, highest, 0]) == top


def test_a_scale_that_ends_lower_keeps_its_colours():
    stops = scale_to(0.6)
    assert [stop for stop, *_ in stops] == [0, 0.12, 0.24, 0.36, 0.6]
    assert [rgb for _, *rgb in stops] == [rgb for _, *rgb in SCALE]
    assert scale_colour(1.0) == tuple(round(255 * value) for value in SCALE[-1][1:])
