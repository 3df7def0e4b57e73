"""Embeddings that a frozen tower gave once, a file for each complex.

The convolutions cost nearly all of a training step; with their result kept, context layers and
head see many times more complexes in the same time.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np
from keras import ops

from sasnet_core.files import written_whole
from sasnet_core.network.lattice import build_lattice, pad_lattice, random_pose
from sasnet_core.network.lattice_tower import embed_lattice, lattice_tensors
from sasnet_core.network.tracing import compiled

if TYPE_CHECKING:
    from pathlib import Path

    from sasnet_core.dataset.complexes import Complex
    from sasnet_core.network.network import Network
    from sasnet_core.structure.protein import Protein


class EmbeddingCache:
    """Keeps the tower's embeddings of complexes in a few random poses each.

    Parameters
    ----------
    network : Network
        Whose tower; its weights must not change while the files are in use.
    folder : Path
        Each tower (weights, sizes and precision), pose count and seed has a folder of its own in
        it, so that no embeddings of another are read. Complexes that have a file there are not
        embedded again.
    poses : int
        Random poses of each complex.
    seed : int
        Seed of the poses.
    """

    def __init__(self, network: Network, folder: Path, poses: int, seed: int) -> None:
        self._config, self._poses, self._seed = network.config, poses, seed
        self._folder = folder / f"{_tower_hash(network)[:16]}-{poses}-{seed}"
        tower, config = network.tower, network.config
        self._embed = compiled(lambda tensors: embed_lattice(tower, config, tensors))

    def add(self, item: Complex) -> None:
        """Embed a complex, each partner and pose in a rotation of its own."""
        path = self._path(item)
        if path.exists():
            return
        rng = np.random.default_rng([self._seed, *item.name.encode()])
        poses = [
            np.concatenate([self._pose(protein, rng) for protein in (item.left, item.right)])
            for _ in range(self._poses)
        ]
        with written_whole(path, "wb") as stream:
            np.save(stream, np.stack(poses).astype(np.float16))

    def read(self, item: Complex) -> np.ndarray:
        """Return a complex's embeddings.

        Returns
        -------
        ndarray, shape (poses, n_residues, embedding_size), float16
            Left residues first.
        """
        embeddings: np.ndarray = np.load(self._path(item))
        return embeddings

    def _path(self, item: Complex) -> Path:
        """Name a complex's file by its atoms too: bound and unbound states share a name."""
        content = f"{item.left.content_hash[:12]}-{item.right.content_hash[:12]}"
        return self._folder / f"{item.name}-{content}.npy"

    def _pose(self, protein: Protein, rng: np.random.Generator) -> np.ndarray:
        lattice = pad_lattice(build_lattice(protein, self._config, random_pose(rng)))
        return np.asarray(ops.convert_to_numpy(self._embed(lattice_tensors(lattice))))


def _tower_hash(network: Network) -> str:
    """Hash what embeddings depend on apart from the protein's pose: weights, sizes, precision."""
    precision = [layer.dtype_policy.name for layer in network.tower.layers]
    digest = hashlib.sha256(json.dumps([network.config.tower_sizes, precision]).encode())
    for variable in network.tower.weights:
        digest.update(ops.convert_to_numpy(variable).tobytes())
    return digest.hexdigest()
