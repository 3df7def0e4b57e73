"""The user's colours and B factors, kept before sasnet touches them, and given back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pymol import cmd as _cmd

#: What tells an atom from others of its object even after edits; the index does not.
_ATOM = "(ID, rank, name, alt)"


@dataclass(frozen=True)
class _Kept:
    """Colour and B factor of each atom of a hidden selection, which lies in one object."""

    name: str
    atoms: dict[tuple, tuple[int, float]]


class Backup:
    """What the atoms looked like that sasnet has coloured."""

    def __init__(self) -> None:
        self._kept: list[_Kept] = []

    def keep(self, selection: str, _self: Any = _cmd) -> None:
        """Keep what is not kept yet of some atoms."""
        known = " or ".join(f"?{kept.name}" for kept in self._kept) or "none"
        new = f"({selection}) and not ({known})"
        found: dict[str, dict[tuple, tuple[int, float]]] = {}
        _self.iterate(
            new,
            f"found.setdefault(model, dict())[{_ATOM}] = (color, b)",
            space={"found": found, "dict": dict},
        )
        for model, atoms in found.items():
            name = _self.get_unused_name("_sasnet_kept", 1)
            _self.select(name, f"%{model} and {new}", enable=0, quiet=1)
            self._kept.append(_Kept(name, atoms))

    def restore(self, selection: str, _self: Any = _cmd) -> int:
        """Give atoms their colour and B factor back and return how many had been touched."""
        count = 0
        for kept in list(self._kept):
            here = f"?{kept.name} and ({selection})"
            count += _self.alter(
                here,
                f"(color, b) = atoms.get({_ATOM}, (color, b))",
                space={"atoms": kept.atoms},
            )
            _self.recolor(here)
            _self.select(kept.name, f"?{kept.name} and not ({selection})", enable=0, quiet=1)
            if not _self.count_atoms(f"?{kept.name}"):
                _self.delete(kept.name)
                self._kept.remove(kept)
        return count
