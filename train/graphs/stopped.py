"""Runs that were stopped: all that a network on graphs needs to go on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from sasnet_core.training.checkpoints import list_checkpoints, read_checkpoint, write_checkpoint
from train.baselines.pairs import Scale


@dataclass(frozen=True)
class Stopped:
    """Where a run was when its last checkpoint was written.

    Attributes
    ----------
    step : int
        Steps done.
    place : int
        Complexes of the stream that were taken or passed over.
    scale : Scale
        Of the features of residues.
    arrays : dict
        Variables of the network and of its optimizer.
    """

    step: int
    place: int
    scale: Scale
    arrays: dict[str, np.ndarray]

    def fill(self, model: keras.Model) -> None:
        """Give a compiled network of the same sizes these variables."""
        for name, variable in _variables(model).items():
            variable.assign(self.arrays[name])


def find_stopped(folder: Path) -> Stopped | None:
    """Read the last checkpoint of a run; None if there is none."""
    paths = list_checkpoints(folder)
    if not paths:
        return None
    arrays = read_checkpoint(paths[-1])
    step, place = arrays.pop("progress").tolist()
    return Stopped(step, place, Scale(arrays.pop("mean"), arrays.pop("deviation")), arrays)


def write_stopped(folder: Path, model: keras.Model, scale: Scale, step: int, place: int) -> None:
    """Write a checkpoint; step, place and scale as in `Stopped`."""
    arrays = {name: np.asarray(variable) for name, variable in _variables(model).items()}
    facts = {"progress": np.array([step, place]), "mean": scale.mean, "deviation": scale.deviation}
    write_checkpoint(arrays | facts, step, folder)


def delete_stopped(folder: Path) -> None:
    """Delete the checkpoints of a run that has ended."""
    for path in list_checkpoints(folder):
        path.unlink()


def _variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Name the variables of a compiled network and of its optimizer, which it builds."""
    model.optimizer.build(model.trainable_variables)
    both = (*model.variables, *model.optimizer.variables)
    return {f"variable{number}": variable for number, variable in enumerate(both)}
