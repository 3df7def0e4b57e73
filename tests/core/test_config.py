import json
import math
import re
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core import config
from sasnet_core.config import (
    Calibration,
    MiningConfig,
    ModelConfig,
    RunConfig,
    Smoothing,
    TrainConfig,
)
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


OUT_OF_RANGE = [
    (TrainConfig, {"optimizer": "rmsprops"}),
    (TrainConfig, {"learning_rate": -1e-4}),
    (TrainConfig, {"learning_rate": math.nan}),
    (TrainConfig, {"learning_rate": math.inf}),
    (TrainConfig, {"warmup_steps": -1}),
    (TrainConfig, {"steps": 0}),
    (TrainConfig, {"complexes_per_step": 0}),
    (TrainConfig, {"positives": 0}),
    (TrainConfig, {"negatives": 0}),
    (TrainConfig, {"noise": -0.1}),
    (TrainConfig, {"average": 1.0}),
    (TrainConfig, {"auxiliary": -0.1}),
    (TrainConfig, {"weight_decay": -0.1}),
    (TrainConfig, {"frozen_poses": -1}),
    (TrainConfig, {"precision": "float16"}),
    (TrainConfig, {"seed": -1}),
    (TrainConfig, {"seed": 2**32}),
    (ModelConfig, {"context_layers": 9}),
    (ModelConfig, {"context_size": 0}),
    (ModelConfig, {"neighbours": 0}),
    (ModelConfig, {"dropout": 1.0}),
    (MiningConfig, {"max_resolution": 0.0}),
    (MiningConfig, {"min_residues": 0}),
    (MiningConfig, {"assembly": "2"}),
    (MiningConfig, {"identity_margin": -0.1}),
    (MiningConfig, {"copy_identity": 1.1}),
    (MiningConfig, {"min_buried_area": -1.0}),
    (MiningConfig, {"max_identity": 1.1}),
    (MiningConfig, {"min_contacts": 0}),
    (Smoothing, {"width": 0.0}),
    (Smoothing, {"sharpness": 0.0}),
    (Smoothing, {"share": 1.1}),
]


@pytest.mark.parametrize(("kind", "values"), OUT_OF_RANGE)
@pytest.mark.parametrize("make", ["directly", "from JSON"])
def test_values_out_of_range_are_refused_in_one_line(kind, values, make):
    ((name, value),) = values.items()
    expected = rf"^{name} must be (a|one of) .+, got {re.escape(repr(value))}$"
    with pytest.raises(SettingError, match=expected):
        kind(**values) if make == "directly" else kind.from_dict(values)


@pytest.mark.parametrize(
    "extreme",
    [
        TrainConfig(learning_rate=0.0, warmup_steps=0, steps=1, average=0.999, seed=2**32 - 1),
        MiningConfig(max_identity=1.0, min_buried_area=0.0, min_residues=1, min_contacts=1),
        Smoothing(share=1.0),
    ],
    ids=lambda extreme: type(extreme).__name__,
)
def test_the_ends_of_the_ranges_are_allowed(extreme):
    assert type(extreme).from_dict(extreme.to_dict()) == extreme


@pytest.mark.parametrize("kind", [TrainConfig, MiningConfig])
def test_every_number_has_a_range(kind):
    free = {field.name for field in fields(kind)} - set(kind._rules)
    assert all(type(getattr(kind(), name)) is bool for name in free)


@pytest.mark.parametrize("name", config.OPTIMIZERS)
def test_every_optimizer_is_one_of_keras(name):
    import keras

    assert type(keras.optimizers.get(name)).__name__.lower() == name


@pytest.mark.parametrize("kind", [ModelConfig, TrainConfig, MiningConfig])
def test_unknown_names_are_refused_with_those_known(kind):
    with pytest.raises(SettingError, match="unknown settings .'colour'.; known"):
        kind.from_dict({"colour": 1})


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


WORTH = Calibration(
    thresholds=(0.1, 0.2, 0.3, 0.4), precisions=(0.2, 0.5, 0.4, 0.6), recalls=(0.9, 0.7, 0.5, 0.2)
)


def test_a_threshold_brings_what_it_was_worth():
    asked = WORTH.at_threshold(0.22)
    assert (asked.threshold, asked.precision, asked.recall) == (0.22, 0.5, 0.7)


def test_a_precision_target_is_held_by_all_higher_thresholds():
    assert WORTH.at_precision(0.4).threshold == 0.2
    assert WORTH.at_precision(0.45).threshold == 0.4
    with pytest.raises(SettingError, match=r"0.7 was reached by no threshold .* highest: 0.60"):
        WORTH.at_precision(0.7)
