import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core import config
from sasnet_core.config import MiningConfig, ModelConfig, RunConfig, TrainConfig
from sasnet_core.errors import SettingError
from sasnet_core.files import write_json


def test_defaults_are_the_numbers_of_the_paper():
    model, train, mining = ModelConfig(), TrainConfig(), MiningConfig()
    assert model.edge == 35
    assert model.filters == (32, 64, 128, 256)
    assert model.poolings == 2 and model.pooled_layers == (2, 4)
    assert (model.embedding_size, model.head_sizes) == (512, (512, 512))
    assert model.normalization == "batch"
    assert (train.optimizer, train.learning_rate) == ("rmsprop", 1e-4)
    assert (mining.max_resolution, mining.min_residues) == (3.5, 50)
    assert (mining.min_buried_area, mining.max_identity) == (500.0, 0.30)
    assert (config.CONTACT_CUTOFF, config.ROTATIONS, config.SURFACE_PROBE) == (6.0, 20, 1.4)


@pytest.mark.parametrize(
    ("edge", "read", "output"),
    [(35, 32, 5), (34, 32, 5), (32, 32, 5), (31, 28, 4), (27, 24, 3), (23, 20, 2), (16, 16, 1)],
)
def test_floor_pooling_reads_four_times_the_floor_of_a_quarter(edge, read, output):
    model = ModelConfig(edge=edge)
    assert (model.edge_read, model.output_voxels) == (read, output)


@pytest.mark.parametrize(
    ("edge", "pooled", "read"), [(16, (2, 4), 16), (15, (2,), 14), (14, (2,), 14), (13, (), 13)]
)
def test_poolings_without_room_are_dropped(edge, pooled, read):
    model = ModelConfig(edge=edge)
    assert (model.pooled_layers, model.edge_read) == (pooled, read)


def test_weights_are_counted_as_the_paper_counts_them():
    assert ModelConfig().kernel_weights == 17_549_056 + 786_560  # tower and head


SMALL = {"edge": 16, "filters": (4, 4, 4, 4), "embedding_size": 4, "head_sizes": (4, 4)}


@pytest.mark.parametrize(
    "sizes",
    [{"filters": (4, 4, 4, 10**9)}, {"embedding_size": 10**9}, {"head_sizes": (10**9,)},
     {"head_sizes": (4,) * 17}, {"context_layers": 1, "context_size": 10**9}],
)  # fmt: skip
def test_sizes_that_would_fill_the_memory_are_refused(sizes):
    assert ModelConfig(**SMALL).kernel_weights < 10_000
    with pytest.raises(SettingError, match="16 layers and the network 1e.09 weights"):
        ModelConfig(**SMALL | sizes)


@given(edge=st.integers(11, 64), count=st.integers(1, 5), poolings=st.integers(0, 2))
def test_the_voxels_read_are_the_fewest_that_give_the_same_output(edge, count, poolings):
    try:
        model = ModelConfig(edge=edge, filters=(2,) * count, poolings=poolings)
    except SettingError:
        assert edge <= 2 * count
        return
    assert 0 <= edge - model.edge_read <= 3
    if model.edge_read < 11:
        return
    same = ModelConfig(edge=model.edge_read, filters=(2,) * count, poolings=poolings)
    assert same.output_voxels == model.output_voxels
    assert same.edge_read == model.edge_read


@pytest.mark.parametrize(
    "values",
    [
        {"edge": 10},
        {"edge": 65},
        {"normalization": "none"},
        {"filters": ()},
        {"filters": (32, 0)},
        {"head_sizes": ()},
        {"embedding_size": -1},
        {"poolings": 3},
        {"edge": 11, "filters": (2,) * 6, "poolings": 0},
    ],
)
def test_impossible_networks_are_refused(values):
    with pytest.raises(SettingError):
        ModelConfig(**values)


@pytest.mark.parametrize("name", config.OPTIMIZERS)
def test_every_optimizer_is_one_of_keras(name):
    import keras

    assert type(keras.optimizers.get(name)).__name__.lower() == name


def test_unknown_parts_of_a_run_are_refused():
    with pytest.raises(SettingError, match="models"):
        RunConfig.from_dict({"models": {"edge": 27}})


def test_json_round_trip(tmp_path):
    before = RunConfig(ModelConfig(edge=27, filters=(4, 8)), TrainConfig(steps=7))
    write_json(before.to_dict(), tmp_path / "a.json")
    assert RunConfig.from_dict(json.loads((tmp_path / "a.json").read_text())) == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_window_steps_follow_the_poolings_before_the_last_convolution():
    assert ModelConfig().window_step == 2
    assert ModelConfig(edge=13).window_step == 1
    assert ModelConfig(edge=20, filters=(2, 2)).window_step == 1
