"""Shipped weights give the numbers of the model card, so that no change goes unseen."""

import re
from pathlib import Path

import numpy as np
import pytest

from sasnet_core.network.weights_folder import read_info
from sasnet_core.scoring.calibration import pair_log_odds, residue_probabilities
from sasnet_core.scoring.predictor import load_predictor
from sasnet_core.structure import read
from tests.core.build import random_protein

CARD = Path(__file__).parents[1] / "resources" / "MODEL_CARD.md"
HEADS = ("weights", "pair", "mean score", "best score", "likely residues", "mean probability",
         "mean spread", "highest log odds")  # fmt: skip


def stated():
    """Read the card's table of numbers: (weights, pair) to the numbers after them."""
    text = CARD.read_text().split(f"| {' | '.join(HEADS)} |")[1]
    rows = re.findall(r"^\| (\S+) \| ([^|]+) \| (.+) \|$", text, re.MULTILINE)
    return {(name, pair): numbers.split(" | ") for name, pair, numbers in rows}


def numbers(name, left, right):
    """Predict with two rotations in float32, as the card's table says."""
    info = read_info(name)
    scores = load_predictor(info.folder, "float32").score(left, right, rotations=2)
    calibration = info.needed_calibration()
    best = [scores.matrix.max(axis=axis) for axis in (1, 0)]
    found = np.concatenate([residue_probabilities(side, calibration) for side in best])
    return [
        scores.matrix.mean(),
        scores.matrix.max(),
        (found >= calibration.threshold).sum(),
        found.mean(),
        scores.spread.mean(),
        pair_log_odds(scores.matrix, calibration).max(),
    ]


@pytest.fixture(scope="module")
def pairs(demo_pdb):
    demo = read(demo_pdb)
    return {
        "1TII D, E": (demo.protein(["D"]), demo.protein(["E"])),
        "random, 30 and 20 residues": (random_protein(1, 30), random_protein(2, 20)),
    }


@pytest.mark.parametrize("name", ["default", "complex-only", "best", "paper"])
def test_the_shipped_weights_give_what_the_model_card_states(name, pairs):
    rows = {pair: row for (weights, pair), row in stated().items() if weights == name}
    assert rows.keys() == pairs.keys()
    for pair, partners in pairs.items():
        found = numbers(name, *partners)
        # Processors round sums in different orders: the last of four digits may differ.
        assert found == pytest.approx([float(value) for value in rows[pair]], abs=1.5e-4), pair


@pytest.mark.parametrize("name", ["default", "complex-only", "best", "paper"])
def test_the_card_states_the_constants_of_the_calibrations(name):
    c, card = read_info(name).needed_calibration(), CARD.read_text()
    assert (
        f"residues {c.slope:.4f} x log odds of the best pair - {-c.own_mean:.4f} x their mean over "
        f"the protein - {-c.own_size:.4f} ln(own size) + {c.intercept:.4f}; "
    ) in card
    if c.antibody:
        assert (
            f"antibodies add {c.antibody:.4f} + {c.antibody_slope:.4f} x (log odds of the best "
            f"pair - their mean), their antigens {c.antigen:.4f} - {-c.antigen_slope:.4f} x the "
            "same; "
        ) in card


if __name__ == "__main__":
    import sys

    structure = read(sys.argv[1])
    given = {
        "1TII D, E": (structure.protein(["D"]), structure.protein(["E"])),
        "random, 30 and 20 residues": (random_protein(1, 30), random_protein(2, 20)),
    }
    for weights in ("default", "complex-only", "best", "paper"):
        for label, partners in given.items():
            cells = (f"{v:.4f}" if v % 1 else str(v) for v in numbers(weights, *partners))
            print(f"| {weights} | {label} | {' | '.join(cells)} |")
