"""The user's colours and B factors, kept before sasnet changes them, and restored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymol import cmd as _cmd

from . import selections

#: What tells an atom from others of its object even after edits; the index does not. Atoms of an
#: object that was made of several are told apart by their residues too.
_ATOM = "(ID, rank, name, alt)"
_ATOM_OF_RESIDUE = "(ID, rank, name, alt, segi, chain, resi, resn)"


@dataclass(frozen=True)
class _Kept:
    """Colour and B factor of each atom of a hidden selection, which lies in one object."""

    name: str
    atoms: dict[tuple, tuple[int, float]]

    @property
    def key(self) -> str:
        """What its atoms are told apart by."""
        return _key(self.atoms)


def _key(atoms: Mapping[tuple, object]) -> str:
    return _ATOM if len(next(iter(atoms), ())) == 4 else _ATOM_OF_RESIDUE


class Backup:
    """What the atoms looked like that sasnet has coloured."""

    def __init__(self) -> None:
        self._kept: list[_Kept] = []

    def keep(self, selection: str, _self: Any = _cmd) -> None:
        """Keep what is not kept yet of some atoms."""
        known = " or ".join(f"?{kept.name}" for kept in self._kept) or "none"
        new = f"({selection}) and not ({known})"
        models: set[str] = set()
        _self.iterate(new, "models.add(model)", space={"models": models})
        for model in sorted(models):
            atoms: dict[tuple, tuple[int, float]] = {}
            _self.iterate(
                f"%{model} and {new}",
                f"atoms[{self._telling(model, _self)}] = (color, b)",
                space={"atoms": atoms},
            )
            name = selections.hidden_name("kept", _self)
            _self.select(name, f"%{model} and {new}", enable=0, quiet=1)
            self._kept.append(_Kept(name, atoms))

    @staticmethod
    def _telling(model: str, _self: Any) -> str:
        """Return what tells the atoms of an object apart."""
        places: set[tuple] = set()
        count = _self.iterate(f"%{model}", f"places.add({_ATOM})", space={"places": places})
        return _ATOM if len(places) == count else _ATOM_OF_RESIDUE

    def forget_absent(self, _self: Any = _cmd) -> None:
        """Forget what is kept of atoms that are gone."""
        self._kept = [kept for kept in self._kept if _self.count_atoms(f"?{kept.name}")]

    def packed(self, _self: Any = _cmd) -> list[dict[str, Any]]:
        """Return all as builtin types, colours by name where they have one."""
        names = {index: name for name, index in _self.get_color_indices(1)}
        packed = []
        for kept in self._kept:
            found: dict[str, set[tuple]] = {}
            _self.iterate(
                f"?{kept.name}",
                f"found.setdefault(model, set()).add({kept.key})",
                space={"found": found, "set": set},
            )
            for model, atoms in found.items():
                rows = [
                    (atom, names.get(colour, colour), b)
                    for atom, (colour, b) in kept.atoms.items()
                    if atom in atoms
                ]
                packed.append({"selection": kept.name, "model": model, "atoms": rows})
        return packed

    def unpack(self, packed: list[dict[str, Any]], _self: Any = _cmd) -> None:
        """Keep what `packed` gave, unless it is kept already."""
        there = {kept.name for kept in self._kept}
        indices = dict(_self.get_color_indices(1))
        for each in packed:
            if each["selection"] in there:
                continue
            atoms = {
                tuple(atom): (indices.get(colour, colour), b) for atom, colour, b in each["atoms"]
            }
            _self.delete(each["selection"])
            self._take(each["model"], atoms, _self)

    def _take(self, model: str, atoms: dict[tuple, tuple[int, float]], _self: Any) -> None:
        found: list[tuple[str, int]] = []
        known = " or ".join(f"?{kept.name}" for kept in self._kept) or "none"
        _self.iterate(
            f"?{model} and not ({known})",
            f"found.append((model, index)) if {_key(atoms)} in atoms else None",
            space={"found": found, "atoms": atoms},
        )
        if found:
            name = selections.hidden_name("kept", _self)
            selections.gather(name, found, _self)
            self._kept.append(_Kept(name, atoms))

    def restore(self, selection: str, _self: Any = _cmd) -> int:
        """Give atoms their colour and B factor back and return how many had been touched."""
        count = 0
        for kept in list(self._kept):
            here = f"?{kept.name} and ({selection})"
            count += _self.alter(
                here,
                f"(color, b) = atoms.get({kept.key}, (color, b))",
                space={"atoms": kept.atoms},
            )
            _self.recolor(here)
            _self.select(kept.name, f"?{kept.name} and not ({selection})", enable=0, quiet=1)
            if not _self.count_atoms(f"?{kept.name}"):
                _self.delete(kept.name)
                self._kept.remove(kept)
        return count
