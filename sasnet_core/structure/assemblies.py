"""Chains that symmetry makes: biological assemblies, and assembly files with several models."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import gemmi

from sasnet_core.errors import StructureError

if TYPE_CHECKING:
    from pathlib import Path

#: Largest distance between a chain's centres of mass in two conformers; copies that symmetry makes
#: are farther apart (angstrom).
_CONFORMER_SHIFT = 5.0


def build_assembly(
    path: Path, structure: gemmi.Structure, model: gemmi.Model, name: str
) -> gemmi.Model:
    """Build a biological assembly; copies of chain A are named A-2, A-3, ...

    Parameters
    ----------
    path : Path
        The file, for messages.
    structure : gemmi.Structure
        Describes the assemblies.
    model : gemmi.Model
        What is copied.
    name : str
        Of the assembly.

    Raises
    ------
    StructureError
        The file describes no such assembly, or its chains are not there.
    """
    known = {assembly.name: assembly for assembly in structure.assemblies}
    if name not in known:
        names = ", ".join(known) or "none in this file"
        raise StructureError(f"{path}: no biological assembly {name!r}; there are: {names}")
    assembly = known[name]
    _drop_absent(assembly, model)
    built = gemmi.make_assembly(assembly, model, gemmi.HowToNameCopiedChain.Dup)
    if not len(built):
        raise StructureError(
            f"{path}: biological assembly {name!r} needs chains that are not in the file; "
            "use the file as deposited"
        )
    for chain in built:
        # Gemmi writes the number of the copy into the segment; restore that of the file.
        for residue, original in zip(chain, model[chain.name], strict=False):
            residue.segment = original.segment
    name_copies(built)
    return built


def _drop_absent(assembly: gemmi.Assembly, model: gemmi.Model) -> None:
    """Remove chains that are not in the file from an assembly's lists; gemmi stops at them."""
    chains = {chain.name for chain in model}
    subchains = {subchain.subchain_id() for subchain in model.subchains()}
    for generator in assembly.generators:
        generator.chains = [c for c in generator.chains if c in chains]
        generator.subchains = [s for s in generator.subchains if s in subchains]


def name_copies(model: gemmi.Model) -> None:
    """Name the second chain A of a model A-2, the third A-3, unless that name is taken."""
    taken = {chain.name for chain in model}
    copies: Counter[str] = Counter()
    for chain in model:
        original = chain.name
        copies[original] += 1
        if copies[original] == 1:
            continue
        while (name := f"{original}-{copies[original]}") in taken:
            copies[original] += 1
        chain.name = name
        taken.add(name)


def is_apart(model: gemmi.Model, first: gemmi.Model) -> bool:
    """Tell whether a coordinate model is a copy elsewhere rather than a conformer in place."""
    places = {chain.name: chain.calculate_center_of_mass() for chain in first}
    shifts = [
        places[chain.name].dist(chain.calculate_center_of_mass())
        for chain in model
        if chain.name in places
    ]
    return min(shifts, default=math.inf) > _CONFORMER_SHIFT
