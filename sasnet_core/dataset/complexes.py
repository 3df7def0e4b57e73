"""Complexes and their files: one .npz per complex, a manifest.csv over them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from sasnet_core.errors import DatasetError
from sasnet_core.files import read_arrays, write_arrays
from sasnet_core.metrics import auroc
from sasnet_core.structure.contacts import NOWHERE, contact_matrix
from sasnet_core.structure.protein import Protein

if TYPE_CHECKING:
    from collections.abc import Sequence

_Item = TypeVar("_Item")
#: Files of a dataset beside its complexes: their table, rejected candidates, and a summary.
MANIFEST, REJECTED, SUMMARY = "manifest.csv", "rejected.csv", "dataset.json"


@dataclass(frozen=True)
class Complex:
    """Two partners and the pairs of their residues that touch in the bound complex."""

    name: str
    left: Protein
    right: Protein
    contacts: np.ndarray  # (n_contacts, 2) int32, rows (left residue, right residue)
    #: Rows, int32, of the left and of the right residues that touch third chains of the assembly.
    elsewhere: tuple[np.ndarray, np.ndarray] = (NOWHERE, NOWHERE)

    def labels(self) -> np.ndarray:
        """Return which residue pairs are contacts, shape (n_left, n_right), bool."""
        return contact_matrix(self.contacts, self.left.n_residues, self.right.n_residues)

    def auroc(self, scores: np.ndarray) -> float:
        """Compute the AUROC over all pairs; the CAUROC is the median of these over complexes.

        Parameters
        ----------
        scores : ndarray, shape (n_left, n_right)
            Score of each residue pair.

        Returns
        -------
        float
            0 to 1; nan if all pairs or none are contacts.
        """
        return auroc(self.labels(), scores)


def save_complex(item: Complex, path: Path) -> None:
    """Write a complex as .npz without pickle; creates its folder if needed."""
    arrays: dict[str, np.ndarray] = {"name": np.array(item.name), "contacts": item.contacts}
    for side, elsewhere in zip(("left", "right"), item.elsewhere, strict=True):
        protein: Protein = getattr(item, side)
        arrays[f"elsewhere_{side}"] = elsewhere
        arrays[f"{side}_name"] = np.array(protein.name)
        arrays |= {f"{side}_{key}": value for key, value in protein.array_fields().items()}
    write_arrays(arrays, path)


def load_complex(path: Path) -> Complex:
    """Read a complex.

    Raises
    ------
    DatasetError
        The file is missing or does not hold a complex.
    """
    try:
        arrays = read_arrays(path)
        left, right = (_protein_of(arrays, side) for side in ("left", "right"))
        elsewhere = arrays["elsewhere_left"], arrays["elsewhere_right"]
        return Complex(str(arrays["name"]), left, right, arrays["contacts"], elsewhere)
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{path}: a complex (.npz) is needed ({error}); build it again"
        ) from None


def _protein_of(arrays: dict[str, np.ndarray], side: str) -> Protein:
    prefix = f"{side}_"
    values: dict[str, Any] = {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
    return Protein(name=str(values.pop("name")), **values)


def read_manifest(dataset: Path) -> list[dict[str, str]]:
    """Read the manifest of a dataset, one dict per complex.

    Parameters
    ----------
    dataset : Path
        The dataset, or a copy of its manifest alone.

    Raises
    ------
    DatasetError
        There is no manifest.
    """
    path = Path(dataset) if Path(dataset).is_file() else Path(dataset) / MANIFEST
    if not path.is_file():
        raise DatasetError(
            f"{dataset}: a dataset needs a {MANIFEST}, this one has none; make one with train.mine "
            "or train.db5"
        )
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def benchmark_rows(
    dataset: Path, splits: str | None, state: str | None = None
) -> list[dict[str, str]]:
    """List a dataset's complexes of some splits in one state.

    Parameters
    ----------
    dataset : Path
        Made by `train.db5` or by `train.mine`. Every mined complex is bound.
    splits : str or None
        Like ``"DB3,DB4U"`` or ``"validation"``; None for all.
    state : str, optional
        "unbound" or "bound". Default: "unbound" if the dataset has unbound complexes, else "bound".

    Returns
    -------
    list of dict
        Rows of the manifest with their ``state``, at least one.

    Raises
    ------
    DatasetError
        There is no such complex.
    """
    wanted = None if splits is None else splits.split(",")
    manifest = [{"state": "bound", **row} for row in read_manifest(dataset)]
    if state is None:
        state = "unbound" if any(row["state"] == "unbound" for row in manifest) else "bound"
    rows = [
        row
        for row in manifest
        if (wanted is None or row["split"] in wanted) and row["state"] == state
    ]
    if not rows:
        raise DatasetError(
            f"{dataset}: {state} complexes of {splits or 'any split'} are needed, there are none; "
            "name another split or dataset"
        )
    return rows


def evenly_spread(items: Sequence[_Item], count: int | None) -> list[_Item]:
    """Take some items of a list, from the first to the last at even steps.

    Parameters
    ----------
    items : sequence
        Rows of a manifest, say.
    count : int or None
        Number of items, at most; None: all.

    Examples
    --------
    >>> evenly_spread("abcdefg", 3)
    ['a', 'd', 'g']
    """
    places = np.linspace(0, len(items) - 1, min(count or len(items), len(items)))
    return [items[k] for k in places.round().astype(int)]
