"""A prediction in a few lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sasnet_core.config import Calibration
    from sasnet_core.prediction import PairRow, Prediction, ResidueRow

#: Residues named per side, pairs named in all.
MOST_RESIDUES = 15
MOST_PAIRS = 5


def summary_lines(prediction: Prediction) -> list[str]:
    """Say which residues and pairs are likely, and how that fits a complex that came in.

    Returns
    -------
    list of str
        Lines without line ends.
    """
    rows = prediction.residue_rows()
    lines = []
    for partner in (prediction.left, prediction.right):
        side = [row for row in rows if row.side == partner.side]
        chains = ",".join(partner.chain_ids)
        title = f"{partner.side} (chain {chains})"
        lines += _side_lines(title, side, prediction.calibration.threshold)
    lines.append(_meaning(prediction.calibration))
    settings = prediction.settings
    rotations = f"{settings['rotations']} rotations in {settings['precision']}"
    lines.append(f"most likely pairs (score, spread over {rotations}):")
    lines += [f"  {_pair(row)}" for row in prediction.pair_rows(MOST_PAIRS)]
    return lines + _observed_lines(prediction)


def _meaning(calibration: Calibration) -> str:
    return (
        f"likely: probability {calibration.threshold:.2f} or more; in the benchmark "
        f"{calibration.precision:.0%} of such residues were in the interface, and "
        f"{calibration.recall:.0%} of the interface was found"
    )


def _side_lines(title: str, rows: list[ResidueRow], threshold: float) -> list[str]:
    ranked = sorted(rows, key=lambda row: -row.probability)
    likely = [row for row in ranked if row.probability >= threshold]
    if likely:
        head = f"{title}: {len(likely)} of {len(rows)} residues likely in the interface"
    else:
        head = f"{title}: no residue is likely in the interface; the highest are"
    named = (likely or ranked)[:MOST_RESIDUES]
    texts = [
        f"{row.name} {row.chain}{row.number}{row.insertion_code} {row.probability:.2f}"
        for row in named
    ]
    lines = [f"{head}:"] + [f"  {', '.join(texts[k : k + 5])}" for k in range(0, len(texts), 5)]
    if len(likely) > len(named):
        lines.append(f"  and {len(likely) - len(named)} more in residues.csv")
    return lines


def _pair(row: PairRow) -> str:
    left = f"{row.left_name} {row.left_chain}{row.left_number}{row.left_insertion_code}"
    right = f"{row.right_name} {row.right_chain}{row.right_number}{row.right_insertion_code}"
    return f"{left} - {right}  {row.score:.3f} +/- {row.spread:.3f}"


def _observed_lines(prediction: Prediction) -> list[str]:
    observed = prediction.observed()
    if observed is None:
        return []
    found = f"  {observed['contacts']} residue pairs touch"
    if observed["pair_auroc"] is not None:
        found += f"; AUROC over all pairs {observed['pair_auroc']:.3f} (0.5: chance)"
    lines = [
        "the input is a complex; its own contacts, which the network did not see, compare so:",
        found,
    ]
    for side in ("left", "right"):
        counts = observed[side]
        lines.append(
            f"  {side}: {counts['likely_and_in_contact']} of the {counts['residues_likely']} "
            f"likely residues touch; {counts['residues_in_contact']} touch in all"
        )
    return lines
