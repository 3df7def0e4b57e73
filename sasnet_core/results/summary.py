"""A prediction in a few lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sasnet_core.results.patches import patch_row, patch_sentence
from sasnet_core.structure.antibody import ANTIBODY, ANTIGEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sasnet_core.fitted import Calibration, PatchLaw
    from sasnet_core.results.partner import InputPartner
    from sasnet_core.results.patches import PatchPair, PredictedPatch
    from sasnet_core.results.prediction import PairRow, Prediction, ResidueRow

#: Patches of a side, residues of a patch and pairs of patches that are named.
MOST_PATCHES = 3
MOST_RESIDUES = 20
MOST_PAIRS = 3
#: What a partner was recognized as, after its chains.
KIND_WORDS = {"": "", ANTIBODY: "; an antibody", ANTIGEN: "; the antibody's antigen"}
#: What "likely" means, with three numbers to fill in.
MEANING = (
    "likely: probability {threshold} or more; in the benchmark {precision} of such residues were "
    "in the interface, and {recall} of the interface was found (this assumes that the two proteins "
    "bind: probabilities for a wrong partner are just as high)"
)
#: Columns of summary.csv beside those of the list.
SUMMARY_COLUMNS = (
    "left_residues", "right_residues", "left_likely", "right_likely", "left_highest",
    "right_highest", "left_patch", "left_patch_chance", "left_patch_members", "right_patch",
    "right_patch_chance", "right_patch_members", "patches_touch_chance", "best_pair_left",
    "best_pair_right", "best_pair_score", "contacts_in_input", "pair_auroc_in_input", "warnings",
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
        side, the first patch of each side, the best pair, and how the contacts of an input that is
        a complex compare.
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
        found |= _first_patch(prediction, partner)
    best = prediction.pair_rows(1)[0]
    observed = prediction.observed() or {}
    first = [p.chance for p in prediction.patch_pairs if p.left == p.right == 1]
    return {
        **found,
        "patches_touch_chance": first[0] if first else "",
        "best_pair_left": _left(best),
        "best_pair_right": _right(best),
        "best_pair_score": best.score,
        "contacts_in_input": observed.get("contacts", ""),
        "pair_auroc_in_input": observed.get("pair_auroc", ""),
        "warnings": "; ".join([*prediction.warnings(), *notes]),
    }


def _first_patch(prediction: Prediction, partner: InputPartner) -> dict[str, Any]:
    row = patch_row(prediction.patches[partner.side][0], partner)
    name = f"{partner.side}_patch"
    return {
        name: row["around"], f"{name}_chance": row["chance"], f"{name}_members": row["members"],
    }  # fmt: skip


def summary_lines(prediction: Prediction) -> list[str]:
    """List the best patches and pairs of them; compare them with an input that is a complex.

    Returns
    -------
    list of str
        Lines without line ends.
    """
    rows = prediction.residue_rows()
    lines = []
    for partner in (prediction.left, prediction.right):
        side = [row for row in rows if row.side == partner.side]
        lines += _side_lines(prediction, partner, side)
        lines += _model_lines(partner, side, prediction.calibration.threshold)
    settings = prediction.settings
    return [
        *lines,
        *_pair_lines(prediction.patch_pairs),
        *patch_meaning(prediction.weights.patches),
        meaning(prediction.calibration),
        *_conservation_lines(settings),
        f"computed with {settings['rotations']} rotations in {settings['precision']}",
        *_observed_lines(prediction),
    ]


def _conservation_lines(settings: dict[str, Any]) -> list[str]:
    """Name the source of the profiles, if they were asked for, and say whether they served."""
    if "conservation" not in settings:
        return []
    source, homologs = settings["conservation"]["source"], settings["conservation"]["homologs"]
    if any(count for chains in homologs.values() for count in chains.values()):
        return [f"scores use structure and conservation ({source})"]
    return [f"scores use the structures only: no chain has homologs ({source})"]


def meaning(calibration: Calibration) -> str:
    """Explain what "likely" means, and how reliable it was in the benchmark."""
    return MEANING.format(
        threshold=f"{calibration.threshold:.2f}",
        precision=f"{calibration.precision:.0%}",
        recall=f"{calibration.recall:.0%}",
    )


def patch_meaning(law: PatchLaw | None) -> list[str]:
    """Explain what the numbers of patches mean, in one line; none if they have no chances."""
    if law is None:
        return []
    return [
        "chance: that at least half of the patch is in the interface; expected right: the share of "
        f"its residues that is (both from {law.fitted_on}; they assume that the two proteins bind)"
    ]


def _side_lines(prediction: Prediction, partner: InputPartner, rows: list[ResidueRow]) -> list[str]:
    patches = prediction.patches[partner.side][:MOST_PATCHES]
    threshold = prediction.calibration.threshold
    likely = [row.probability for row in rows if row.probability >= threshold]
    kind = KIND_WORDS[prediction.kinds[0 if partner.side == "left" else 1]]
    lines = [f"{partner.side} (chain {','.join(partner.chain_ids)}{kind}):"]
    for patch in patches:
        lines.append(f"  {patch_sentence(patch, partner)}")
        if patch.rank == 1:
            lines += [f"    {text}" for text in _member_lines(patch, rows)]
    return [*lines, f"  {likely_sentence(likely, len(rows))}"]


def likely_sentence(likely: Sequence[float], count: int) -> str:
    """Say how many residues of a side are likely, and how many of these are expected to be right.

    Parameters
    ----------
    likely : sequence of float
        Probabilities of the likely residues.
    count : int
        Residues of the side.
    """
    expected = f", {sum(likely) / len(likely):.0%} of them expected right" if likely else ""
    return f"{len(likely)} of {count} residues are likely{expected} (residues.csv)"


def _member_lines(patch: PredictedPatch, rows: list[ResidueRow]) -> list[str]:
    """Name the residues of a patch with their probabilities, five in a line."""
    named = [rows[row] for row in patch.rows[:MOST_RESIDUES]]
    texts = [
        f"{row.name} {row.chain}{row.number}{row.insertion_code} {row.probability:.2f}"
        for row in named
    ]
    lines = [", ".join(texts[k : k + 5]) for k in range(0, len(texts), 5)]
    more = len(patch.rows) - len(named)
    return [*lines, f"and {more} more in patches.csv"] if more else lines


def _pair_lines(pairs: Sequence[PatchPair]) -> list[str]:
    """Name the pairs of patches that touch with the highest chance, in one line."""
    named = [f"left {p.left} - right {p.right} {p.chance:.2f}" for p in pairs[:MOST_PAIRS]]
    return [f"patches that touch, by chance: {', '.join(named)}"] if named else []


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
    for partner in (prediction.left, prediction.right):
        lines += _side_comparison(partner, observed[partner.side])
    return lines


def _side_comparison(partner: InputPartner, counts: dict[str, Any]) -> list[str]:
    """Compare a side's patches and likely residues with its contacts."""
    touching, residues = counts["residues_in_contact"], partner.protein.n_residues
    share = f"{touching} of {residues} residues touch ({touching / residues:.0%})"
    auroc = "" if counts["auroc"] is None else f", AUROC {counts['auroc']:.3f}"
    sizes = [f"{found}" for found in counts["patches_in_contact"][:MOST_PATCHES]]
    return [
        f"  {partner.side}: {share}{auroc}; in patch {', '.join(_numbered(sizes))}; "
        f"{counts['likely_and_in_contact']} of the {counts['residues_likely']} likely residues"
    ]


def _numbered(counts: list[str]) -> list[str]:
    return [f"{number}: {count}" for number, count in enumerate(counts, 1)]
