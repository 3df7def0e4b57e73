from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.errors import SettingError, WeightsError
from sasnet_core.network import lattice_tower, pair_head
from sasnet_core.network.lattice import fit_together, random_pose, tiles
from sasnet_core.network.voxels import surfacelet
from sasnet_core.scoring import predictor as predictor_module
from sasnet_core.scoring.embedding_cache import EmbeddingCache
from sasnet_core.scoring.memory import Sizes
from sasnet_core.scoring.predictor import UNTRACED, Predictor, load_predictor
from sasnet_core.structure.rotations import random_rotation
from tests.core.build import moved, random_protein, tiny_model, tiny_network


@pytest.fixture(scope="module", params=[0, 2], ids=["paper", "context"])
def predictor(request):
    return Predictor(tiny_network(tiny_model(16, context_layers=request.param)))


@pytest.fixture(scope="module")
def partners():
    return random_protein(1, 9), random_protein(2, 7)


def test_scores_are_probabilities_of_every_pair(predictor, partners):
    scores = predictor.score(*partners, rotations=3)
    assert scores.matrix.shape == scores.spread.shape == (9, 7)
    assert scores.matrix.dtype == scores.spread.dtype == np.float32
    assert scores.matrix.min() > 0 and scores.matrix.max() < 1
    assert scores.matrix.std() > 1e-3, "a dead network scores all pairs alike"


