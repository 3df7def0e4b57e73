"""Rotation and voxelization as Keras preprocessing layers: what makes a network take atoms."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from sasnet_core.structure.chemistry import CHANNELS


def build_surfacelets(edge: int) -> keras.Model:
    """Build the way from atoms to surfacelets.

    Parameters
    ----------
    edge : int
        Voxels of 1 A per axis.

    Returns
    -------
    keras.Model
        Inputs as `atom_inputs` makes them, output (n_residues, edge, edge, edge, 4), 0 or 1.
    """
    points, rotations, channels = inputs = atom_inputs()
    turned = Rotate(name="rotate")(points, rotations)
    return keras.Model(inputs, Voxelize(edge, name="voxelize")(turned, channels), name="atoms")


def atom_inputs(prefix: str = "") -> list[Any]:
    """Make the inputs for the atoms around residues.

    Parameters
    ----------
    prefix : str
        Put before the names of the inputs.

    Returns
    -------
    list of keras.KerasTensor
        Points (n_residues, n_atoms, 3), rotations (n_residues, 3, 3) and channels
        (n_residues, n_atoms), as `Rotate` and `Voxelize` read them.
    """
    return [
        keras.Input((None, 3), name=f"{prefix}points"),
        keras.Input((3, 3), name=f"{prefix}rotations"),
        keras.Input((None,), dtype="int32", name=f"{prefix}channels"),
    ]


def with_atoms(model: keras.Model, surfacelets: keras.Model) -> keras.Model:
    """Put the preprocessing layers in front of a network: the same network takes atoms.

    Parameters
    ----------
    model : keras.Model
        From `model.build_sasnet`.
    surfacelets : keras.Model
        From `build_surfacelets`.

    Returns
    -------
    keras.Model
        Inputs and output as the network's, the inputs of `atom_inputs` in place of each surfacelet.
    """
    inputs, given = [], []
    for read in model.inputs:
        if read.name.endswith("surfacelet"):
            atoms = atom_inputs(read.name.removesuffix("surfacelet"))
            inputs += atoms
            given.append(surfacelets(atoms))
        else:
            inputs.append(keras.Input(read.shape[1:], dtype=read.dtype, name=read.name))
            given.append(inputs[-1])
    return keras.Model(inputs, model(given), name="sasnet_from_atoms")


@keras.saving.register_keras_serializable(package="sasnet")
class Rotate(keras.layers.Layer):
    """Rotate point clouds about the origin, each by a rotation of its own.

    Which rotations these are is for the caller to say (`rotations.random_rotation`): a run that is
    resumed, or computed by another backend, must see the same ones.

    Parameters
    ----------
    **kwargs
        As for every Keras layer; float32 if no other precision is given, for in half precision
        atoms would move.

    Notes
    -----
    Inputs: points (batch, n_points, 3) and matrices (batch, 3, 3); output ``points @ matrix.T``.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})

    def call(self, points: Any, rotations: Any) -> Any:
        """Rotate the points."""
        columns = ops.expand_dims(ops.transpose(rotations, (0, 2, 1)), 2)  # (batch, 3, 1, 3)
        # No matrix product: on GPUs it would be rounded to fewer digits.
        return sum(points[..., k : k + 1] * columns[:, k] for k in range(3))

    def compute_output_shape(self, points_shape: Any, rotations_shape: Any) -> Any:
        """Return the points' shape."""
        return points_shape


@keras.saving.register_keras_serializable(package="sasnet")
class Voxelize(keras.layers.Layer):
    """Turn atoms around the origin into voxel grids, as `voxels.surfacelet` does.

    Parameters
    ----------
    edge : int
        Voxels of 1 A per axis; the cube is centred on the origin.
    **kwargs
        As for every Keras layer; float32 if no other precision is given.

    Notes
    -----
    Inputs: points (batch, n_points, 3) in angstrom relative to the CA, and channels
    (batch, n_points), rows of `chemistry.CHANNELS`, -1 for atoms of no channel and for padding.
    Output (batch, edge, edge, edge, 4), 0 or 1.
    """

    def __init__(self, edge: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.edge = edge

    def call(self, points: Any, channels: Any) -> Any:
        """Fill the grids."""
        edge, width = self.edge, len(CHANNELS)
        cells = ops.cast(ops.floor(points + edge / 2), "int32")  # (batch, n_points, 3)
        channels = ops.cast(channels, "int32")
        inside = ops.all(ops.logical_and(cells >= 0, cells < edge), axis=-1)
        inside = ops.logical_and(inside, channels >= 0)  # (batch, n_points)
        flat = (cells[..., 0] * edge + cells[..., 1]) * edge + cells[..., 2]
        size = edge**3 * width
        # Atoms outside fall into one more cell, which is cut off.
        flat = ops.where(inside, flat * width + channels, size)  # (batch, n_points)
        batch = ops.shape(points)[0]
        flat = flat + ops.expand_dims(ops.arange(batch, dtype="int32") * (size + 1), 1)
        ones = ops.ones_like(flat, dtype="float32")
        counts = ops.segment_sum(
            ops.reshape(ones, (-1,)), ops.reshape(flat, (-1,)), num_segments=batch * (size + 1)
        )
        grids = ops.reshape(counts, (-1, size + 1))[:, :size]  # (batch, edge ** 3 * 4)
        return ops.reshape(ops.minimum(grids, 1.0), (-1, edge, edge, edge, width))

    def compute_output_shape(self, points_shape: Any, channels_shape: Any) -> Any:
        """Return (batch, edge, edge, edge, 4)."""
        return (points_shape[0], self.edge, self.edge, self.edge, len(CHANNELS))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments to make the layer again."""
        return {**super().get_config(), "edge": self.edge}
