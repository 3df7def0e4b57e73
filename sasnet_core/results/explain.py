"""Which residues of the partner determine a residue's probability.

A residue's probability depends on its best pair score. So the partner's residues are sorted by pair
score and grouped into patches: the best remaining residue and its neighbours. The probability
without a patch and those before it shows how much depends on them. The probability also depends on
the scores of the residue's whole protein; that part is kept as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.errors import SelectionError
from sasnet_core.fitted import Calibration
from sasnet_core.results.partner import PLACE_COLUMNS, SIDES
from sasnet_core.results.spreadsheet import write_spreadsheet
from sasnet_core.scoring.calibration import mean_log_odds, residue_probabilities
from sasnet_core.structure.antibody import kinds_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sasnet_core.results.partner import Partner, PredictedPartner
    from sasnet_core.results.result import Result
    from sasnet_core.structure.protein import Protein

NAME = "explain.csv"
#: Residues within this distance of a patch's best residue belong to the patch (CA, angstrom).
PATCH_RADIUS = 10.0
#: Number of patches; the residues that remain have patch 0.
MOST_PATCHES = 3
#: Residues of a patch that the text names.
MOST_NAMED = 4
COLUMNS = (
    *PLACE_COLUMNS, *(f"partner_{name}" for name in PLACE_COLUMNS[1:]),
    "score", "spread", "probability_alone", "patch", "probability_without",
)  # fmt: skip


@dataclass(frozen=True)
class Patch:
    """Neighbouring residues of the partner.

    Attributes
    ----------
    rows : tuple of int
        Rows of the partner's residues, best score first.
    without : float or None
        Probability without these and the patches before; None where no residue remains.
    """

    rows: tuple[int, ...]
    without: float | None


@dataclass(frozen=True)
class Explanation:
    """How each residue of the partner contributes to one residue's probability.

    Attributes
    ----------
    own : PredictedPartner
        Partner that the residue belongs to.
    row : int
        Which one.
    partner : PredictedPartner
        The other side.
    scores, spread : ndarray, shape (n_partner,)
        Of its pairs.
    alone : ndarray, shape (n_partner,)
        Probability of a residue whose best pair has this score.
    patches : tuple of Patch
        The first is that of the best pair.
    """

    own: PredictedPartner
    row: int
    partner: PredictedPartner
    scores: np.ndarray
    spread: np.ndarray
    alone: np.ndarray
    patches: tuple[Patch, ...]


def find_residue(text: str, sides: Sequence[Partner]) -> tuple[str, int]:
    """Find the residue that ``A:52A`` or ``left:A:52A`` names.

    Parameters
    ----------
    text : str
        Chain (``_``: no name), then number and insertion code. The side comes first if both
        partners have such a residue.
    sides : sequence
        Left and right, each with its `side` and its `protein`.

    Returns
    -------
    (str, int)
        Its side and row.

    Raises
    ------
    SelectionError
        There is none, or more than one.
    """
    sides_meant, chain, number = _split(text)
    found = [
        (side.side, row)
        for side in sides
        if side.side in sides_meant
        for row in _rows(side.protein, chain, number)
    ]
    if not found:
        raise SelectionError(
            f"--explain needs a predicted residue, there is no {text!r} on the "
            f"{' or '.join(sides_meant)}; see residues.csv for chains and numbers"
        )
    if len(found) > 1:
        both = len({side for side, _ in found}) > 1
        hint = f"write left:{text} or right:{text}" if both else "rename one of them in the file"
        raise SelectionError(f"--explain needs one residue, {text!r} matches {len(found)}; {hint}")
    return found[0]


def find_residues(text: str | None, sides: Sequence[Partner]) -> list[tuple[str, int]]:
    """Find the residues that a list like ``A:52A,left:B:7`` names; no list names none."""
    return [find_residue(name, sides) for name in text.split(",")] if text is not None else []


def _split(text: str) -> tuple[tuple[str, ...], str, str]:
    """Return the sides that are meant, the chain and the number."""
    rest, colon, number = text.strip().rpartition(":")
    side, inner, chain = rest.partition(":")
    if not colon or not number or (inner and side not in SIDES):
        raise SelectionError(
            f"--explain needs CHAIN:NUMBER, as in A:52A, or left:A:52A; got {text!r}"
        )
    return ((side,), chain, number) if inner else (SIDES, rest, number)


def _rows(protein: Protein, chain: str, number: str) -> list[int]:
    named = chain in protein.chain_ids.tolist()
    chain = "" if chain == "_" and not named else chain
    return np.flatnonzero((protein.chain_ids == chain) & (protein.residue_ids == number)).tolist()


def explain(result: Result, name: str, row: int) -> Explanation:
    """Find how each residue of the partner contributes to a residue's probability.

    Parameters
    ----------
    result : Result
        A saved prediction.
    name : str
        Side of the residue, "left" or "right".
    row : int
        Its row there.
    """
    own = result.left if name == "left" else result.right
    partner = result.partner(own)
    pairs, spread = result.scores, result.pair_spread
    if name == "right":
        pairs, spread = pairs.T, spread.T
    kinds = kinds_of(own.protein, partner.protein)
    calibration = Calibration.from_dict(result.values["weights"]["calibration"]).of_kind(kinds[0])
    mean = mean_log_odds(pairs.max(axis=1))
    alone = residue_probabilities(pairs.T, calibration, mean)[:, row]
    patches = _patches(pairs[row], alone, partner.protein.centers)
    return Explanation(own, row, partner, pairs[row], spread[row], alone, patches)


def _patches(scores: np.ndarray, alone: np.ndarray, centers: np.ndarray) -> tuple[Patch, ...]:
    order = np.argsort(-scores, kind="stable")
    patches: list[Patch] = []
    while len(order) and len(patches) < MOST_PATCHES:
        distances = np.linalg.norm(centers[order] - centers[order[0]], axis=1)
        near = distances <= PATCH_RADIUS
        rows, order = order[near], order[~near]
        patches.append(Patch(tuple(rows.tolist()), float(alone[order[0]]) if len(order) else None))
    return tuple(patches)


def explanation_rows(found: Explanation) -> list[dict[str, Any]]:
    """List the partner's residues as `explain.csv` has them, best score first."""
    patch_of = {row: k for k, patch in enumerate(found.patches, 1) for row in patch.rows}
    partner_place = found.partner.place
    rows = []
    for row in np.argsort(-found.scores, kind="stable").tolist():
        patch = patch_of.get(row, 0)
        without = found.patches[patch - 1].without if patch else None
        place = {f"partner_{name}": value for name, value in partner_place(row).items()}
        del place["partner_side"]
        rows.append(
            {
                **found.own.place(found.row),
                **place,
                "score": round(float(found.scores[row]), 4),
                "spread": round(float(found.spread[row]), 4),
                "probability_alone": round(float(found.alone[row]), 4),
                "patch": patch,
                "probability_without": "" if without is None else round(without, 4),
            }
        )
    return rows


