"""PyMOL's selections: frozen into partners, checked, marked."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pymol import CmdException
from pymol import cmd as _cmd

#: Residue of a partner: segi, chain, resi (number and insertion code, "52A") as PyMOL has them.
Key = tuple[str, str, str]


@dataclass(frozen=True)
class PartnerSelection:
    """One binding partner, held fast as long as its prediction or result is kept.

    Attributes
    ----------
    side : str
        "left" or "right".
    name : str
        Hidden named selection of its polymer atoms; it follows renamed and edited objects.
    residues : dict
        Key of each residue to the name of its object, in PyMOL's order.
    file_chains : dict
        (segi, chain) to the chain's name in the file. Mostly the chain itself; made up where
        that is empty or stands for several segments, so that no two chains share a name.
    """

    side: str
    name: str
    residues: dict[Key, str] = field(repr=False)
    file_chains: dict[tuple[str, str], str]

    def keys_in_file(self) -> dict[tuple[str, str], Key]:
        """Return the key of each residue by its chain in the file and its resi."""
        return {(self.file_chains[key[:2]], key[2]): key for key in self.residues}

    @property
    def chains(self) -> list[str]:
        """Names of its chains, in order."""
        return list(dict.fromkeys(chain for _, chain, _ in self.residues))

    @property
    def models(self) -> list[str]:
        """Names that its objects had when it was frozen."""
        return list(dict.fromkeys(self.residues.values()))

    def macro(self, key: Key, resn: str) -> str:
        """Return PyMOL's own name of a residue, e.g. ``/1tii//D/TYR`52A``."""
        segi, chain, resi = key
        return f"/{self.residues[key]}/{segi}/{chain}/{resn}`{resi}"


def freeze(side: str, selection: str, _self: Any = _cmd) -> PartnerSelection:
    """Hold a selection fast as one partner.

    Parameters
    ----------
    side : str
        "left" or "right".
    selection : str
        Any atom selection; only its polymer atoms count.

    Raises
    ------
    pymol.CmdException
        The selection is wrong or empty, has parts of residues, or two of its objects have a chain
        of the same name.
    """
    name = hidden_name(side, _self)
    try:
        _self.select(name, f"({selection}) and polymer", enable=0, quiet=1)
    except CmdException:
        raise CmdException(f"{side} partner: cannot understand selection '{selection}'") from None
    try:
        return _partner(side, selection, name, _self)
    except CmdException:
        _self.delete(name)
        raise


def hold(
    side: str,
    residues: Iterable[tuple[str, str, str, str]],
    file_chains: dict[tuple[str, str], str],
    _self: Any = _cmd,
) -> PartnerSelection:
    """Make a partner of residues that one had before, e.g. in a saved session.

    Parameters
    ----------
    side : str
        "left" or "right".
    residues : iterable of tuple
        As `residues_of` lists them.
    file_chains : dict
        As `PartnerSelection` has it.

    Raises
    ------
    pymol.CmdException
        Not all of them are there.
    """
    models: dict[str, set[Key]] = {}
    for model, *key in residues:
        models.setdefault(model, set()).add(tuple(key))
    name = hidden_name(side, _self)
    atoms: list[tuple[str, int]] = []
    for model, keys in models.items():
        _self.iterate(
            f"?{model} and polymer",
            "atoms.append((model, index)) if (segi, chain, resi) in keys else None",
            space={"atoms": atoms, "keys": keys},
        )
    gather(name, atoms, _self)
    found = {tuple(key): model for model, *key in residues_of(name, _self)}
    if len(found) < sum(map(len, models.values())):
        _self.delete(name)
        raise CmdException(f"{side} partner: residues of {', '.join(models)} are missing")
    return PartnerSelection(side, name, found, file_chains)


def residues_of(name: str, _self: Any = _cmd) -> list[tuple[str, str, str, str]]:
    """List object, segi, chain and resi of each residue of a hidden selection, in order."""
    found: dict[tuple[str, str, str, str], None] = {}
    _self.iterate(f"?{name}", "found[model, segi, chain, resi] = None", space={"found": found})
    return list(found)


