"""The results of a PyMOL session, by name: what the child wrote, bound to atoms in PyMOL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pymol import CmdException
from pymol import cmd as _cmd

from . import selections
from .child_result import ChildResult, Residue, SurfacePatch
from .selections import Key, PartnerSelection

#: Chains of a side that a result's name lists.
_NAMED = 3
_NAME_PART = re.compile(r"\W+", re.ASCII)


@dataclass(frozen=True)
class BoundResult:
    """A result of the child process and the atoms in PyMOL that it is about.

    Attributes
    ----------
    name : str
        Its name in commands and lists.
    partners : mapping
        Each side's partner; their hidden selections live as long as the result.
    keys : mapping
        Of each side, PyMOL's key of each predicted residue, in the order of the child's result.
    child_result : ChildResult
        What the child wrote.
    threshold : float
        Probability from which residues count as interface.
    final : bool
        False while rotations are still being added.
    """

    name: str
    partners: Mapping[str, PartnerSelection]
    keys: Mapping[str, list[Key]] = field(repr=False)
    child_result: ChildResult = field(repr=False)
    threshold: float
    final: bool = True

    def residues(self, side: str) -> list[tuple[Key, Residue]]:
        """List a side's predicted residues, in the order of the matrices."""
        return list(zip(self.keys[side], self.child_result.residues[side]))  # noqa: B905 (Python 3.9)

    def values(self, side: str, what: str = "probability") -> dict[Key, float]:
        """Return probability or spread of each predicted residue of a side."""
        return {key: getattr(residue, what) for key, residue in self.residues(side)}

    def interface(self, side: str, threshold: float | None = None) -> set[Key]:
        """Return the residues of a side that reach a threshold, that of the result by default."""
        least = self.threshold if threshold is None else threshold
        return {key for key, value in self.values(side).items() if value >= least}

    def patch_keys(self, patch: SurfacePatch) -> set[Key]:
        """Return the residues of a patch."""
        return {self.keys[patch.side][row] for row in patch.rows}

    def label(self, side: str, row: int) -> str:
        """Name a residue for people, like ``TYR D52A``."""
        _, chain, resi = self.keys[side][row]
        return f"{self.child_result.residues[side][row].name} {chain}{resi}"

    def best_partners(self, side: str, row: int, most: int) -> list[tuple[int, float]]:
        """Return rows and scores of the partner's residues that score best with one residue.

        Each has at least half of the best one's score; one protein alone has no partner.
        """
        scores = self.child_result.scores
        if scores is None:
            return []
        own = scores.row(row) if side == "left" else scores.column(row)
        ranked = sorted(enumerate(own), key=lambda item: -item[1])[:most]
        return [(place, score) for place, score in ranked if score >= 0.5 * ranked[0][1]]


def bind(
    name: str,
    partners: Mapping[str, PartnerSelection],
    child_result: ChildResult,
    threshold: float | None = None,
    final: bool = True,
) -> BoundResult:
    """Give the predicted residues PyMOL's names, without asking PyMOL.

    Raises
    ------
    pymol.CmdException
        The child's result has residues that the partners do not have.
    """
    keys = {side: _keys(partners[side], child_result.residues[side]) for side in child_result.sides}
    least = child_result.threshold if threshold is None else threshold
    return BoundResult(name, partners, keys, child_result, least, final)


def _keys(partner: PartnerSelection, residues: tuple[Residue, ...]) -> list[Key]:
    known = partner.keys_in_file()
    unknown = [each for each in residues if (each.chain, each.resi) not in known]
    if unknown or not residues:
        example = f", e.g. {unknown[0].chain}/{unknown[0].resi}" if unknown else ""
        raise CmdException(
            f"{partner.side} partner: {len(residues)} residues predicted, {len(unknown)} of them "
            f"unknown here{example}; nothing was coloured"
        )
    return [known[each.chain, each.resi] for each in residues]


def proposed_name(*partners: PartnerSelection) -> str:
    """Make a name for the result of two partners, like ``1brs_A_D``, or of one."""
    parts: list[str] = []
    named: set[str] = set()
    for partner in partners:
        parts += [model for model in partner.models if model not in named]
        parts += _few(partner.chains)
        named.update(partner.models)
    return "_".join(filter(None, (_NAME_PART.sub("", part) for part in parts))) or "result"