def explanation_lines(found: Explanation) -> list[str]:
    """Describe an explanation in words, lines without line ends."""
    own, partner = found.own, found.partner
    probability, spread = own.probability[found.row], own.spread[found.row]
    lines = [
        f"{own.label(found.row)} ({own.side}): probability {probability:.2f} +/- {spread:.2f}; "
        f"it depends on these residues of the {partner.side} partner (pair score):"
    ]
    for number, patch in enumerate(found.patches, 1):
        named = [f"{partner.label(r)} {found.scores[r]:.3f}" for r in patch.rows[:MOST_NAMED]]
        more = len(patch.rows) - len(named)
        words = ", ".join(named) + (f" and {more} more near them" if more else "")
        left = "nothing remains" if patch.without is None else f"{patch.without:.2f}"
        lines.append(
            f"  patch {number}: {words}; {left} without {'these too' if number > 1 else 'them'}"
        )
    return lines


def write_explanations(
    result: Result, residues: Sequence[tuple[str, int]], folder: Path
) -> list[str]:
    """Write explain.csv for some residues.

    Parameters
    ----------
    result : Result
        A saved prediction.
    residues : sequence of (str, int)
        Side and row of each, as `find_residue` gives them.
    folder : Path
        Where; must be there.

    Returns
    -------
    list of str
        The same in words.
    """
    found = [explain(result, side, row) for side, row in residues]
    rows = [row for one in found for row in explanation_rows(one)]
    write_spreadsheet(rows, folder / NAME, COLUMNS)
    return [line for one in found for line in explanation_lines(one)]
