"""Counts of floating-point operations: what a network costs, whatever the machine."""

from __future__ import annotations

import numpy as np

from sasnet_core.config import ModelConfig
from sasnet_core.network.lattice import Lattice, build_lattice, is_convolution, random_pose
from sasnet_core.structure.chemistry import CHANNELS
from sasnet_core.structure.protein import Protein


def dense_operations(config: ModelConfig) -> float:
    """Count those of the tower's dense layer, one residue."""
    return 2.0 * config.output_voxels**3 * config.filters[-1] * config.embedding_size


def lattice_convolutions(
    protein: Protein, config: ModelConfig, residues: np.ndarray | None = None
) -> np.ndarray:
    """Count those of each convolution on a protein's lattice in one pose, near atoms only."""
    pose = random_pose(np.random.default_rng(0))
    return convolution_operations(build_lattice(protein, config, pose, residues), config)


def convolution_operations(lattice: Lattice, config: ModelConfig) -> np.ndarray:
    """Count those of each convolution on a lattice."""
    channels = (len(CHANNELS), *config.filters)
    rows = [len(reads[-1]) for reads in lattice.tables if is_convolution(reads)]
    counts = [2.0 * n * 27 * channels[k] * channels[k + 1] for k, n in enumerate(rows)]
    return np.array(counts)


def window_operations(config: ModelConfig) -> float:
    """Count those of the tower on one residue's own voxel grid."""
    channels = (len(CHANNELS), *config.filters)
    edge, total = config.edge_read, dense_operations(config)
    for number in range(1, len(config.filters) + 1):
        edge -= 2
        total += 2.0 * edge**3 * 27 * channels[number - 1] * channels[number]
        if number in config.pooled_layers:
            edge //= 2
    return total


def head_operations(left: int, right: int, config: ModelConfig) -> float:
    """Count those of the split head on all pairs of some residues, both orders."""
    return pair_operations(left + right, left * right, config)


def pair_operations(residues: int, pairs: int, config: ModelConfig) -> float:
    """Count those of the split head on some pairs of some residues, both orders."""
    first, *rest = config.head_sizes
    sizes = [first, *rest, 1]
    layers = sum(2.0 * a * b for a, b in zip(sizes, sizes[1:], strict=False))
    return 2 * (2.0 * residues * config.head_input * first + pairs * layers)
