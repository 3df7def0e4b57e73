import json
from dataclasses import replace

import pytest

from sasnet_core.errors import SettingError, WeightsError
from sasnet_core.fitted import Calibration
from sasnet_core.network.weights_folder import read_info
from sasnet_core.results.partner import InputPartner
from sasnet_core.scoring.memory import sizes_within
from sasnet_core.shell.session import RunSettings, calibrated_weights, predict, with_threshold
from sasnet_core.structure import reading

KNOWN = Calibration(
    threshold=0.2, thresholds=(0.1, 0.2, 0.3), precisions=(0.2, 0.5, 0.8), recalls=(0.9, 0.6, 0.1)
)


@pytest.fixture
def partners(work):
    entry = reading.read(work / "both.pdb")
    return [
        InputPartner(side, entry, entry.protein([chain]))
        for side, chain in (("left", "A"), ("right", "B"))
    ]


@pytest.fixture
def predicted(partners, plain_weights, scorer):
    """Predict with the random scorer."""

    def run(progress=None, calibration=KNOWN, **settings):
        info = replace(read_info(plain_weights), calibration=calibration)
        return predict(scorer, *partners, RunSettings(**settings), info, progress)

    return run


def test_the_threshold_is_that_of_the_weights_unless_one_is_given():
    assert with_threshold(KNOWN, None, None) is KNOWN
    assert with_threshold(KNOWN, 0.25, None).threshold == 0.25
    assert with_threshold(KNOWN, None, 0.8).threshold == 0.3


def test_weights_are_read_with_the_chosen_threshold(plain_weights):
    info = calibrated_weights(RunSettings(weights=plain_weights, threshold=0.7))
    assert info.calibration.threshold == 0.7
    assert calibrated_weights(RunSettings(weights=plain_weights)).calibration == Calibration()


def test_weights_without_calibration_are_refused(plain_weights):
    path = plain_weights / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "calibration": None}))
    with pytest.raises(WeightsError, match="calibration"):
        calibrated_weights(RunSettings(weights=plain_weights))


def test_the_default_weights_are_those_that_come_with_sasnet():
    assert calibrated_weights(RunSettings()).folder.name == "default"


def test_a_prediction_says_how_it_was_made(predicted, scorer):
    found = predicted(rotations=3, seed=5)
    assert found.settings == {"rotations": 3, "seed": 5, "precision": "float32"}
    assert found.scores.matrix.shape == (4, 3)
    assert scorer.scored == [(4, 3)]
    assert (predicted(rotations=3, seed=6).scores.matrix != found.scores.matrix).any()


def test_progress_starts_at_0_and_counts_the_rotations(predicted):
    steps = []
    predicted(progress=steps.append, rotations=3)
    assert steps == [0, 1, 2, 3]


def test_the_threshold_rises_to_the_mean_unless_the_user_sets_it(predicted):
    low = replace(KNOWN, threshold=1e-6)
    found = predicted(calibration=low, rotations=1)
    assert found.calibration.threshold > 0.1
    for setting in ({"threshold": 1e-6}, {"precision_target": 0.2}):
        assert predicted(calibration=low, rotations=1, **setting).calibration == low


def test_the_scorer_stays_within_the_memory(predicted, scorer):
    predicted(rotations=1, memory=8, pair_count=5)
    assert scorer.limits == [sizes_within(8, 4, 3, 5)]
    with pytest.raises(SettingError, match=r"--memory 0\.001 is too little"):
        predicted(rotations=1, memory=0.001)
    assert scorer.scored == [(4, 3)]


def test_a_viewer_gets_the_first_rotation_before_the_second(predicted, tmp_path, capfd):
    viewer = tmp_path / "viewer"
    viewer.mkdir()
    seen = []

    def progress(done):
        seen.append((done, (viewer / "first" / "result.json").is_file()))

    found = predicted(progress, rotations=2, viewer_folder=viewer, pair_count=5)
    assert capfd.readouterr().err == "sasnet-progress 0 2\n"
    assert seen == [(0, False), (1, True), (2, True)]
    first = json.loads((viewer / "first" / "result.json").read_text())
    assert first["settings"]["rotations"] == 1 and len(first["pairs"]) == 5
    assert found.settings["rotations"] == 2
