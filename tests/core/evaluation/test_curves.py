import numpy as np
import pytest
from PIL import Image

from sasnet_core.evaluation.curves import Point, by_size, draw, draw_points, draw_trend, fit_trend
from sasnet_core.scoring.log_odds import logistic, logit


def points(slope=0.3, noise=0.0):
    rng = np.random.default_rng(0)
    return [
        Point(size, replicate, float(logistic(slope * np.log10(size) - 0.5 + rng.normal(0, noise))))
        for size in (100, 1000, 10_000)
        for replicate in (1, 2, 3)
    ]


def test_a_line_is_found_and_carried_on():
    trend = fit_trend(points())
    middle, low, high = trend.at([1e6])[:, 0]
    assert middle == pytest.approx(logistic(np.array(1.3)))
    assert low == pytest.approx(middle) and high == pytest.approx(middle), "no noise, no doubt"
    assert trend.size_for(float(middle)) == pytest.approx(1e6)


def test_the_band_covers_95_percent():
    rng = np.random.default_rng(3)
    sizes = rng.choice([100, 1000, 10_000], 200)
    many = [
        Point(int(s), k, float(logistic(1.0 + rng.normal(0, 0.2)))) for k, s in enumerate(sizes)
    ]
    _, low, high = logit(fit_trend(many).at([1000]))[:, 0]
    assert high - low == pytest.approx(2 * 1.96 * 0.2 / np.sqrt(200), rel=0.15)


def test_the_band_widens_with_noise_and_with_distance():
    trend = fit_trend(points(noise=0.1))
    near, far = trend.at([1000, 1e8]).T
    assert near[1] < near[0] < near[2]
    assert far[2] - far[1] > near[2] - near[1]


def test_what_does_not_rise_never_gets_there():
    assert fit_trend(points(slope=-0.3)).size_for(0.9) == np.inf
    assert fit_trend(points()[:3]) is None, "one size has no trend"


def test_sizes_rise_and_gather_their_replicates():
    assert list(by_size(points()[::-1])) == [100, 1000, 10_000]
    assert all(len(group) == 3 for group in by_size(points()).values())


def test_a_picture_is_drawn(tmp_path):
    def decorate(axes):
        draw_points(axes, points())
        draw_trend(axes, fit_trend(points()), [100, 1e6])

    draw(tmp_path / "f.png", decorate)
    with Image.open(tmp_path / "f.png") as image:
        assert image.width > 800 and len(image.convert("RGB").getcolors(10**6)) > 50
