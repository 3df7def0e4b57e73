"""The matcher: how well two proteins match, held to strangers."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from sasnet_core.compatibility import (
    Compatibility,
    build_matcher,
    held_to_strangers,
    likeliest,
    load_compatibility,
    make_panel,
    match,
    save_compatibility,
)
from sasnet_core.config import MatcherConfig
from sasnet_core.errors import SettingError, WeightsError
from sasnet_core.fitted import Calibration, Mixture, Smoothing
from sasnet_core.predict import Predictor, load_predictor
from sasnet_core.weights import (
    MATCHER_FILE,
    read_info,
    save_ensemble,
    save_weights,
    write_fitted,
)
from tests.core.build import random_protein, tiny_model, tiny_network

CONFIG = MatcherConfig(residues=6, hidden=8, width=4)


def random_sides(seed, count, config=CONFIG):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, config.residues, 2 * config.width)).astype(np.float32)


def random_compatibility(head_input, seed=0):
    matcher = build_matcher(CONFIG, head_input)
    rng = np.random.default_rng(seed)
    for variable in matcher.weights:
        variable.assign(rng.normal(size=variable.shape) / 2)
    return Compatibility(
        CONFIG, matcher, make_panel(random_sides(seed, 12), np.eye(12, dtype=bool))
    )


def save(folder, seed=0):
    model = tiny_model(16)
    save_weights(folder, tiny_network(model, seed), Calibration())
    save_compatibility(read_info(folder), random_compatibility(model.head_input, seed))
    return folder


@pytest.fixture
def folder(tmp_path):
    return save(tmp_path / "w")


@pytest.fixture(scope="module")
def partners():
    return random_protein(1, 9), random_protein(2, 7)


def plain_match(left, right):
    """Match two sides residue by residue."""
    width = left.shape[-1] // 2
    total = 0.0
    for one, other in ((left[:, :width], right[:, width:]), (left[:, width:], right[:, :width])):
        products = np.array([[a @ b / np.sqrt(width) for b in other] for a in one])
        for table in (products, products.T):
            total += np.mean([np.log(np.exp(row).sum()) for row in table])
    return total


def test_matching_is_what_it_says_and_has_no_order():
    one, two = random_sides(0, 3), random_sides(1, 4)
    found = match(one, two)
    expected = [[plain_match(a, b) for b in two] for a in one]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    np.testing.assert_allclose(match(two, one), found.T, rtol=1e-5)
    np.testing.assert_allclose(np.asarray(match(one, two, ops)), found, rtol=1e-5)


@given(st.integers(1, 30), st.integers(1, 12), st.integers(0, 5))
def test_the_likeliest_residues_come_first_and_again_where_there_are_few(size, count, seed):
    best = np.random.default_rng(seed).random(size)
    found = likeliest(np.arange(size)[:, None], best, count)
    assert found.shape == (count, 1) and found.dtype == np.float32
    expected = sorted(range(size), key=lambda row: -best[row])
    assert found[:, 0].tolist() == [expected[k % size] for k in range(count)]


def test_strangers_of_the_panel_have_mean_0_and_deviation_1():
    sides = random_sides(3, 40)
    own = np.eye(40, dtype=bool)
    found = held_to_strangers(sides, sides, make_panel(sides, own))[~own]
    assert abs(found.mean()) < 0.5 and found.std() == pytest.approx(1.0, abs=0.1)


def test_a_side_that_matches_everybody_gains_nothing():
    """One number more that is alike in all answers raises every match alike."""
    panel = make_panel(random_sides(3, 40), np.eye(40, dtype=bool))
    left, right = random_sides(4, 5), random_sides(5, 5)
    plain = held_to_strangers(left, right, panel)
    width = CONFIG.width
    sides = [np.concatenate([s[..., :width], s[..., width:]], -1) for s in (left, right)]
    raised = np.insert(sides[0], [width, 2 * width], 1.0, axis=-1)
    same = np.insert(sides[1], [width, 2 * width], 2.0, axis=-1)
    others = np.insert(panel.sides, [width, 2 * width], 2.0, axis=-1)
    scale = np.sqrt((width + 1) / width)  # products are divided by the root of the width
    wider = type(panel)(others * np.sqrt(scale), 0.0, panel.deviation)
    found = held_to_strangers(raised * np.sqrt(scale), same * np.sqrt(scale), wider)
    difference = found - plain
    np.testing.assert_allclose(difference, difference[0, 0], atol=1e-3)


def test_a_predictor_averages_over_rotations_and_swapping_changes_nothing(partners):
    network = tiny_network(tiny_model(16, context_layers=1))
    compatibility = random_compatibility(network.config.head_input)
    predictor = Predictor(network, compatibility=compatibility)
    single = [one.compatibility for one in predictor.rotation_scores(*partners, 4, 0)]
    assert len(set(single)) == 4
    together = predictor.score(*partners, 4).compatibility
    assert together == pytest.approx(np.mean(single))
    assert predictor.score(*partners[::-1], 4).compatibility == pytest.approx(together, abs=1e-4)
    assert Predictor(network).score(*partners, 2).compatibility is None


def test_only_the_residues_that_are_likeliest_count():
    compatibility = random_compatibility(5)
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(20, 5)), rng.normal(size=(15, 5))
    matrix = rng.random((20, 15)) / 2
    matrix[:6] += 0.4
    found = compatibility([left, right], matrix)
    changed = left.copy()
    changed[6:] += 1.0
    assert compatibility([changed, right], matrix) == found
    changed[0] += 1.0
    assert compatibility([changed, right], matrix) != found


def test_a_matcher_comes_back_with_its_weights(folder, partners):
    info = read_info(folder)
    assert info.matcher == CONFIG and info.calibration is None
    model = info.model
    before, after = random_compatibility(model.head_input), load_compatibility(info)
    rng = np.random.default_rng(0)
    rows = [rng.normal(size=(n, model.head_input)) for n in (9, 7)]
    matrix = rng.random((9, 7))
    assert after(rows, matrix) == pytest.approx(before(rows, matrix), abs=0.05)
    assert load_predictor(folder, "float32").score(*partners, 1).compatibility is not None


def test_kept_scores_hold_it_and_are_those_of_this_matcher(folder, partners, tmp_path):
    kept = tmp_path / "kept"
    first = load_predictor(folder, "float32", kept=kept).score(*partners, 2).compatibility
    again = load_predictor(folder, "float32", kept=kept).score(*partners, 2).compatibility
    assert again == first
    info = read_info(folder)
    save_compatibility(info, random_compatibility(info.model.head_input, seed=5))
    other = load_predictor(folder, "float32", kept=kept).score(*partners, 2).compatibility
    assert other != first


def refused(call):
    with pytest.raises(WeightsError) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_missing_or_changed_matcher_is_refused(folder):
    path = folder / MATCHER_FILE
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"x")
    assert f"{path}: sha256 must be" in refused(lambda: read_info(folder))
    path.unlink()
    assert "matcher.npz is missing" in refused(lambda: read_info(folder))


def test_a_matcher_of_other_sizes_is_refused(folder):
    config = json.loads((folder / "config.json").read_text())
    config["matcher"]["hidden"] = 9
    (folder / "config.json").write_text(json.dumps(config))
    assert "must have shape" in refused(lambda: load_predictor(folder))


def test_a_calibration_is_refused_with_another_matcher(folder):
    info = read_info(folder)
    write_fitted(
        info, Calibration(compatibility_slope=1.0, matcher=info.matcher_sha256), Smoothing()
    )
    assert read_info(folder).needed_calibration().compatibility_slope == 1.0
    values = json.loads((folder / "config.json").read_text())
    del values["matcher"]
    (folder / "config.json").write_text(json.dumps(values))
    message = refused(read_info(folder).needed_calibration)
    assert f"needs the matcher {info.matcher_sha256[:12]}..., here is none" in message


def test_an_ensemble_takes_the_mean_of_its_members_matchers(partners, tmp_path):
    folders = [save(tmp_path / name, seed) for name, seed in (("a", 1), ("b", 2))]
    infos = [read_info(folder) for folder in folders]
    ensemble = save_ensemble(tmp_path / "sub" / "e", infos, Mixture((0.5, 0.5)), Smoothing())
    assert ensemble.matcher_sha256 and (tmp_path / "sub" / "e" / "member1" / MATCHER_FILE).exists()
    single = [load_predictor(f, "float32").score(*partners, 2).compatibility for f in folders]
    found = load_predictor(ensemble.folder, "float32").score(*partners, 2).compatibility
    assert found == pytest.approx(np.mean(single), abs=1e-4)


def test_an_ensemble_without_a_matcher_in_every_member_tells_nothing(partners, tmp_path):
    save_weights(tmp_path / "b", tiny_network(tiny_model(16), 3))
    infos = [read_info(f) for f in (save(tmp_path / "a"), tmp_path / "b")]
    ensemble = save_ensemble(tmp_path / "e", infos, Mixture((0.5, 0.5)), Smoothing())
    assert not ensemble.matcher_sha256
    assert load_predictor(ensemble.folder, "float32").score(*partners, 1).compatibility is None


def test_settings_out_of_range_are_refused():
    with pytest.raises(SettingError, match="residues must be a whole number of 1 or more, got 0"):
        MatcherConfig(residues=0)


def test_probabilities_between_two_proteins_fall_with_how_little_they_match():
    calibration = Calibration(compatibility_slope=2.0, compatibility_intercept=-1.0)
    assert calibration.partner_probability(0.5) == pytest.approx(0.5)
    assert calibration.shift(0.5) == pytest.approx(np.log(0.5))
    between = calibration.between(0.5)
    assert between.intercept == between.pair_intercept == pytest.approx(np.log(0.5))
    assert between.between(0.5) == between, "it is counted once"
    assert calibration.shift(-3.0) < calibration.shift(3.0) < 0.0
    assert calibration.partner_probability(None) is None and calibration.shift(None) == 0.0
