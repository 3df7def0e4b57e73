"""Results on disk: the folder that `sasnet_predict` writes, and PyMOL's names for its chains."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pymol import CmdException
from pymol import cmd as _cmd

from . import bound_results, child_result, pymol_session, selections
from .bound_results import BoundResult
from .child_result import ChildResult
from .selections import PartnerSelection

#: Files get this before their names until all are written.
_UNFINISHED = ".sasnet-saving-"
#: Marks a folder while its files are replaced; `sasnet_predict` knows it too.
_MARK = ".sasnet-unfinished"
#: PyMOL 3.2 never ends reading an mmCIF file with a value where a table's first tag must be.
_LOOP_WITHOUT_TAGS = re.compile(rb"(?i)(?:^|\s)loop_\s+[^_#\s]")


def save(result: BoundResult, place: str) -> Path:
    """Write a result as a folder that `sasnet_load` and `sasnet_export` read.

    An earlier result in the folder is replaced; other files in it stay.

    Raises
    ------
    pymol.CmdException
        It cannot be written, or something else is in the way.
    """
    folder = Path(os.path.expanduser(place))
    files = _files(result)
    try:
        if not _may_hold_a_result(folder):
            raise CmdException(f"{folder} exists and is not a result folder; choose another folder")
        made = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _write(files, folder)
        finally:
            _remove(folder.glob(f"{_UNFINISHED}*"))
            if made and not any(folder.iterdir()):
                folder.rmdir()
    except OSError as error:
        raise CmdException(f"{folder} cannot be written: {error.strerror}") from None
    return folder


def _may_hold_a_result(folder: Path) -> bool:
    """Return whether a folder is absent or empty, or holds a result, finished or not."""
    if not folder.is_dir():
        return not folder.exists()
    names = [path.name for path in folder.iterdir()]
    if not names or any(name == _MARK or name.startswith(_UNFINISHED) for name in names):
        return True
    return child_result.is_record(folder / child_result.RESULT_FILE)


def _write(files: dict[str, bytes], folder: Path) -> None:
    """Write all files, then give them their names; result.json is there only if all others are."""
    for name, content in files.items():
        (folder / f"{_UNFINISHED}{name}").write_bytes(content)
    (folder / _MARK).touch()
    last = child_result.RESULT_FILE
    earlier = set(child_result.RESULT_FILES) - {last}
    _remove(folder / name for name in [last, *earlier])
    for name in sorted(files, key=last.__eq__):
        (folder / f"{_UNFINISHED}{name}").replace(folder / name)
    (folder / _MARK).unlink()


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.exists() or path.is_symlink():
            path.unlink()


def _files(result: BoundResult) -> dict[str, bytes]:
    """Return the files of a result, with PyMOL's names for its chains."""
    names: dict[str, Any] = {"name": result.name, "threshold": result.threshold}
    for side, partner in result.partners.items():
        chains = [[*place, chain] for place, chain in partner.file_chains.items()]
        names[side] = {"objects": partner.models, "chains": chains}
    text = json.dumps(names, indent=2)
    return {**result.child_result.files, child_result.NAMES_FILE: text.encode("utf-8")}


def load(place: str, left: str = "", right: str = "", _self: Any = _cmd) -> BoundResult:
    """Read a result folder and bind it to the atoms it is about.

    Parameters
    ----------
    place : str
        The folder.
    left, right : str
        Selections of the partners. When left out they are looked for in the loaded objects, and
        the structures of the folder are loaded if they are not among them.

    Raises
    ------
    pymol.CmdException
        The folder holds no result, or a selection does not have its residues.
    """
    folder = Path(os.path.expanduser(place))
    if not folder.is_dir():
        raise CmdException(f"{folder}: there is no such folder; check the path")
    found = child_result.read(folder)
    names = _names(found)
    partners: dict[str, PartnerSelection] = {}
    if right and len(found.sides) == 1:
        raise CmdException(f"{folder} holds a result of one protein; name one selection")
    try:
        for side, selection in zip(found.sides, (left, right)):  # noqa: B905 (Python 3.9)
            partners[side] = (
                _take(side, found, selection, _self)
                if selection
                else _look_for(side, found, names, folder, _self)
            )
        threshold = names.get("threshold")
        name = names.get("name") or bound_results.proposed_name(*partners.values())
        name = pymol_session.of(_self).results.unused_name(name)
        result = bound_results.bind(name, partners, found, threshold)
    except CmdException:
        selections.release(partners.values(), _self)
        raise
    pymol_session.of(_self).results.put(result, _self)
    return result


def _names(found: ChildResult) -> dict[str, Any]:
    """Return what PyMOL called the chains; nothing if the result is from the shell."""
    try:
        names = json.loads(found.files.get(child_result.NAMES_FILE, b"{}").decode("utf-8"))
        found_names: dict[str, Any] = {side: _side_names(names[side]) for side in found.sides}
        threshold = float(names["threshold"])
        if not 0.0 <= threshold <= 1.0:
            return {}
        return {**found_names, "name": _text(names["name"]), "threshold": threshold}
    except child_result.DAMAGED:
        return {}