def _few(chains: list[str]) -> list[str]:
    more = len(chains) - _NAMED
    return chains if more <= 1 else [*chains[:_NAMED], f"{more}more"]


class ResultList:
    """The results of one PyMOL session, the newest last; one of them is the current one."""

    def __init__(self) -> None:
        self._all: dict[str, BoundResult] = {}
        self.current = ""
        #: Called after each change, without arguments.
        self.listeners: list[Callable[[], None]] = []
        #: Called with side and row when a residue of the current result is picked.
        self.pick_listeners: list[Callable[[str, int], None]] = []
        self._held: set[str] = set()

    def hold(self, partners: Iterable[PartnerSelection]) -> None:
        """Keep the hidden selections of a prediction that runs, whatever becomes of results."""
        self._held |= {partner.name for partner in partners}

    def let_go(self, partners: Iterable[PartnerSelection], _self: Any = _cmd) -> None:
        """Delete hidden selections that were held, but for those that a result needs."""
        names = {partner.name for partner in partners}
        self._held -= names
        self.release_unused(names, _self)

    def names(self) -> list[str]:
        """List the names, oldest first."""
        return list(self._all)

    def titles(self) -> list[str]:
        """List the names; results of one rotation are marked."""
        return [
            each.name + ("" if each.final else " (one rotation)") for each in self._all.values()
        ]

    def unused_name(self, name: str) -> str:
        """Return a name that no result has, the wanted one if it is free."""
        candidates = [name, *(f"{name}_{number}" for number in range(2, len(self._all) + 3))]
        return next(candidate for candidate in candidates if candidate not in self._all)

    def put(self, result: BoundResult, _self: Any = _cmd) -> None:
        """Add a result and make it the current one; it replaces one of the same name."""
        old = self._all.pop(result.name, None)
        if old is not None and old.partners is not result.partners:
            self._release(old, _self)
        self._all[result.name] = result
        self.choose(result.name)

    def choose(self, name: str) -> None:
        """Make a result the current one."""
        self.current = name
        for listener in list(self.listeners):
            listener()

    def present(self, _self: Any = _cmd) -> list[BoundResult]:
        """List the results whose atoms are there."""
        return [
            result
            for result in self._all.values()
            if all(selections.is_present(each, _self) for each in result.partners.values())
        ]

    def forget_absent(self, _self: Any = _cmd) -> None:
        """Remove the results whose atoms were deleted."""
        there = {result.name: result for result in self.present(_self)}
        if len(there) < len(self._all):
            self._all = there
            self.choose(self.current if self.current in there else next(reversed(there), ""))

    def is_about(self, name: str, hidden: Iterable[str]) -> bool:
        """Return whether a result has this name and these hidden selections."""
        result = self._all.get(name)
        if result is None:
            return False
        return {partner.name for partner in result.partners.values()} == set(hidden)

    def release_unused(self, hidden: Iterable[str], _self: Any = _cmd) -> None:
        """Delete hidden selections that no result needs."""
        used = {each.name for result in self._all.values() for each in result.partners.values()}
        for name in set(hidden) - used - self._held:
            _self.delete(name)

    def _release(self, result: BoundResult, _self: Any) -> None:
        self.release_unused((each.name for each in result.partners.values()), _self)

    def picked(self, side: str, row: int) -> None:
        """Call the listeners: a residue of the current result was picked."""
        for listener in list(self.pick_listeners):
            listener(side, row)

    def get(self, name: str = "", _self: Any = _cmd) -> BoundResult:
        """Return a result whose atoms are still there.

        Parameters
        ----------
        name : str
            The current one when left out.

        Raises
        ------
        pymol.CmdException
            There is no such result, or its atoms were deleted.
        """
        if not self._all:
            raise CmdException("there is no result yet; run sasnet_predict first")
        name = name or self.current
        if name not in self._all:
            known = ", ".join(self._all)
            raise CmdException(f"no result is called '{name}'; the results are {known}")
        result = self._all[name]
        selections.require_present(result.partners.values(), _self)
        return result

    def drop(self, name: str, _self: Any = _cmd) -> None:
        """Remove a result; the newest of the others becomes the current one."""
        self._release(self._all.pop(name), _self)
        if self.current == name:
            self.current = next(reversed(self._all), "") if self._all else ""
        self.choose(self.current)
