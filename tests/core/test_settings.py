import math
import re
from dataclasses import fields

import pytest

from sasnet_core.config import MiningConfig, ModelConfig, TrainConfig
from sasnet_core.errors import SettingError
from sasnet_core.fitted import Calibration, Mixture, Smoothing

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
    (TrainConfig, {"max_gradient_norm": -1.0}),
    (TrainConfig, {"like_repeats": -1}),
    (TrainConfig, {"unlike_repeats": 0}),
    (TrainConfig, {"frozen_poses": -1}),
    (TrainConfig, {"precision": "float16"}),
    (TrainConfig, {"seed": -1}),
    (TrainConfig, {"seed": 2**32}),
    (ModelConfig, {"context_layers": 9}),
    (ModelConfig, {"context_size": 0}),
    (ModelConfig, {"neighbours": 0}),
    (ModelConfig, {"neighbours": 10**9}),
    (TrainConfig, {"steps": 10**20}),
    (MiningConfig, {"max_resolution": math.nan}),
    (Calibration, {"slope": math.nan}),
    (Calibration, {"thresholds": (0.5, math.inf)}),
    (Mixture, {"slopes": (1.0, math.nan)}),
    (Mixture, {"intercept": -math.inf}),
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
    expected = rf"^{name} must be (a|one of|one number) .+, got {re.escape(repr(value))}$"
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


@pytest.mark.parametrize("kind", [ModelConfig, TrainConfig, MiningConfig])
def test_unknown_names_are_refused_with_those_known(kind):
    with pytest.raises(SettingError, match="unknown settings .'colour'.; known"):
        kind.from_dict({"colour": 1})