def test_mean_and_spread_are_over_rotations(predictor, partners):
    single = np.stack(list(predictor.rotation_scores(*partners, rotations=4, seed=0)))
    scores = predictor.score(*partners, rotations=4)
    np.testing.assert_allclose(scores.matrix, single.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(scores.spread, single.std(axis=0), atol=1e-5)
    np.testing.assert_array_equal(scores.left_best, single.max(axis=2))
    np.testing.assert_array_equal(scores.right_best, single.max(axis=1))
    assert scores.spread.max() > 1e-4


def test_one_rotation_has_no_spread(predictor, partners):
    assert not predictor.score(*partners, rotations=1).spread.any()


def test_swapping_the_partners_transposes_the_scores(predictor, partners):
    left, right = partners
    one, two = predictor.score(left, right, 3), predictor.score(right, left, 3)
    np.testing.assert_allclose(one.matrix, two.matrix.T, atol=1e-6)
    np.testing.assert_allclose(one.spread, two.spread.T, atol=1e-5)
    np.testing.assert_allclose(one.left_best, two.right_best, atol=1e-6)


def test_both_orders_of_the_head_are_averaged(predictor, partners):
    embeddings = [predictor.embed(p, np.random.default_rng(k)) for k, p in enumerate(partners)]
    left, right = (np.asarray(e) for e in embeddings)
    first = np.repeat(left, len(right), axis=0)
    second = np.tile(right, (len(left), 1))
    logits = [
        np.asarray(predictor.network.head(pair)) for pair in ([first, second], [second, first])
    ]
    expected = np.mean([1 / (1 + np.exp(-logit)) for logit in logits], axis=0).reshape(9, 7)
    np.testing.assert_allclose(predictor.score_embeddings(*embeddings), expected, atol=1e-5)


def test_blocks_of_pairs_make_no_difference(predictor, partners, monkeypatch):
    whole = predictor.score(*partners, rotations=1).matrix
    monkeypatch.setattr(pair_head, "PAIR_BLOCK", 20)
    monkeypatch.setattr(pair_head, "PAIR_UNIT", 4)
    monkeypatch.setattr(predictor_module, "PAIRS_LISTED", 50)
    blocks = Predictor(predictor.network).score(*partners, rotations=1).matrix
    np.testing.assert_allclose(blocks, whole, atol=1e-6)


def test_the_same_seed_gives_the_same_scores_and_another_seed_others(predictor, partners):
    first, again, other = (predictor.score(*partners, 2, seed).matrix for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-4


def test_more_rotations_begin_with_those_of_fewer(predictor, partners):
    few = list(predictor.rotation_scores(*partners, rotations=2, seed=0))
    more = list(predictor.rotation_scores(*partners, rotations=3, seed=0))
    np.testing.assert_allclose(few, more[:2], atol=1e-6)


def test_turning_and_moving_one_partner_changes_no_more_than_the_spread(predictor):
    left, right = random_protein(1, 20), random_protein(2, 20)
    rotations = 8
    before = predictor.score(left, right, rotations)
    turned = moved(right, random_rotation(np.random.default_rng(7)), (100.0, -30.0, 5.0))
    after = predictor.score(left, turned, rotations)
    errors = np.sqrt((before.spread**2 + after.spread**2) / (rotations - 1))
    z = (after.matrix - before.matrix) / np.maximum(errors, 1e-4)
    assert before.spread.mean() > 1e-4
    assert np.sqrt((z**2).mean()) < 2


def test_partners_share_no_rotation(predictor, partners, monkeypatch):
    poses = []

    def remember(rng):
        poses.append(draw(rng))
        return poses[-1]

    draw = predictor_module.random_pose
    monkeypatch.setattr(predictor_module, "random_pose", remember)
    predictor.score(*partners, rotations=3)
    rotations = np.stack([pose.rotation for pose in poses])
    assert len(np.unique(rotations.round(6), axis=0)) == 6


def test_each_residue_is_embedded_once_a_rotation(predictor, partners, monkeypatch):
    embedded = []

    def count(protein, *arguments, **named):
        lattice = build(protein, *arguments, **named)
        embedded.append(len(lattice.windows))
        return lattice

    build = predictor_module.build_lattice
    monkeypatch.setattr(predictor_module, "build_lattice", count)
    predictor.score(*partners, rotations=5)
    assert sorted(embedded) == [7] * 5 + [9] * 5


@pytest.mark.parametrize(
    ("voxels", "fit", "calls"), [(10**6, True, 1), (10**6, False, 2), (1, False, 16)]
)
def test_small_partners_share_a_call_of_the_tower(partners, monkeypatch, voxels, fit, calls):
    predictor = Predictor(tiny_network(tiny_model(16)))
    expected = predictor.score(*partners, rotations=1).matrix
    residues = []
    run = predictor._run_lattice
    monkeypatch.setattr(
        predictor, "_run_lattice", lambda arrays: residues.append(len(arrays[-2])) or run(arrays)
    )
    monkeypatch.setattr(
        predictor_module, "fit_together", lambda *sizes: fit and fit_together(*sizes)
    )
    predictor.limit_sizes(Sizes(voxels, 10**6))
    scores = predictor.score(*partners, rotations=1)
    np.testing.assert_allclose(scores.matrix, expected, atol=1e-5)
    assert len(residues) == calls and sum(residues) == 16


def test_progress_is_told_after_each_rotation(predictor, partners):
    told = []
    predictor.score(*partners, rotations=3, progress=told.append)
    assert told == [1, 2, 3]


def test_loaded_weights_score_like_the_network_they_came_from(weights_folder, partners):
    model = tiny_model()
    loaded = load_predictor(weights_folder).score(*partners, rotations=2).matrix
    direct = Predictor(tiny_network(model)).score(*partners, rotations=2).matrix
    np.testing.assert_allclose(loaded, direct, atol=0.01)


def test_a_folder_without_weights_is_refused(tmp_path):
    with pytest.raises(WeightsError):
        load_predictor(tmp_path)


@given(seed=st.integers(0, 999), voxels=st.sampled_from([1, 6000, 9000]))
def test_tiles_make_no_difference(predictor, seed, voxels):
    protein = random_protein(seed, 25)
    whole = np.asarray(predictor.embed(protein, np.random.default_rng(seed)))
    counts = []

    def cut(*arguments):
        counts.append(len(tiles(*arguments)))
        return tiles(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictor_module, "tiles", cut)
        patch.setattr(predictor, "_sizes", Sizes(voxels, 10**6))
        tiled = np.asarray(predictor.embed(protein, np.random.default_rng(seed)))
    assert counts[0] > 1
    np.testing.assert_allclose(tiled, whole, rtol=2e-4, atol=2e-4)
    assert whole.std(axis=0).max() > 1e-3


@pytest.mark.parametrize("block", [7, 100])
def test_blocks_of_rows_and_residues_make_no_difference(partners, monkeypatch, block):
    network = tiny_network(tiny_model(16))
    whole = np.asarray(Predictor(network).embed(partners[0], np.random.default_rng(0)))
    for name, value in (
        ("ROW_BLOCK", block),
        ("ROW_UNIT", block // 3),
        ("RESIDUE_BLOCK", block // 2),
    ):
        monkeypatch.setattr(lattice_tower, name, value)
    blocks = np.asarray(Predictor(network).embed(partners[0], np.random.default_rng(0)))
    np.testing.assert_allclose(blocks, whole, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("edge", [16, 20, 23])
def test_the_windows_engine_is_the_tower_on_each_residues_surfacelet(partners, edge, monkeypatch):
    monkeypatch.setattr(predictor_module, "WINDOW_BLOCK", 4)  # 9 residues: blocks of 3
    network, protein = tiny_network(tiny_model(edge)), partners[0]
    found = Predictor(network, engine="windows").embed(protein, np.random.default_rng(5))
    pose = random_pose(np.random.default_rng(5))
    turned = moved(protein, pose.rotation)
    edge_read = network.config.edge_read
    grids = np.stack([surfacelet(turned, row, edge_read) for row in range(9)])
    expected = np.asarray(network.tower(grids))
    np.testing.assert_allclose(np.asarray(found), expected, rtol=2e-4, atol=2e-4)
    assert expected.std(axis=0).max() > 1e-3


def test_both_engines_agree_on_average(partners):
    network = tiny_network(tiny_model(20))
    means = {
        engine: Predictor(network, engine=engine).score(*partners, rotations=40)
        for engine in ("lattice", "windows")
    }
    one, two = means["lattice"], means["windows"]
    errors = np.sqrt((one.spread**2 + two.spread**2) / 40)
    assert one.spread.mean() > 1e-4
    assert np.sqrt((((one.matrix - two.matrix) / np.maximum(errors, 1e-4)) ** 2).mean()) < 2


def test_another_engine_is_refused(predictor):
    with pytest.raises(SettingError, match="engine must be one of lattice, windows"):
        Predictor(predictor.network, engine="steam")


@pytest.mark.parametrize("engine", ["lattice", "windows"])
def test_proteins_of_all_sizes_trace_each_function_once(engine):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("other backends trace nothing here")
    predictor = Predictor(tiny_network(tiny_model(16, context_layers=2)), engine=engine)
    for number in range(12):
        left, right = (
            random_protein(number, 3 + 7 * number),
            random_protein(50 + number, 90 - number),
        )
        predictor.score(left, right, rotations=1)
    traced = {
        name: getattr(predictor, name).traces
        for name in ("_run_lattice", "_run_windows", "_run_context", "_score_pairs")
    }
    assert traced.pop("_run_windows" if engine == "lattice" else "_run_lattice") == 0
    assert set(traced.values()) == {1}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_first_rotation_is_not_traced_and_says_the_same(dtype):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("other backends trace nothing here")
    config = replace(tiny_model(16, context_layers=2), normalization="layer", head_sizes=(32, 32))
    predictor = Predictor(tiny_network(config, dtype=dtype))
    partners = random_protein(1, 80), random_protein(2, 70)
    functions = predictor._run_lattice, predictor._run_context, predictor._score_pairs
    first, *later = (predictor.score(*partners, rotations=1).matrix for _ in range(UNTRACED + 1))
    assert [function.traces for function in functions] == [1, 1, 1]
    for matrix in later:
        np.testing.assert_array_equal(matrix, first)
    fresh = Predictor(predictor.network)
    fresh.score(*partners, rotations=1)
    assert [fresh._run_lattice.traces, fresh._run_context.traces, fresh._score_pairs.traces] == [
        0,
        0,
        0,
    ]
    assert first.std() > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dtype", "counts"),
    [
        ("bfloat16", (1, 0, 3)),
        ("float32", (1, 2)),
        pytest.param("float32", (1, 0, 2, 3), marks=pytest.mark.sweep),
    ],
)
def test_how_many_rotations_are_computed_at_once_changes_no_bit(dtype, counts):
    config = replace(tiny_model(16, context_layers=2), normalization="layer", head_sizes=(32, 32))
    network = tiny_network(config, dtype=dtype)
    partners = random_protein(1, 80), random_protein(2, 70)
    one, *others = (
        list(Predictor(network, at_once=count).rotation_scores(*partners, UNTRACED + 6, 0))
        for count in counts
    )
    for other in others:
        np.testing.assert_array_equal(other, one)


@pytest.mark.parametrize(
    ("dtype", "memory"),
    [
        ("float32", 0),
        ("bfloat16", 10**6),
        pytest.param("float32", 10**6, marks=pytest.mark.sweep),
        pytest.param("bfloat16", 0, marks=pytest.mark.sweep),
    ],
)
def test_embeddings_on_the_shelf_change_no_bit_and_are_made_once(
    tmp_path, monkeypatch, dtype, memory
):
    network = tiny_network(tiny_model(16, context_layers=1), dtype=dtype)
    hub, others = random_protein(1, 30), [random_protein(k, 20) for k in (2, 3, 4)]
    alone = [Predictor(network).score(hub, other, rotations=3) for other in others]
    embedded = []

    def count(protein, *arguments, **named):
        embedded.append(protein.n_residues)
        return build(protein, *arguments, **named)

    build = predictor_module.build_lattice
    monkeypatch.setattr(predictor_module, "build_lattice", count)
    predictor, uses = Predictor(network), {hub.content_hash: 3}
    with EmbeddingCache(uses, tmp_path, memory, 10**6) as cache:
        predictor.use_cache(cache)
        together = [predictor.score(hub, other, rotations=3) for other in others]
        assert bool(cache.bytes_on_disk) == (memory == 0)
    assert sorted(embedded) == 9 * [20] + 3 * [30]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.matrix, other.matrix)
        np.testing.assert_array_equal(one.spread, other.spread)


def test_a_protein_with_itself_has_embeddings_of_two_poses_on_the_shelf(tmp_path):
    network, protein = tiny_network(tiny_model(16)), random_protein(1, 20)
    alone = Predictor(network).score(protein, protein, rotations=2).matrix
    predictor = Predictor(network)
    with EmbeddingCache({protein.content_hash: 2}, tmp_path, 10**6, 0) as cache:
        predictor.use_cache(cache)
        for _ in range(2):
            again = predictor.score(protein, protein, rotations=2).matrix
            np.testing.assert_array_equal(again, alone)