def _side_names(names: dict[str, Any]) -> dict[str, list]:
    """Return the objects and chains of a partner: segi, chain and the chain's name in the file."""
    chains = [(segi, chain, file) for segi, chain, file in names["chains"]]
    return {
        "objects": [_text(name) for name in names["objects"]],
        "chains": [[_text(part) for part in chain] for chain in chains],
    }


def _text(value: Any) -> str:
    """Return a text that can stand within quotes in a selection."""
    if not isinstance(value, str) or '"' in value:
        raise ValueError(f"a text is needed, got {value!r}")
    return value


def _look_for(
    side: str, found: ChildResult, names: dict[str, Any], folder: Path, _self: Any
) -> PartnerSelection:
    """Find a partner's residues in a loaded object, else load the folder's structure."""
    wanted = names.get(side, {}).get("objects", [])
    chains = names.get(side, {}).get("chains") or [
        ["", chain, chain] for chain in dict.fromkeys(each.chain for each in found.residues[side])
    ]
    loaded = _self.get_object_list("polymer") or []
    first = [name for name in loaded if name in wanted]
    for models in [first, *([name] for name in loaded)]:
        partner = _try(side, found, chains, models, _self)
        if partner is not None:
            return partner
    model = _load_structure(side, found, folder, _self)
    partner = _try(side, found, [["", file, file] for *_, file in chains], [model], _self)
    if partner is None:
        raise CmdException(f"{side} partner: structure and result in {folder} differ in residues")
    return partner


def _take(side: str, found: ChildResult, selection: str, _self: Any) -> PartnerSelection:
    """Make a partner of a selection, if its residues are those of the result."""
    partner = selections.freeze(side, selection, _self)
    other = _misnamed(partner, found, _self)
    if other:
        selections.release([partner], _self)
        raise CmdException(
            f"{side} partner: '{selection}' must be the protein of the result, {other}"
        )
    return partner


def _misnamed(partner: PartnerSelection, found: ChildResult, _self: Any) -> str:
    """Say which residue has another name than in the result; nothing if none has."""
    known, names = partner.keys_in_file(), selections.residue_names(partner, _self)
    for each in found.residues[partner.side]:
        key = known.get((each.chain, each.resi))
        # PyMOL cuts long names
        if key is not None and each.name[:3] not in {name[:3] for name in names[key]}:
            return f"{each.chain}/{each.resi} is {'/'.join(sorted(names[key]))}, not {each.name}"
    return ""


def _try(
    side: str, found: ChildResult, chains: list, models: Iterable[str], _self: Any
) -> PartnerSelection | None:
    """Make a partner of some chains of some objects, if it has all predicted residues."""
    objects = " or ".join(f"%{model}" for model in models)
    if not objects:
        return None
    here = " or ".join(
        f'(chain "{chain}"' + (f' and segi "{segi}")' if segi else ")") for segi, chain, _ in chains
    )
    try:
        partner = selections.freeze(side, f"({objects}) and ({here})", _self)
    except CmdException:
        return None
    known = partner.keys_in_file()
    whole = all((each.chain, each.resi) in known for each in found.residues[side])
    if whole and not _misnamed(partner, found, _self):
        return partner
    selections.release([partner], _self)
    return None


def _load_structure(side: str, found: ChildResult, folder: Path, _self: Any) -> str:
    """Load the structure of a folder, with the B factors that came in."""
    file = next((name for name in ("complex.cif", f"{side}.cif") if name in found.files), None)
    if file is None:
        raise CmdException(f"{side} partner: it is not loaded, and {folder} has no structure")
    if _LOOP_WITHOUT_TAGS.search(found.files[file]):
        raise CmdException(f"{folder / file}: this structure is damaged; predict it again")
    model = _self.get_unused_name(f"{folder.name}_{Path(file).stem}", 0)
    _self.load(str(folder / file), model, quiet=1, zoom=0)
    _give_back_b_factors(model, found, _self)
    return model


def _give_back_b_factors(model: str, found: ChildResult, _self: Any) -> None:
    """Undo that the files carry probabilities: result.json kept what came in, in their order."""
    atoms: dict[tuple[str, str], list[int]] = {}
    _self.iterate(
        f"%{model}",
        "atoms.setdefault((chain, resi), list()).append(rank)",
        space={"atoms": atoms, "list": list},
    )
    old: dict[int, float] = {}
    for row in json.loads(found.files[child_result.RESULT_FILE].decode("utf-8"))["residues"]:
        ranks = sorted(atoms.get((row["chain"], f"{row['number']}{row['insertion_code']}"), ()))
        values = row.get("old_b_factors", [])
        if len(ranks) == len(values):
            numbers = [0.0 if value is None else value for value in values]  # null: not a number
            old.update(zip(ranks, numbers))  # noqa: B905 (Python 3.9)
    _self.alter(f"%{model}", "b = old.get(rank, b)", space={"old": old})
