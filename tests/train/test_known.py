import numpy as np
import pytest

from sasnet_core.fitted import Calibration, Smoothing
from tests.core.build import random_complex
from train.known import outcomes, report


@pytest.mark.parametrize("exclude", [False, True])
def test_the_known_residue_itself_does_not_count(exclude):
    item = random_complex(seed=3)
    raw = np.full((item.left.n_residues, item.right.n_residues), 0.1, np.float32)
    rng = np.random.default_rng(0)
    found = list(outcomes(item, raw, Smoothing(), Calibration(), exclude, rng))
    sizes = [tuple(len(part) for part in one.labels) for one in found]
    left, right = raw.shape
    assert sizes == [(left - 1, right), (right - 1, left)]
    assert all((one.nearness < 0).all() for one in found)
    changed = [not np.allclose(one.before[0], one.after[0]) for one in found]
    assert all(changed)
    assert len(report(found)) == 4
