"""The folder of trained networks: names, and what belongs to all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sasnet_core.evaluation.compared import COMPARED
from sasnet_core.structure.protein import Protein

#: Keys of `train.baselines.methods.METHODS`, which takes seconds to import.
METHODS = tuple(COMPARED)
#: Subfolder of the proteins' graphs.
GRAPHS = "graphs"


def profile_reader(folder: Path) -> Callable[[Protein], np.ndarray]:
    """Return what reads the scores of a protein's profiles, shape (n_residues, 20).

    Parameters
    ----------
    folder : Path
        Made by `train.pssm`. Chains without homologs get rows of BLOSUM62.

    Raises
    ------
    ProfileError
        The folder is none of `train.pssm`.
    """
    from sasnet_core.conservation.residues import residue_profile, stored_profiles
    from sasnet_core.conservation.store import read_settings

    read_settings(folder)
    return lambda protein: residue_profile(protein, stored_profiles(protein, folder)).scores
