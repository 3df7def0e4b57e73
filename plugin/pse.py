"""Results in PyMOL's session files: saved and loaded with the session.

They consist of builtin types only, so that a PyMOL without this plugin opens the session too.
"""

from __future__ import annotations

from typing import Any

from pymol import CmdException
from pymol import cmd as _cmd

from . import bound_results, child_result, pymol_session, selections
from .bound_results import BoundResult
from .console import say
from .selections import PartnerSelection

#: Where in PyMOL's session ours stands, and how it is written.
KEY, VERSION = "sasnet", 1


def register(_self: Any = _cmd) -> None:
    """Let PyMOL save and load results with its sessions."""
    owner = _self._pymol
    for tasks, task in (
        (owner._session_save_tasks, save),
        (owner._session_restore_tasks, restore),
    ):
        if task not in tasks:
            tasks.append(task)


def save(content: dict[str, Any], _self: Any = _cmd) -> int:
    """Put the results whose atoms are there into a session; PyMOL calls this."""
    here = pymol_session.of(_self)
    kept = [_packed(result, _self) for result in here.results.present(_self)]
    backup = here.backup.packed(_self)
    if kept or backup:
        content[KEY] = {
            "version": VERSION,
            "results": kept,
            "current": here.results.current,
            "palette": here.palette,
            "what": here.what,
            "backup": backup,
        }
    return 1


def restore(content: dict[str, Any], _self: Any = _cmd) -> int:
    """Restore the results of a session; PyMOL calls this when it has loaded the rest.

    Results whose atoms went with the session before are forgotten.
    """
    here = pymol_session.of(_self)
    here.results.forget_absent(_self)
    here.backup.forget_absent(_self)
    packed = content.get(KEY)
    if packed is None:
        return 1
    try:
        if packed["version"] != VERSION:
            raise ValueError(f"version {packed['version']}, {VERSION} is known here")
        here.backup.unpack(packed["backup"], _self)
        _take(packed, _self)
        here.look(packed["palette"], packed["what"])
    except (KeyError, TypeError, ValueError) as error:
        say([f"the results in this session cannot be read ({error!r}); update the plugin"])
    return 1


def _packed(result: BoundResult, _self: Any) -> dict[str, Any]:
    partners = {}
    for side, partner in result.partners.items():
        chains = [(*place, chain) for place, chain in partner.file_chains.items()]
        partners[side] = {
            "selection": partner.name,
            "residues": selections.residues_of(partner.name, _self),
            "chains": chains,
        }
    return {
        "name": result.name,
        "threshold": result.threshold,
        "final": result.final,
        "partners": partners,
        "files": dict(result.child_result.files),
    }


def _take(packed: dict[str, Any], _self: Any) -> None:
    known = pymol_session.of(_self).results
    current = ""
    for each in packed["results"]:
        old = {partner["selection"] for partner in each["partners"].values()}
        try:
            result = _unpacked(each, _self)
        except CmdException as error:
            say([f"result {each['name']} was not restored: {error.message}"])
            continue
        finally:
            known.release_unused(old, _self)
        known.put(result, _self)
        if each["name"] == packed["current"]:
            current = result.name
    if current:
        known.choose(current)


def _unpacked(packed: dict[str, Any], _self: Any) -> BoundResult:
    known = pymol_session.of(_self).results
    partners: dict[str, PartnerSelection] = {}
    name = packed["name"]
    hidden = [partner["selection"] for partner in packed["partners"].values()]
    if not known.is_about(name, hidden):  # else it is that result, saved a while ago
        name = known.unused_name(name)
    try:
        for side, part in packed["partners"].items():
            chains = {(segi, chain): file for segi, chain, file in part["chains"]}
            partners[side] = selections.hold(side, part["residues"], chains, _self)
        found = child_result.parse(packed["files"], "the session")
        return bound_results.bind(name, partners, found, packed["threshold"], packed["final"])
    except CmdException:
        selections.release(partners.values(), _self)
        raise
