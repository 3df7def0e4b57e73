"""The order of training: which complexes a round shows, and how often."""

import shutil
from collections import Counter

import pytest

from sasnet_core.dataset.complexes import MANIFEST
from sasnet_core.errors import DatasetError, SettingError
from sasnet_core.files import write_table
from sasnet_core.training.stream import ComplexStream, Source, training_sources
from tests.core.build import random_complex, table, write_benchmark, write_dataset


@pytest.fixture
def mined(tmp_path):
    complexes = [random_complex(seed, name=f"pair{seed}") for seed in range(4)]
    return write_dataset(tmp_path / "mined", complexes, ["4-4", "4-7", "9-12", "9-12"])


@pytest.fixture
def benchmark(tmp_path):
    """Make a benchmark of two complexes; one is of the test set."""
    return write_benchmark(tmp_path / "db5", {"4-4": "DB3", "2ABC": "DB5U"})


def visits(stream, rounds=1):
    return Counter(stream.complex_at(place).name for place in range(rounds * len(stream)))


def names(stream, places):
    return [stream.complex_at(place).name for place in places]


def test_each_round_shows_every_cluster_once(mined):
    stream = ComplexStream([Source(mined)], seed=0)
    assert len(stream) == 3
    for start in range(0, 30, 3):
        found = {{"pair3": "pair2"}.get(n, n) for n in names(stream, range(start, start + 3))}
        assert found == {"pair0", "pair1", "pair2"}


def test_rounds_differ_and_every_member_of_a_cluster_comes(mined):
    stream = ComplexStream([Source(mined)], seed=0)
    rounds = [tuple(names(stream, range(3 * k, 3 * k + 3))) for k in range(12)]
    assert len(set(rounds)) > 5
    assert {"pair2", "pair3"} <= {name for one in rounds for name in one}


def test_the_stream_is_given_by_seed_and_place(mined):
    once, again = (names(ComplexStream([Source(mined)], seed=1), range(12)) for _ in range(2))
    assert once == again
    assert once != names(ComplexStream([Source(mined)], seed=2), range(12))


def test_a_split_without_complexes_is_refused(mined):
    with pytest.raises(DatasetError, match="no complexes to train on"):
        ComplexStream([Source(mined, "test")], seed=0)


@pytest.mark.parametrize(("like", "unlike"), [(1, 1), (1, 3), (2, 1)])
def test_a_round_shows_each_cluster_as_often_as_asked(mined, like, unlike):
    stream = ComplexStream([Source(mined)], 0, like_repeats=like, unlike_repeats=unlike)
    seen = visits(stream)
    assert seen["pair0"] == like and seen["pair1"] == unlike
    assert seen["pair2"] + seen["pair3"] == unlike, "one cluster"


def test_like_partners_can_be_omitted(mined):
    stream = ComplexStream([Source(mined)], 0, like_repeats=0)
    assert len(stream) == len(stream.clusters()) == 2
    assert set(visits(stream, 9)) == {"pair1", "pair2", "pair3"}
    save = [random_complex(0, name="pair0")]
    with pytest.raises(DatasetError, match="like_repeats is 0"):
        ComplexStream([Source(write_dataset(mined, save, ["4-4"]))], 0, like_repeats=0)


def test_unbound_complexes_of_a_benchmark_are_mixed_with_mined_ones(mined, benchmark):
    sources = [Source(mined, "train", 2), Source(benchmark, "DB3", 3)]
    stream = ComplexStream(sources, seed=0)
    seen = visits(stream)
    assert seen["4-4"] == 3 and seen["pair0"] == seen["pair1"] == 2 and len(stream) == 9
    assert [len(files) for files in stream.clusters()] == [1, 1, 2, 1], "no clusters are joined"
    items = (stream.complex_at(place) for place in range(27))
    assert {item.left.n_residues for item in items if item.name == "4-4"} == {6}, "unbound"


@pytest.mark.parametrize("splits", ["DB3,DB5U", "DB5U", None])
def test_no_network_is_trained_on_the_test_set(benchmark, splits):
    with pytest.raises(SettingError, match="on the test set DB5U, got 1 .*; name --split DB3,DB4U"):
        ComplexStream([Source(benchmark, splits)], seed=0)


def test_several_splits_of_one_dataset_are_named_together(benchmark):
    assert len(Source(benchmark, "DB3,DB4U").rows()) == 1


def test_distinct_pairs_are_of_one_dataset(mined, benchmark):
    with pytest.raises(SettingError, match="distinct_pairs must be 0 with several datasets, got 8"):
        ComplexStream([Source(mined), Source(benchmark, "DB3")], seed=0, pairs=8)


def test_a_fold_is_left_out(tmp_path):
    folder = write_benchmark(tmp_path / "db5", {"1ABC": "DB3", "2ABC": "DB3", "3ABC": "DB3"})
    rows = [{**row, "fold": row["id"][0]} for row in table(folder / "manifest.csv")]
    write_table(rows, folder / "manifest.csv", list(rows[0]))
    stream = ComplexStream([Source(folder, "DB3", leave_out=2)], seed=0)
    assert set(visits(stream, 5)) == {"1ABC", "3ABC"}


def test_without_folds_none_can_be_left_out(mined):
    with pytest.raises(SettingError, match="whose complexes are in folds"):
        training_sources([mined], ["train"], [1], leave_out=1)


def test_what_is_learned_from_is_known_wherever_it_lies(mined, tmp_path):
    source = Source(mined, "train", 2, leave_out=3)
    moved = Source(shutil.copytree(mined, tmp_path / "elsewhere"), "train", leave_out=3)
    assert source.facts() == moved.facts()
    with (moved.dataset / MANIFEST).open("a") as stream:
        stream.write("\n")
    assert source.facts() != moved.facts() and source.facts()["left_out_fold"] == 3
