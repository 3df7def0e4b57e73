"""A prediction as files: tables, arrays, JSON, structures."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from sasnet_core.errors import OutputError
from sasnet_core.files import write_arrays, write_json
from sasnet_core.results import patches
from sasnet_core.results.formats.registry import FORMATS, format_files
from sasnet_core.results.partner import SIDES, residue_labels
from sasnet_core.results.prediction import PairRow, ResidueRow
from sasnet_core.results.result import COMPLEX_FILE, RESULT_FILE, SCORES_FILE, FolderContent
from sasnet_core.results.spreadsheet import write_spreadsheet
from sasnet_core.results.staging import (
    StagingFolder,
    folder_locked,
    remove_leftovers,
    signals_held,
)

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    import numpy as np

    from sasnet_core.results.partner import InputPartner
    from sasnet_core.results.prediction import Prediction
    from sasnet_core.structure.reading import Structure


#: Every file that a run may write.
PRODUCTS = (
    "residues.csv", "patches.csv", "patch_pairs.csv", "pairs.csv", "scores.npz", "result.json",
    "complex.cif", "left.cif", "right.cif", "picture.png", "session.pse", "explain.csv",
    *format_files(list(FORMATS)),
)  # fmt: skip


class OutputFolder:
    """A folder that gets all files of a run at its end, or none of them.

    Files are written to a hidden folder beside it; `publish` moves them. Files that are not
    products of sasnet stay as they are.

    Parameters
    ----------
    path : Path
        The folder; made when the run succeeds.
    products : tuple of str
        Files that the run may write; those of an earlier run are replaced or removed.

    Attributes
    ----------
    removed : list of str
        Files of an earlier run that `publish` removed and did not replace.

    Raises
    ------
    OutputError
        It cannot be written to.
    """

    def __init__(self, path: Path, products: tuple[str, ...] = PRODUCTS) -> None:
        self.path = path
        self.products = products
        self.removed: list[str] = []
        try:
            if path.exists() and not path.is_dir():
                raise NotADirectoryError(20, "a file has this name")
            self._check_places()
            there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
            for folder in {there, path.absolute().parent}:
                remove_leftovers(folder)
            self._staging = StagingFolder(there)
        except OSError as error:
            raise OutputError(
                f"{path}: the output must be a folder that can be written to ({error.strerror}); "
                "name another with --output"
            ) from None
        self.staging = self._staging.path

    def _check_places(self) -> None:
        for name in self.products:
            if (self.path / name).is_dir():
                raise IsADirectoryError(21, f"{name} in it is a folder")

    def __enter__(self) -> OutputFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._staging.remove()
        if isinstance(error, OSError):
            raise OutputError(
                f"{self.path}: results cannot be written ({error.strerror}); free some space or "
                "name another folder with --output"
            ) from None

    def publish(self) -> list[Path]:
        """Move every file to its place and list them, sorted; remove those of an earlier run.

        Exports of an earlier run stay if its result was the same. Old and new files never lie
        together: the old ones are removed first, and result.json is the first to go and the last
        to come. Runs that end at one time publish one after the other.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        names = sorted(file.name for file in self.staging.iterdir())
        with signals_held(), folder_locked(self.path):
            old = [name for name in self.products if (self.path / name).is_file()]
            if not self._same_result():
                self.removed = sorted(set(old) - set(names))
            for name in sorted({*self.removed, *names}, key=RESULT_FILE.__ne__):
                (self.path / name).unlink(missing_ok=True)
            for name in sorted(names, key=RESULT_FILE.__eq__):
                (self.staging / name).replace(self.path / name)
        return [self.path / name for name in names]

    def _same_result(self) -> bool:
        """Return whether the folder holds the result that is to be published."""
        pairs = [(self.staging / n, self.path / n) for n in (RESULT_FILE, SCORES_FILE)]
        return all(
            new.is_file() and old.is_file() and new.read_bytes() == old.read_bytes()
            for new, old in pairs
        )

    def removal_note(self) -> list[str]:
        """Say in one line which files of an earlier run were removed; nothing if none was."""
        if not self.removed:
            return []
        return [
            f"{self.path} held files of an earlier run; these do not belong to the new "
            f"result and were removed: {', '.join(self.removed)}"
        ]


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
