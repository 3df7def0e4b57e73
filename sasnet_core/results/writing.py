"""A prediction as files: tables, arrays, JSON, structures."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from sasnet_core.files import write_arrays, write_json
from sasnet_core.results import patches
from sasnet_core.results.partner import SIDES, residue_labels
from sasnet_core.results.prediction import PairRow, ResidueRow
from sasnet_core.results.result import COMPLEX_FILE, RESULT_FILE, SCORES_FILE, FolderContent
from sasnet_core.results.spreadsheet import write_spreadsheet

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from sasnet_core.results.partner import InputPartner
    from sasnet_core.results.prediction import Prediction
    from sasnet_core.structure.reading import Structure


def write_prediction(prediction: Prediction, folder: Path, pair_count: int | None) -> FolderContent:
    """Write the tables, scores.npz, result.json and the coloured structures.

    Parameters
    ----------
    prediction : Prediction
        What to write.
    folder : Path
        Where; must be there.
    pair_count : int or None
        Pairs in pairs.csv and result.json, best first; None for all.

    Returns
    -------
    FolderContent
        What `reading.read_content` would return for the folder.
    """
    columns = [f.name for f in fields(ResidueRow)]
    write_spreadsheet(
        [asdict(r) for r in prediction.residue_rows()], folder / "residues.csv", columns
    )
    columns = [f.name for f in fields(PairRow)]
    pairs = [asdict(r) for r in prediction.pair_rows(pair_count)]
    write_spreadsheet(pairs, folder / "pairs.csv", columns)
    write_spreadsheet(prediction.patch_rows(), folder / patches.NAME, patches.COLUMNS)
    rows = [patches.pair_row(pair) for pair in prediction.patch_pairs]
    write_spreadsheet(rows, folder / patches.PAIRS_NAME, patches.PAIR_COLUMNS)
    values, arrays = _as_in_json(prediction.to_dict(pair_count)), _arrays(prediction)
    write_json(values, folder / RESULT_FILE)
    write_arrays(arrays, folder / SCORES_FILE)
    return FolderContent(folder, values, arrays, _write_structures(prediction, folder))


def _as_in_json(values: Any) -> Any:
    """Return plain values as they are after writing and reading: sorted keys, no tuples."""
    if isinstance(values, dict):
        return {key: _as_in_json(values[key]) for key in sorted(values)}
    if isinstance(values, (list, tuple)):
        return [_as_in_json(value) for value in values]
    return values


def _arrays(prediction: Prediction) -> dict[str, np.ndarray]:
    """Gather the content of scores.npz."""
    left, right = prediction.left.protein, prediction.right.protein
    return {
        "scores": prediction.scores.matrix,
        "spread": prediction.scores.spread,
        "left_residues": residue_labels(left),
        "right_residues": residue_labels(right),
        "left_segments": left.segment_ids,
        "right_segments": right.segment_ids,
    }


def _write_structures(prediction: Prediction, folder: Path) -> dict[str, Structure]:
    from sasnet_core.structure.writing import write_mmcif  # loads gemmi

    left, right = prediction.left, prediction.right
    values = [_bfactors(prediction, partner) for partner in (left, right)]
    if left.structure is right.structure:
        chains = [*left.chain_ids, *right.chain_ids]
        path = folder / COMPLEX_FILE
        written = write_mmcif(left.structure, chains, values[0] | values[1], path)
        return dict.fromkeys(SIDES, written)
    return {
        partner.side: write_mmcif(
            partner.structure, partner.chain_ids, bfactors, folder / f"{partner.side}.cif"
        )
        for partner, bfactors in zip((left, right), values, strict=True)
    }


def _bfactors(prediction: Prediction, partner: InputPartner) -> dict[tuple[str, str, str], float]:
    probability = prediction.probabilities(partner.side)[0]
    return dict(zip(partner.protein.residue_keys(), probability.tolist(), strict=True))