def residue_names(partner: PartnerSelection, _self: Any = _cmd) -> dict[Key, set[str]]:
    """Return the name of each residue of a partner; alternative amino acids have several."""
    found: dict[Key, set[str]] = {}
    _self.iterate(
        f"?{partner.name}",
        "found.setdefault((segi, chain, resi), names()).add(resn)",
        space={"found": found, "names": set},
    )
    return found


def hidden_name(purpose: str, _self: Any = _cmd) -> str:
    """Return a name for a hidden selection that no other has, in no saved session either."""
    return _self.get_unused_name(f"_sasnet_{purpose}_{secrets.token_hex(4)}", 0)


def release(partners: Iterable[PartnerSelection], _self: Any = _cmd) -> None:
    """Delete the hidden selections of partners."""
    for partner in partners:
        _self.delete(partner.name)


def require_apart(left: PartnerSelection, right: PartnerSelection) -> None:
    """Raise pymol.CmdException if a residue is in both partners."""
    shared = left.residues.items() & right.residues.items()
    if shared:
        number = "1 residue is" if len(shared) == 1 else f"{len(shared)} residues are"
        raise CmdException(f"{number} in both selections; left and right must not overlap")


def require_present(partners: Iterable[PartnerSelection], _self: Any = _cmd) -> None:
    """Raise pymol.CmdException if a partner's atoms were deleted since it was frozen."""
    for partner in partners:
        if not is_present(partner, _self):
            raise CmdException(f"{partner.side} partner: its atoms are gone; load them again")


def is_present(partner: PartnerSelection, _self: Any = _cmd) -> bool:
    """Return whether a partner still has atoms."""
    return bool(_self.count_atoms(f"?{partner.name}"))


def mark(name: str, partner: PartnerSelection, keys: set[Key], _self: Any = _cmd) -> None:
    """Make a named selection of some residues of a partner.

    By atom index: no name of a chain or segment, however odd, can then pick the wrong atoms.
    """
    mark_all(name, [(partner, keys)], _self)


def mark_all(
    name: str, parts: Iterable[tuple[PartnerSelection, set[Key]]], _self: Any = _cmd
) -> None:
    """Make a named selection of some residues of several partners."""
    atoms: list[tuple[str, int]] = []
    for partner, keys in parts:
        _self.iterate(
            f"%{partner.name}",
            "atoms.append((model, index)) if (segi, chain, resi) in keys else None",
            space={"atoms": atoms, "keys": keys},
        )
    gather(name, atoms, _self)


def gather(name: str, atoms: Iterable[tuple[str, int]], _self: Any = _cmd) -> None:
    """Make a named selection of atoms, each given as object and index."""
    indices: dict[str, list[int]] = {}
    for model, index in atoms:
        indices.setdefault(model, []).append(index)
    enabled = _self.get_names("public_selections", 1)
    parts = []
    for model, some in indices.items():  # "index 1+2+..." would take seconds for thousands
        parts.append(_self.get_unused_name("_sasnet_part"))
        _self.select_list(parts[-1], model, some, mode="index", quiet=1)
    _self.select(name, " or ".join(parts) or "none", enable=0, quiet=1)
    for part in parts:
        _self.delete(part)
    for other in enabled:  # "select" has switched these off
        _self.enable(other)


def choices(_self: Any = _cmd) -> list[str]:
    """List what could be a partner: chains, whole objects, named selections."""
    chains, objects = [], []
    for model in _self.get_object_list("polymer") or []:
        names = _self.get_chains(f"%{model} and polymer")
        if len(names) > 1:
            chains += [_chain_selection(model, name) for name in names]
        objects.append(model)
    return chains + objects + _self.get_names("public_selections")


