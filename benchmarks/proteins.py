"""Proteins of any size to measure with."""

from __future__ import annotations

import numpy as np

from sasnet_core.structure.protein import Protein

RESIDUE_VOLUME = 135.0  # A^3 in folded proteins
RESIDUE_ATOMS = 8
ELEMENT_SHARES = (0.63, 0.20, 0.16, 0.01)  # C, O, N, S


def ball(residues: int, seed: int) -> Protein:
    """Make a ball of random residues, as dense as a protein."""
    rng = np.random.default_rng(seed)
    radius = (RESIDUE_VOLUME * residues * 3 / 4 / np.pi) ** (1 / 3)
    directions = rng.normal(size=(residues, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    centers = radius * directions * rng.random((residues, 1)) ** (1 / 3)
    owners = np.repeat(np.arange(residues, dtype=np.int32), RESIDUE_ATOMS)
    shifts = (
        rng.uniform(-2.5, 2.5, (len(owners), 3))
        * (np.arange(len(owners)) % RESIDUE_ATOMS > 0)[:, None]
    )
    return Protein(
        name=f"ball {seed}",
        coords=(centers[owners] + shifts).astype(np.float32),
        elements=rng.choice(4, len(owners), p=ELEMENT_SHARES).astype(np.int8),
        atom_residues=owners,
        centers=centers.astype(np.float32),
        chain_ids=np.full(residues, "A"),
        residue_ids=np.arange(1, residues + 1).astype(str),
        segment_ids=np.full(residues, ""),
        residue_names=np.full(residues, "ALA"),
    )
