import numpy as np
import pytest

from sasnet_core.evaluation.patch_fit import (
    ComplexPatches,
    SidePatches,
    collect_patches,
    fit_law,
    fit_sizes,
    held_out_outcomes,
    interface_sizes,
    outcomes,
)
from sasnet_core.fitted import Calibration, PatchLaw
from sasnet_core.metrics import calibration_error
from sasnet_core.scoring.log_odds import logistic
from sasnet_core.scoring.patches import chances, touch_chances
from tests.core.build import random_complex

LAW = PatchLaw(chance_own=1.5, chance_rival=-0.8, touch_slope=0.4, touch_intercept=-0.5)


def made(count, seed=0):
    """Make complexes whose patches are right and touch with the chances of `LAW`."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        means = [np.sort(logistic(rng.normal(-0.7, 1, 4)))[::-1] for _ in range(2)]
        sides = [chances(side.tolist(), LAW)[0] for side in means]
        right = [rng.random(4) < side for side in sides]
        shares = [np.where(side, 0.8, 0.1) for side in right]
        touching = rng.random((4, 4)) < touch_chances(*sides, LAW)
        left, other = (SidePatches(*side) for side in zip(means, shares, strict=True))
        found.append(ComplexPatches(left, other, touching))
    return found


def test_the_law_that_made_the_outcomes_is_found():
    law = fit_law(made(3000))
    assert law.chance_own == pytest.approx(1.5, abs=0.1)
    assert law.chance_rival == pytest.approx(-0.8, abs=0.1)
    assert law.touch_slope == pytest.approx(0.4, abs=0.05)
    assert law.patches == 24_000


def test_chances_of_complexes_left_out_are_calibrated():
    found = held_out_outcomes(made(300))
    assert calibration_error(found.right, found.chance, 8) < 0.04
    assert calibration_error(found.touching, found.pair_chance, 8) < 0.04
    assert found.share.mean() == pytest.approx(found.found.mean(), abs=0.02)


def test_a_complex_is_left_out_of_the_fit_for_it():
    first, second = made(2)
    found = held_out_outcomes([first, second])
    own = outcomes([first], fit_law([second]))
    np.testing.assert_array_equal(found.chance[:8], own.chance)
    assert own.rank.tolist() == [1, 2, 3, 4] * 2
    assert own.pair_rank.reshape(4, 4)[1].tolist() == [2, 2, 3, 4]


def test_patches_are_compared_with_the_interface():
    item = random_complex(0, 30, 30)
    matrix = np.where(item.labels(), 0.9, 0.1)
    found = collect_patches(item, matrix, Calibration())
    truth = item.labels().any(axis=1).mean()
    assert found.left.shares[0] > truth
    assert found.touching.shape == (len(found.left.means), len(found.right.means))
    assert found.touching[0, 0]


def test_the_sizes_of_interfaces_are_counted_and_their_law_found():
    table = interface_sizes([random_complex(0, 20, 10)])
    assert table[:, :2].tolist() == [[20, 10], [10, 20]] and (table[:, 2] > 0).all()
    own, partner = np.random.default_rng(0).integers(50, 500, (2, 200))
    made = np.exp(1.2) * own**0.2 * partner**0.1
    coefficients, residual = fit_sizes(np.stack([own, partner, made], axis=1))
    assert coefficients == pytest.approx((1.2, 0.2, 0.1), abs=1e-3) and residual < 1e-6