def largest_chains(within: str = "", _self: Any = _cmd) -> tuple[str, str]:
    """Return the two chains with the most residues, the larger first.

    Parameters
    ----------
    within : str
        Atoms to look among; when left out the objects that are shown, or all of them if those
        have but one chain.

    Raises
    ------
    pymol.CmdException
        There are fewer than two.
    """
    for place in [within] if within else ["enabled", "all"]:
        counts: dict[tuple[str, str], int] = {}
        _self.iterate(
            f"({place}) and polymer.protein and name CA",
            "counts[model, chain] = counts.get((model, chain), 0) + 1",
            space={"counts": counts},
        )
        if len(counts) > 1:
            first, second = sorted(counts, key=lambda chain: -counts[chain])[:2]
            return _chain_selection(*first), _chain_selection(*second)
    where = f"'{within}'" if within else "what is loaded"
    raise CmdException(f"two protein chains are needed, {where} has {len(counts)}")


def cut_chains(partner: PartnerSelection, _self: Any = _cmd) -> str:
    """Warn in a sentence of chains of which a partner has only a part; nothing if it has none."""
    counts: dict[str, list[int]] = {}
    for place, selection in enumerate((f"bychain %{partner.name}", f"%{partner.name}")):
        _self.iterate(
            f"({selection}) and polymer and name CA",
            "counts.setdefault(chain, [0, 0])[place] += 1",
            space={"counts": counts, "place": place},
        )
    cut = [
        f"{there} of {all_} residues of chain {chain or '_'}"
        for chain, (all_, there) in counts.items()
        if there < all_
    ]
    if not cut:
        return ""
    return (
        f"{partner.side} partner has only {', '.join(cut)}: where a chain is cut, its inside looks "
        "like surface; select whole chains unless you mean one domain"
    )


def centres(partner: PartnerSelection, _self: Any = _cmd) -> dict[Key, tuple[str, int]]:
    """Return object and index of the CA atom of each residue; empty if the atoms are gone."""
    found: dict[Key, tuple[str, int]] = {}
    _self.iterate(
        f"?{partner.name} and name CA",
        # an assignment: PyMOL prints what a bare expression gives
        "found[segi, chain, resi] = found.get((segi, chain, resi), (model, index))",
        space={"found": found},
    )
    return found


def _partner(side: str, selection: str, name: str, _self: Any) -> PartnerSelection:
    found = residues_of(name, _self)
    if not found:
        raise CmdException(f"{side} partner: no protein atoms in selection '{selection}'")
    _require_whole_residues(side, selection, name, _self)
    _require_one_object_per_chain(side, found)
    models = {tuple(key): model for model, *key in found}
    return PartnerSelection(side, name, models, _file_chains(models))


def _require_whole_residues(side: str, selection: str, name: str, _self: Any) -> None:
    """Refuse single atoms, like "name CA": the network sees atoms, and would see few."""
    cut: set[tuple[str, ...]] = set()
    _self.iterate(
        f"(byres %{name}) and polymer and not (%{name} or elem H+D) and alt ''",
        "cut.add((model, segi, chain, resi))",
        space={"cut": cut},
    )
    if cut:
        number = "1 residue is" if len(cut) == 1 else f"{len(cut)} residues are"
        raise CmdException(
            f"{side} partner: {number} only partly in selection '{selection}'; "
            f"whole residues are needed: byres ({selection})"
        )


def _require_one_object_per_chain(side: str, found: Iterable[tuple[str, ...]]) -> None:
    models: dict[str, str] = {}
    for model, _, chain, _ in found:
        other = models.setdefault(chain, model)
        if other != model:
            raise CmdException(
                f"{side} partner: chain '{chain}' is in '{other}' and in '{model}'; "
                "choose one of them or rename a chain"
            )


def _file_chains(residues: Iterable[Key]) -> dict[tuple[str, str], str]:
    names: dict[tuple[str, str], str] = {}
    for segi, chain, _ in residues:
        if (segi, chain) not in names:
            names[segi, chain] = _unused(chain or segi or "A", names.values())
    return names


def _unused(name: str, used: Iterable[str]) -> str:
    candidates = [name, *(f"{name}-{number}" for number in range(2, len(list(used)) + 3))]
    return next(candidate for candidate in candidates if candidate not in used)


def _chain_selection(model: str, chain: str) -> str:
    name = chain if re.fullmatch(r"\w+", chain, re.ASCII) else f'"{chain}"'
    return f"{model} and chain {name}"
