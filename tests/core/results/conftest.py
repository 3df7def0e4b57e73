"""Predictions of known scores."""

from pathlib import Path

import numpy as np
import pytest

from sasnet_core.fitted import Calibration, Smoothing
from sasnet_core.network.weights_folder import WeightsInfo
from sasnet_core.results.partner import InputPartner
from sasnet_core.results.prediction import Prediction
from sasnet_core.scoring.pair_scores import PairScores
from sasnet_core.structure import reading
from tests.core.build import chain_lines, tiny_model, write_pdb

CALIBRATION = Calibration()
MATRIX = np.array([[0.1, 0.9], [0.6, 0.2], [0.3, 0.05]], np.float32)
SPREAD = np.array([[0.01, 0.02], [0.03, 0.04], [0.05, 0.06]], np.float32)


def predicted(left, right, calibration=CALIBRATION):
    scores = PairScores(
        left.protein,
        right.protein,
        MATRIX,
        SPREAD,
        np.stack([MATRIX.max(axis=1)] * 2),
        np.stack([MATRIX.max(axis=0), MATRIX.max(axis=0) / 2]),
    )
    info = WeightsInfo(Path("w"), tiny_model(), "0" * 64, calibration, Smoothing())
    settings = {"rotations": 2, "seed": 0, "precision": "float32"}
    return Prediction(left, right, scores, info, calibration, settings)


@pytest.fixture
def files(tmp_path):
    """Write one file with chains A (3 residues) and B (2), 5 A apart, and chain Z beside them."""
    lines = [
        *chain_lines("A", 3, first=51),
        *chain_lines("B", 2, first=-1, start=(0, 5, 0)),
        *chain_lines("Z", 2, start=(0, 50, 0)),
    ]
    return write_pdb(tmp_path / "pair.pdb", lines)


@pytest.fixture
def one_file(files):
    entry = reading.read(files)
    left = InputPartner("left", entry, entry.protein(["A"]), {"model": 1})
    return predicted(left, InputPartner("right", entry, entry.protein(["B"]), {"model": 1}))


@pytest.fixture
def two_files(files):
    entry, other = reading.read(files), reading.read(files)
    left = InputPartner("left", entry, entry.protein(["A"]))
    return predicted(left, InputPartner("right", other, other.protein(["B"])))
