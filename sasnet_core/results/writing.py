"""A prediction as files: tables, arrays, JSON, structures."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sasnet_core.errors import OutputError
from sasnet_core.files import write_arrays, write_json, write_table
from sasnet_core.results.formats.registry import FORMATS, format_files
from sasnet_core.results.partner import SIDES, residue_labels
from sasnet_core.results.prediction import PairRow, ResidueRow
from sasnet_core.results.result import COMPLEX_FILE, RESULT_FILE, SCORES_FILE, FolderContent

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np

    from sasnet_core.results.partner import InputPartner
    from sasnet_core.results.prediction import Prediction
    from sasnet_core.structure.reading import Structure


#: Every file that a run may write.
PRODUCTS = (
    "residues.csv", "pairs.csv", "scores.npz", "result.json", "complex.cif", "left.cif",
    "right.cif", "picture.png", "session.pse", "explain.csv", *format_files(list(FORMATS)),
)  # fmt: skip


class OutputFolder:
    """A folder that gets all files of a run at its end, or none of them.

    Files are written to a hidden folder beside it; `publish` moves them.

    Parameters
    ----------
    path : Path
        The folder; made when the run succeeds.
    products : tuple of str
        Files that the run may write; old ones that it does not write are removed.

    Raises
    ------
    OutputError
        It cannot be written to.
    """

    def __init__(self, path: Path, products: tuple[str, ...] = PRODUCTS) -> None:
        self.path = path
        self.products = products
        try:
            if path.exists() and not path.is_dir():
                raise NotADirectoryError(20, "a file has this name")
            there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
            self.staging = Path(tempfile.mkdtemp(prefix=".sasnet-", dir=there))
        except OSError as error:
            raise OutputError(
                f"{path}: the output must be a folder that can be written to ({error.strerror}); "
                "name another with --output"
            ) from None

    def __enter__(self) -> OutputFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.staging, ignore_errors=True)
        if isinstance(error, OSError):
            raise OutputError(
                f"{self.path}: results cannot be written ({error.strerror}); free some space or "
                "name another folder with --output"
            ) from None

    def publish(self) -> list[Path]:
        """Move every file to its place and list them, sorted; remove those of an earlier run."""
        self.path.mkdir(parents=True, exist_ok=True)
        files = sorted(self.staging.iterdir())
        moved = [file.replace(self.path / file.name) for file in files]
        for name in set(self.products) - {file.name for file in files}:
            (self.path / name).unlink(missing_ok=True)
        return moved


def write_prediction(prediction: Prediction, folder: Path, pair_count: int | None) -> FolderContent:
    """Write residues.csv, pairs.csv, scores.npz, result.json and the coloured structures.

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
    write_table([asdict(r) for r in prediction.residue_rows()], folder / "residues.csv", columns)
    columns = [f.name for f in fields(PairRow)]
    pairs = [asdict(r) for r in prediction.pair_rows(pair_count)]
    write_table(pairs, folder / "pairs.csv", columns)
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
