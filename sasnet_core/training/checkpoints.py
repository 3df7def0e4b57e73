"""Checkpoints of a training run: every variable in one .npz file, the two newest kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sasnet_core.errors import SasnetError
from sasnet_core.files import read_arrays, write_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np

#: Checkpoints that stay.
KEPT = 2


class CheckpointError(SasnetError):
    """A checkpoint cannot be used."""


def list_checkpoints(folder: Path) -> list[Path]:
    """List the checkpoints of a run, oldest first."""
    return sorted(folder.glob("step-*.npz"))


def write_checkpoint(arrays: Mapping[str, np.ndarray], step: int, folder: Path) -> None:
    """Write a checkpoint whole or not at all, then drop those no longer needed."""
    write_arrays(arrays, folder / f"step-{step:09d}.npz")
    for path in list_checkpoints(folder)[:-KEPT]:
        path.unlink()


def read_checkpoint(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of a checkpoint.

    Raises
    ------
    CheckpointError
        The file is damaged.
    """
    try:
        return read_arrays(path)
    except ValueError as error:
        raise CheckpointError(
            f"{path}: a checkpoint is needed, this file is damaged ({error}); delete it to go on "
            "from the one before"
        ) from None
