"""Antibodies, recognized by their sequence: their interfaces and their antigens' are special."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sasnet_core.structure.protein import Protein

#: What a calibration knows a protein as, beside "" for all others.
ANTIBODY, ANTIGEN = "antibody", "antigen"
#: A variable domain of a heavy chain: the two cysteines of its disulfide bond with the tryptophan
#: between them, then, after the third hypervariable loop, the start of the J region (W-G-x-G in
#: heavy chains, F-G-x-G in light chains and T-cell receptors). Distances allow for residues that
#: are not resolved. On DB3 and DB4U it finds 23 of 24 antibodies and nothing else; the missed one
#: is of a shark.
HEAVY_DOMAIN = re.compile(r"C.{9,17}W.{45,80}[YF].C.{3,40}WG.G")


def is_antibody(protein: Protein) -> bool:
    """Tell whether a chain of a protein has the variable domain of a heavy chain.

    Nanobodies have one too. A light chain alone is not recognized.
    """
    letters = np.array(list(protein.sequence))
    return any(
        HEAVY_DOMAIN.search("".join(letters[protein.chain_ids == chain]))
        for chain in dict.fromkeys(protein.chain_ids.tolist())
    )


def kind_alone(protein: Protein) -> str:
    """Name the kind of a protein whose partner is not known: an antibody, else ""."""
    return ANTIBODY if is_antibody(protein) else ""


def kinds_of(left: Protein, right: Protein) -> tuple[str, str]:
    """Name the kinds of two partners: an antibody and its antigen, else "" for both.

    Two antibodies are nothing special to each other.
    """
    found = is_antibody(left), is_antibody(right)
    if found == (True, False):
        return ANTIBODY, ANTIGEN
    return (ANTIGEN, ANTIBODY) if found == (False, True) else ("", "")
