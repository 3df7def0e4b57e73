"""Ensembles: their folder, and how their members' scores are combined."""

import json
import shutil

import numpy as np
import pytest

from sasnet_core.errors import SettingError, WeightsError
from sasnet_core.fitted import Calibration, Mixture, Smoothing
from sasnet_core.network.weights import save_weights
from sasnet_core.network.weights_folder import read_info
from sasnet_core.network.weights_writing import save_ensemble, write_config, write_fitted
from sasnet_core.scoring import predictor
from sasnet_core.scoring.embedding_cache import EmbeddingCache
from sasnet_core.scoring.memory import Sizes
from sasnet_core.scoring.predictor import load_predictor
from tests.core.build import random_protein, tiny_model, tiny_network

SMOOTHING = Smoothing(width=6.0, sharpness=4.0, share=0.5)
HALVES = Mixture((0.5, 0.5))


@pytest.fixture(scope="module")
def partners():
    return random_protein(1, 9), random_protein(2, 7)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Weights of two networks of different make."""
    root = tmp_path_factory.mktemp("members")
    save_weights(root / "a", tiny_network(tiny_model(16), seed=1))
    save_weights(root / "b", tiny_network(tiny_model(20, context_layers=2), seed=2))
    for name in ("a", "b"):
        write_config(root / name, read_info(root / name).model, Calibration(), SMOOTHING)
    return root / "a", root / "b"


def make(folder, members, mixture=HALVES, smoothing=SMOOTHING):
    save_ensemble(folder, [read_info(member) for member in members], mixture, smoothing)
    return folder


def load(folder):
    return load_predictor(folder, "float32")


def test_an_ensemble_of_one_member_twice_is_the_member(folders, partners, tmp_path):
    member = load(folders[0]).score(*partners, rotations=3)
    twice = load(make(tmp_path / "e", [folders[0], folders[0]])).score(*partners, rotations=3)
    np.testing.assert_allclose(twice.matrix, member.matrix, atol=1e-5)
    np.testing.assert_allclose(twice.spread, member.spread, atol=1e-5)
    np.testing.assert_allclose(twice.left_best[::2], member.left_best, atol=1e-5)


def test_the_order_of_members_does_not_matter(folders, partners, tmp_path):
    one, two = (
        load(make(tmp_path / name, members, Mixture(slopes, -0.3))).score(*partners, rotations=2)
        for name, members, slopes in (("x", folders, (0.7, 0.4)), ("y", folders[::-1], (0.4, 0.7)))
    )
    np.testing.assert_allclose(one.matrix, two.matrix, atol=1e-6)
    np.testing.assert_allclose(one.spread, two.spread, atol=1e-6)


def test_scores_are_the_sigmoid_of_the_members_log_odds(folders, partners, tmp_path):
    folder = make(tmp_path / "e", folders, Mixture((0.7, 0.4), -0.3), Smoothing())
    raw = [next(iter(load(f).rotation_scores(*partners, 1, 0))) for f in folders]
    a, b = (np.log(scores / (1 - scores)) for scores in raw)
    expected = 1 / (1 + np.exp(-(0.7 * a + 0.4 * b - 0.3)))
    np.testing.assert_allclose(load(folder).score(*partners, 1).matrix, expected, atol=1e-5)


def test_the_spread_is_over_members_too(folders, partners, tmp_path):
    folder = make(tmp_path / "e", folders, smoothing=Smoothing())
    scores = load(folder).score(*partners, rotations=3)
    every = [s for f in folders for s in load(f).rotation_scores(*partners, 3, 0)]
    np.testing.assert_allclose(scores.spread, np.std(every, axis=0), atol=1e-5)
    assert load(folder).score(*partners, rotations=1).spread.max() > 1e-3
    assert scores.left_best.shape == (6, 9) and scores.right_best.shape == (6, 7)


def test_swapping_the_partners_transposes_the_scores(folders, partners, tmp_path):
    ensemble = load(make(tmp_path / "e", folders))
    one, two = ensemble.score(*partners, 2), ensemble.score(*partners[::-1], 2)
    np.testing.assert_allclose(one.matrix, two.matrix.T, atol=1e-6)


def test_members_share_a_cache_each_with_its_own_embeddings(
    folders, partners, tmp_path, monkeypatch
):
    folder = make(tmp_path / "e", folders)
    alone, ensemble = load(folder).score(*partners, 2), load(folder)
    uses = {protein.content_hash: 2 for protein in partners}
    with EmbeddingCache(uses, tmp_path, 10**6, 0) as cache:
        ensemble.use_cache(cache)
        ensemble.limit_sizes(Sizes(20**3, 20))
        first = ensemble.score(*partners, 2)
        monkeypatch.setattr(predictor, "build_lattice", None)
        again = ensemble.score(*partners, 2)
    np.testing.assert_array_equal(again.matrix, first.matrix)
    np.testing.assert_allclose(first.matrix, alone.matrix, atol=1e-5)


def test_kept_scores_of_members_serve_the_ensemble(folders, partners, tmp_path, monkeypatch):
    kept = tmp_path / "kept"
    for folder in folders:
        load_predictor(folder, "float32", score_cache=kept).score(*partners, 2)
    ensemble = load_predictor(make(tmp_path / "e", folders), "float32", score_cache=kept)
    monkeypatch.setattr(predictor, "build_lattice", None)
    assert ensemble.score(*partners, 2).matrix.shape == (9, 7)


def test_members_beside_the_ensemble_are_named_others_copied(folders, tmp_path):
    root = tmp_path / "resources"
    shutil.copytree(folders[0], root / "default")
    make(root / "best", [root / "default", folders[1]])
    assert sorted(p.name for p in (root / "best").rglob("*")) == [
        "config.json", "config.json", "member2", "weights.npz",
    ]  # fmt: skip
    info = read_info(root / "best")
    assert [m.folder.resolve().name for m in info.members] == ["default", "member2"]
    assert info.model is None and info.smoothing == SMOOTHING and info.calibration is None
    assert json.dumps(info.sizes()), "plain values"


def test_what_is_fitted_for_an_ensemble_is_kept_with_it(folders, tmp_path):
    folder = make(tmp_path / "e", folders)
    before = read_info(folder)
    write_fitted(before, Calibration(slope=1.5, intercept=-2.0), Smoothing())
    after = read_info(folder)
    assert (
        after.calibration == Calibration(slope=1.5, intercept=-2.0)
        and after.smoothing == Smoothing()
    )
    assert (after.sha256, after.mixture) == (before.sha256, before.mixture)


def change(folder, **values):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda e: change(e / "member1", model={"edge": 3}), "settings of this sasnet"),
        (lambda e: (e / "member2" / "weights.npz").write_bytes(b"x"), "sha256 must be"),
        (lambda e: (e / "member2" / "weights.npz").unlink(), "weights.npz is missing"),
        (lambda e: shutil.copytree(e / "member1", e / "member2", dirs_exist_ok=True), "member2"),
        (lambda e: change(e, mixture={"slopes": [0.5, 0.6]}), "members and mixture must have"),
        (lambda e: change(e, mixture={"slopes": []}), "together over 0"),
        (lambda e: change(e, mixture={"slopes": [-0.5, 0.4]}), "together over 0"),
        (lambda e: change(e, members=[]), "members and mixture must have"),
        (lambda e: change(e, members=[{"folder": ".", "sha256": "x"}]), "must be one network"),
    ],
)
def test_an_ensemble_that_does_not_fit_is_refused(folders, tmp_path, harm, message):
    folder = make(tmp_path / "e", folders)
    read_info(folder)
    harm(folder)
    with pytest.raises(WeightsError, match=message) as caught:
        load(folder)
    assert "\n" not in str(caught.value)


def test_an_ensemble_is_no_member(folders, tmp_path):
    inner = make(tmp_path / "e", folders)
    with pytest.raises(WeightsError, match="must be one network"):
        make(tmp_path / "outer", [inner, folders[0]])


def test_shipped_weights_are_found_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_info("default").model is not None
    shutil.copytree(read_info("default").folder, tmp_path / "default")
    assert read_info("default").folder.resolve() == tmp_path / "default"
    with pytest.raises(WeightsError, match="no_such_weights"):
        read_info("no_such_weights")


def test_best_is_complex_only_and_networks_on_graphs():
    best, plain = read_info("best"), read_info("complex-only")
    assert best.network_sha256 == plain.sha256 and best.graph is not None
    assert best.smoothing == plain.smoothing
    assert best.needed_calibration() != plain.needed_calibration()
    assert sum(path.stat().st_size for path in best.folder.iterdir()) < 40e6


def test_rotations_must_be_one_or_more(folders, partners, tmp_path):
    with pytest.raises(SettingError, match="rotations"):
        load(make(tmp_path / "e", folders)).score(*partners, rotations=0)
