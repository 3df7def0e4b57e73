"""Training the matcher, on made-up sides that a law joins, and the whole script."""

import numpy as np
import pytest

from sasnet_core.compatibility import Compatibility, held_to_strangers, tell
from sasnet_core.complexes import MANIFEST, save_complex
from sasnet_core.config import MatcherConfig
from sasnet_core.errors import DatasetError, SettingError
from sasnet_core.files import write_table
from sasnet_core.fitted import Calibration, Mixture, Smoothing
from sasnet_core.match_training import MatcherSteps, panel_of, train_matcher
from sasnet_core.metrics import auroc
from sasnet_core.weights import MATCHER_FILE, read_info, save_ensemble, save_weights
from tests.core.build import random_complex, tiny_model, tiny_network, write_dataset
from train import calibrate, compatibility
from train.compatibility import check

CONFIG = MatcherConfig(residues=8, hidden=16, width=8, dropout=0.0)


def joined_sides(seed, count, size=6):
    """Make sides whose residues turn with their partner's: what one asks, the other answers."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(count, 1, 1, 1, size))
    noise = rng.normal(scale=0.5, size=(count, 2, 2, CONFIG.residues, size))
    sides = np.broadcast_to(own, (count, 2, 2, CONFIG.residues, size)).copy()
    sides[:, 1] = -sides[:, 1, ..., ::-1]
    return (sides + noise).astype(np.float32)


def test_partners_that_were_not_seen_are_found():
    sides, groups = joined_sides(0, 60), np.arange(60)
    matcher = train_matcher(CONFIG, sides, groups, steps=300, seed=1)
    trained = Compatibility(CONFIG, matcher, panel_of(matcher, sides))
    others = joined_sides(1, 30)
    left, right = (tell(matcher, others[:, side, 0]) for side in (0, 1))
    own = np.eye(30, dtype=bool)
    assert auroc(own, held_to_strangers(left, right, trained.panel)) > 0.8
    assert "30 partners" in check(trained, others)
    untrained = train_matcher(CONFIG, sides, groups, steps=1, seed=1)
    left, right = (tell(untrained, others[:, side, 0]) for side in (0, 1))
    panel = panel_of(untrained, sides)
    assert auroc(own, held_to_strangers(left, right, panel)) < 0.7


def test_no_two_complexes_of_a_step_are_of_one_group():
    groups = np.array([0, 0, 0, 1, 1, 2])
    sides = np.zeros((6, 2, 2, CONFIG.residues, 1), np.float32)
    sides += np.arange(6)[:, None, None, None, None]
    steps = MatcherSteps(sides, groups, 30, seed=0)
    seen = set()
    for step in range(len(steps)):
        (left, right), places = steps[step]
        rows = left[:, 0, 0].astype(int)
        assert rows.tolist() == right[:, 0, 0].astype(int).tolist()
        assert sorted(groups[rows].tolist()) == [0, 1, 2] and places.tolist() == [0, 1, 2]
        seen |= set(rows.tolist())
    assert seen == set(range(6))
    np.testing.assert_array_equal(steps[3][0][0], steps[3][0][0])


@pytest.fixture
def mined(tmp_path):
    items = [random_complex(seed, 12, 11, name=f"c{seed}") for seed in range(6)]
    return write_dataset(tmp_path / "mined", items, ["1-2", "3-3", "4-5", "6-7", "2-8", "9-10"])


@pytest.fixture
def benchmark(tmp_path):
    """Unbound complexes: three of DB4U, two of DB3, one of the test set."""
    rows = []
    for k, split in enumerate(["DB4U"] * 3 + ["DB3"] * 2 + ["DB5U"]):
        item = random_complex(100 + k, 13, 9, name=f"B{k}")
        save_complex(item, tmp_path / "db5" / f"B{k}.npz")
        rows.append({"id": f"B{k}", "state": "unbound", "split": split, "file": f"B{k}.npz"})
    write_table(rows, tmp_path / "db5" / MANIFEST, list(rows[0]))
    return tmp_path / "db5"


@pytest.fixture
def weights(tmp_path):
    save_weights(tmp_path / "w", tiny_network(tiny_model(16)), Calibration())
    return tmp_path / "w"


def test_the_script_trains_checks_and_is_calibrated_with(mined, benchmark, weights, capsys):
    kept = weights.parent / "kept"
    arguments = [str(mined), "--benchmark", str(benchmark), "--weights", str(weights),
                 "--steps", "3", "--kept", str(kept)]  # fmt: skip
    assert compatibility.main(arguments) == 0
    assert "3 unbound complexes of DB4U: 3 partners" in capsys.readouterr().out
    info = read_info(weights)
    assert info.calibration is None
    trained_on = "5 complexes of unlike proteins in 4 groups; panel of 2 complexes of DB3"
    assert info.matcher.trained_on == trained_on
    assert len(list(kept.rglob("*.npy"))) == 5 + 3 + 2
    content = (weights / MATCHER_FILE).read_bytes()
    assert compatibility.main(arguments) == 0
    assert (weights / MATCHER_FILE).read_bytes() == content, "from what was kept, the same"
    again = [str(benchmark), "--split", "DB4U", "--weights", str(weights), "--rotations", "1"]
    assert calibrate.main(again) == 0
    assert read_info(weights).needed_calibration().matcher == info.matcher_sha256


def test_what_cannot_be_trained_on_is_refused(mined, benchmark, weights, tmp_path):
    alike = write_dataset(tmp_path / "alike", [random_complex(0, 8, 8)], ["1-2"])
    options = ["--weights", str(weights), "--benchmark", str(benchmark)]
    with pytest.raises(DatasetError, match="two groups of clusters or more are needed, got 1"):
        compatibility.main([str(alike), *options])
    with pytest.raises(SettingError, match="--steps must be 1 or more, got 0"):
        compatibility.main([str(mined), *options, "--steps", "0"])
    for option in ("--validate-split", "--panel-split"):
        with pytest.raises(SettingError, match="DB5U"):
            compatibility.main([str(mined), *options, option, "DB5U"])
    infos = [read_info(weights)] * 2
    save_ensemble(tmp_path / "e", infos, Mixture((0.5, 0.5)), Smoothing())
    with pytest.raises(SettingError, match="weights of one network are needed"):
        compatibility.main([str(mined), *options, "--weights", str(tmp_path / "e")])
