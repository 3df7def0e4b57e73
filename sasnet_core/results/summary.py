"""A prediction in a few lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sasnet_core.fitted import Calibration
    from sasnet_core.results.partner import InputPartner
    from sasnet_core.results.prediction import PairRow, Prediction, ResidueRow

#: Residues named per side, pairs named in all.
MOST_RESIDUES = 15
MOST_PAIRS = 5
#: Columns of summary.csv beside those of the list.
SUMMARY_COLUMNS = (
    "left_residues", "right_residues", "left_likely", "right_likely", "left_highest",
    "right_highest", "best_pair_left", "best_pair_right", "best_pair_score", "contacts_in_input",
    "pair_auroc_in_input", "warnings",
)  # fmt: skip


def summary_row(prediction: Prediction, notes: list[str]) -> dict[str, Any]:
    """Summarize a prediction in one row of a table.

    Parameters
    ----------
    prediction : Prediction
        What to summarize.
    notes : list of str
        Messages to add to the warnings.

    Returns
    -------
    dict
        By `SUMMARY_COLUMNS`: residues, residues called likely and the highest probability of each
        side, the best pair, and how the contacts of an input that is a complex compare.
    """
    rows = prediction.residue_rows()
    found: dict[str, Any] = {}
    for partner in (prediction.left, prediction.right):
        side = [row.probability for row in rows if row.side == partner.side]
        found[f"{partner.side}_residues"] = len(side)
        found[f"{partner.side}_likely"] = sum(
            value >= prediction.calibration.threshold for value in side
        )
        found[f"{partner.side}_highest"] = max(side)
    best = prediction.pair_rows(1)[0]
    observed = prediction.observed() or {}
    return {
        **found,
        "best_pair_left": _left(best),
        "best_pair_right": _right(best),
        "best_pair_score": best.score,
        "contacts_in_input": observed.get("contacts", ""),
        "pair_auroc_in_input": observed.get("pair_auroc", ""),
        "warnings": "; ".join([*prediction.warnings(), *notes]),
    }


def summary_lines(prediction: Prediction) -> list[str]:
    """List likely residues and pairs, and compare them with the contacts of an input complex.

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
        lines += _model_lines(partner, side, prediction.calibration.threshold)
    lines.append(meaning(prediction.calibration))
    settings = prediction.settings
    rotations = f"{settings['rotations']} rotations in {settings['precision']}"
    lines.append(f"most likely pairs (score, spread over {rotations}):")
    lines += [f"  {_pair(row)}" for row in prediction.pair_rows(MOST_PAIRS)]
    return lines + _observed_lines(prediction)


def meaning(calibration: Calibration) -> str:
    """Explain what "likely" means, and how reliable it was in the benchmark."""
    return (
        f"likely: probability {calibration.threshold:.2f} or more; in the benchmark "
        f"{calibration.precision:.0%} of such residues were in the interface, and "
        f"{calibration.recall:.0%} of the interface was found (this assumes that the two proteins "
        "bind: probabilities for a wrong partner are just as high)"
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


def _model_lines(partner: InputPartner, rows: list[ResidueRow], threshold: float) -> list[str]:
    """Summarize the pLDDT of a predicted model."""
    model = partner.predicted_model()
    if model is None:
        return []
    likely = sum(rows[row].probability >= threshold for row in partner.low_plddt.tolist())
    return [
        f"  a predicted model, mean pLDDT {model['mean']:.0f}; {len(partner.low_plddt)} residues "
        f"are under {model['low_below']:g}, {likely} of them likely"
    ]


def _pair(row: PairRow) -> str:
    return f"{_left(row)} - {_right(row)}  {row.score:.3f} +/- {row.spread:.3f}"


def _left(row: PairRow) -> str:
    return f"{row.left_name} {row.left_chain}{row.left_number}{row.left_insertion_code}"


def _right(row: PairRow) -> str:
    return f"{row.right_name} {row.right_chain}{row.right_number}{row.right_insertion_code}"


def _observed_lines(prediction: Prediction) -> list[str]:
    observed = prediction.observed()
    if observed is None:
        return []
    found = f"  {observed['contacts']} residue pairs touch"
    if observed["pair_auroc"] is not None:
        found += f"; AUROC over all pairs {observed['pair_auroc']:.3f} (0.5: chance)"
    lines = [
        "the input is a complex; comparison with its contacts, which the network did not use:",
        found,
    ]
    for side in ("left", "right"):
        counts = observed[side]
        lines.append(
            f"  {side}: {counts['likely_and_in_contact']} of the {counts['residues_likely']} "
            f"likely residues touch; {counts['residues_in_contact']} touch in all"
        )
    return lines
