"""From what a user names to two partners that are read."""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sasnet_core.errors import SelectionError

if TYPE_CHECKING:
    from sasnet_core.results.partner import InputPartner
    from sasnet_core.shell.fetch import Found, Sources
    from sasnet_core.structure.reading import Structure

#: The demo: a bacterial toxin and the protein that neutralizes it; no network was trained on them.
DEMO_FILE, DEMO_CHAINS = "demo/4bi8.pdb.gz", ("A", "B")


@dataclass(frozen=True)
class Question:
    """Two partners as a user names them."""

    structures: tuple[str, ...]  # one with both partners, or two: files, or ids of entries
    left_chains: str = ""  # like H,L
    right_chains: str = ""
    model: int = 1
    assembly: str | None = None


def demo_question(model: int = 1, assembly: str | None = None) -> Question:
    """Ask about both chains of the demo structure."""
    return Question((str(demo_structure()),), *DEMO_CHAINS, model, assembly)


def read_partners(question: Question, sources: Sources) -> tuple[InputPartner, InputPartner]:
    """Read the structures and make the two partners.

    Raises
    ------
    SelectionError
        Chains are missing, or one chain is on both sides of one file.
    StructureError
        A structure cannot be used.
    DownloadError
        A structure is named by its id and cannot be downloaded.
    """
    from sasnet_core.results.partner import InputPartner
    from sasnet_core.structure import reading

    found = [sources.find(name) for name in question.structures]
    files = [reading.read(place.path, question.model, question.assembly) for place in found]
    left_chains = with_blank_name(files[0], split_chains(question.left_chains))
    right_chains = with_blank_name(files[-1], split_chains(question.right_chains))
    if len(files) == 1:
        check_sides(files[0], left_chains, right_chains)
    left, right = (
        InputPartner(side, file, file.protein(chains), _settings(question, place))
        for side, file, chains, place in (
            ("left", files[0], left_chains, found[0]),
            ("right", files[-1], right_chains, found[-1]),
        )
    )
    return left, right


def read_one(question: Question, sources: Sources, chains: list[str]) -> InputPartner:
    """Read the structure of one protein; all its chains if none is named.

    Raises
    ------
    SelectionError
        A chain is missing.
    StructureError
        The structure cannot be used.
    DownloadError
        It is named by its id and cannot be downloaded.
    """
    from sasnet_core.results.partner import InputPartner
    from sasnet_core.structure import reading

    place = sources.find(question.structures[0])
    file = reading.read(place.path, question.model, question.assembly)
    wanted = with_blank_name(file, chains) or file.chain_ids()
    return InputPartner("protein", file, file.protein(wanted), _settings(question, place))


def _settings(question: Question, place: Found) -> dict[str, str | int | None]:
    """Say how a partner was made, for result.json."""
    settings = {"model": question.model, "assembly": question.assembly}
    return settings if place.id is None else {**settings, "id": place.id, "origin": place.origin}


def with_blank_name(file: Structure, chains: list[str]) -> list[str]:
    """Take ``_`` as the chain without a name, unless a chain has that name."""
    if "_" in file.chain_ids():
        return chains
    return ["" if name == "_" else name for name in chains]


def split_chains(text: str) -> list[str]:
    """Split ``H,L`` into chain names."""
    return [name.strip() for name in text.split(",") if name.strip()]


def check_sides(file: Structure, left: list[str], right: list[str]) -> None:
    """Check that one file has chains on both sides, and no chain on both."""
    if not left or not right:
        known = ", ".join(name or "_" for name in file.chain_ids()) or "none"
        raise SelectionError(
            f"{file.path}: one file needs both --left and --right; its protein chains: {known}"
        )
    both = sorted(set(left) & set(right))
    if both:
        shown = ", ".join(name or "_" for name in both)
        chains = [name or "_" for name in file.chain_ids()]
        advice = (
            f"choose among {', '.join(chains)}"
            if len(chains) > 1
            else "the file has no other; give its chains names, or, for a homodimer of one chain, "
            "give the file twice"
        )
        raise SelectionError(
            f"{file.path}: chain {shown} is on both sides; each chain may be on one ({advice})"
        )


def demo_structure() -> Path:
    """Find the demo structure, which comes with sasnet."""
    return Path(str(importlib.resources.files("sasnet_core.resources"))) / DEMO_FILE
