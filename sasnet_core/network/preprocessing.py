"""Rotation and voxelization as Keras preprocessing layers: a model can be fed atoms."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from sasnet_core.structure.chemistry import CHANNELS


@keras.saving.register_keras_serializable(package="sasnet")
class RandomRotation3D(keras.layers.Layer):
    """Rotate point clouds about the origin, each by its own uniform random rotation.

    Parameters
    ----------
    seed : int, optional
        Seed of the rotations.
    always : bool
        Rotate at prediction too (the paper averages 20 random rotations there); otherwise only
        in training.
    **kwargs
        As for every Keras layer.

    Notes
    -----
    Input (batch, n_points, 3), output the same shape. A normally distributed quaternion is
    uniform in direction, and so is its rotation (Shoemake 1992).
    """

    def __init__(self, seed: int | None = None, always: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.always = always
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, points: Any, training: bool = False) -> Any:
        """Rotate the points."""
        if not (training or self.always):
            return points
        quaternions = keras.random.normal((ops.shape(points)[0], 4), seed=self.seed_generator)
        matrices = _rotation_matrices(quaternions / ops.norm(quaternions, axis=1, keepdims=True))
        return ops.matmul(points, ops.transpose(matrices, (0, 2, 1)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the arguments to make the layer again."""
        return {**super().get_config(), "seed": self.seed, "always": self.always}


def _rotation_matrices(quaternions: Any) -> Any:
    """Turn unit quaternions (batch, 4) into matrices (batch, 3, 3)."""
    x, y, z, w = (quaternions[:, k] for k in range(4))
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return ops.stack([ops.stack(row, axis=-1) for row in rows], axis=1)


@keras.saving.register_keras_serializable(package="sasnet")
class Voxelize(keras.layers.Layer):
    """Turn atoms around the origin into voxel grids, as `voxels.surfacelet` does.

    Parameters
    ----------
    edge : int
        Voxels of 1 A per axis; the cube is centred on the origin.
    **kwargs
        As for every Keras layer.

    Notes
    -----
    Inputs: points (batch, n_points, 3) in angstrom relative to the CA, and channels
    (batch, n_points), rows of `chemistry.CHANNELS`, -1 for atoms of no channel and for padding.
    Output (batch, edge, edge, edge, 4), 0 or 1.
    """

    def __init__(self, edge: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.edge = edge

    def call(self, points: Any, channels: Any) -> Any:
        """Fill the grids."""
        edge, width = self.edge, len(CHANNELS)
        cells = ops.cast(ops.floor(points + edge / 2), "int32")
        channels = ops.cast(channels, "int32")
        inside = ops.all(ops.logical_and(cells >= 0, cells < edge), axis=-1)
        inside = ops.logical_and(inside, channels >= 0)
        flat = (cells[..., 0] * edge + cells[..., 1]) * edge + cells[..., 2]
        size = edge**3 * width
        # Atoms outside fall into one more cell, which is cut off.
        flat = ops.where(inside, flat * width + channels, size)
        batch = ops.shape(points)[0]
        flat = flat + ops.expand_dims(ops.arange(batch, dtype="int32") * (size + 1), 1)
        ones = ops.ones_like(flat, dtype="float32")
        counts = ops.segment_sum(
            ops.reshape(ones, (-1,)), ops.reshape(flat, (-1,)), num_segments=batch * (size + 1)
        )
        grids = ops.reshape(counts, (-1, size + 1))[:, :size]
        return ops.reshape(ops.minimum(grids, 1.0), (-1, edge, edge, edge, width))

    def compute_output_shape(self, points_shape: Any, channels_shape: Any) -> Any:
        """Return (batch, edge, edge, edge, 4)."""
        return (points_shape[0], self.edge, self.edge, self.edge, len(CHANNELS))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments to make the layer again."""
        return {**super().get_config(), "edge": self.edge}
