"""The commands that predict, save and load, and the registration of all commands with PyMOL."""

from __future__ import annotations

import inspect
from typing import Any

from pymol import cmd as _cmd
from pymol.shortcut import Shortcut

from . import (
    colouring,
    installation_check,
    interface_selection,
    palettes,
    pse,
    pymol_session,
    saving,
    selections,
    viewing,
)
from .bound_results import BoundResult
from .console import choice, number, say
from .prediction_run import PRESETS, ROTATIONS, PredictionRun, report

_DOCTOR = "--doctor"


def sasnet_predict(
    left: str = "",
    right: str = "",
    rotations: int | str = ROTATIONS,
    threshold: float | str = "",
    name: str = "",
    quiet: int | str = 1,
    _self: Any = _cmd,
) -> None:
    """
    DESCRIPTION

        Predict where two proteins touch, and colour the residues of both by the
        probability that they belong to the interface. The scale is always the
        same: pale grey at 0, through orange, to dark red at 1. The two proteins
        may be bound or unbound; their relative position is not used.

        Creates the colour bar "sasnet_legend" and the selections "sasnet_patch_1",
        "sasnet_patch_2", "sasnet_patch_3" (likely residues that lie together on
        the surface; of both partners, so that "sasnet_patch_1 and chain A" is one
        patch), "sasnet_left_interface" and "sasnet_right_interface".

    USAGE

        sasnet_predict [ left [, right [, rotations [, threshold [, name
            [, quiet ]]]]]]

    ARGUMENTS

        left, right = string: atom selections, one per partner, of one or more
        whole chains; only polymer atoms count, and parts of residues are refused.
        A part of a chain is predicted with a warning: where it is cut, its inside
        looks like surface {default: the two largest chains of
        what is shown, or of "left" if only that is given}

        rotations = integer, or fast, balanced or accurate (2, 8 and 20): number of
        random rotations to average over; more rotations take longer and give
        steadier results {default: 20}

        threshold = float: residues of at least this probability are interface
        {default: the value that worked best in the benchmark, or the mean
        probability if that is higher}

        name = string: name of the result {default: built from the names of
        objects and chains}

        quiet = 0/1: print nothing {default: 0 when typed, 1 from Python}

    EXAMPLE

        fetch 1brs, async=0
        sasnet_predict chain A, chain D
        sasnet_pairs

    NOTES

        The prediction runs in a child process, the program "sasnet_predict".
        PyMOL looks for it in this order: the environment variable
        SASNET_PREDICT, PyMOL's preference "sasnet_command", the folder of
        PyMOL's own Python, the PATH. The variable and the preference may also
        name the Python in which sasnet is installed.

            sasnet_predict --doctor

        reports what is installed and what is missing.

        The command waits for the result. To keep working in the meantime, use
        Plugin > SASNet: predict interface.

        B factors are not changed. In PyMOL 3 the atoms have the probability as
        p.sasnet, e.g. "select p.sasnet > 0.2".

    SEE ALSO

        sasnet_alone, sasnet_color, sasnet_pairs, sasnet_select, sasnet_restore,
        sasnet_save, sasnet_load
    """  # noqa: D400, D401, D405, D407, D412 (PyMOL's form, for "help")
    if left == _DOCTOR:
        return say(installation_check.here(_self) + installation_check.there())
    least = None if threshold == "" else number(float, "threshold", threshold)
    silent = bool(number(int, "quiet", quiet))
    if not right:
        left, right = selections.largest_chains(left, _self)
    _predict(left, right, _rotations(rotations), least, name, silent, _self)
    return None


def sasnet_alone(
    selection: str,
    rotations: int | str = ROTATIONS,
    threshold: float | str = "",
    name: str = "",
    quiet: int | str = 1,
    _self: Any = _cmd,
) -> None:
    """
    DESCRIPTION

        Predict where another protein would bind one protein, if no partner is
        known, and colour its residues by the probability that they bind. The
        probabilities have a calibration of their own.

        Creates the colour bar "sasnet_legend" and the selections "sasnet_patch_1",
        "sasnet_patch_2", "sasnet_patch_3" and "sasnet_protein_interface".

    USAGE

        sasnet_alone selection [, rotations [, threshold [, name [, quiet ]]]]

    ARGUMENTS

        selection = string: atom selection, one or more chains of one protein

        rotations, threshold, name, quiet: as of "sasnet_predict"

    EXAMPLE

        fetch 1brs, async=0
        sasnet_alone chain A

    SEE ALSO

        sasnet_predict, sasnet_color, sasnet_select, sasnet_save
    """  # noqa: D400, D401, D405, D407, D412 (PyMOL's form, for "help")
    least = None if threshold == "" else number(float, "threshold", threshold)
    silent = bool(number(int, "quiet", quiet))
    _predict(selection, "", _rotations(rotations), least, name, silent, _self)


def _predict(
    left: str,
    right: str,
    rotations: int,
    threshold: float | None,
    name: str,
    silent: bool,
    _self: Any,
) -> None:
    arguments = left, right, rotations, threshold, name
    with PredictionRun(*arguments, _self=_self) as prediction:
        if not silent:
            say(f"warning: {warning}" for warning in prediction.warnings)
        prediction.begin()
        prediction.wait(_silence if silent else _print_progress)
        result = prediction.finish()
    show(result, _self)
    if not silent:
        say(report(result))


def show(result: BoundResult, _self: Any = _cmd) -> None:
    """Colour the partners of a result and select their patches and interfaces."""
    colouring.paint(result, _self=_self)
    interface_selection.select_patches(result, _self)
    interface_selection.select(result, _self=_self)


def sasnet_save(folder: str, result: str = "", quiet: int | str = 1, _self: Any = _cmd) -> None:
    """
    DESCRIPTION

        Save a result as a folder with tables, the scores of all pairs and the
        structures. The shell command "sasnet_export" converts it for docking
        programs, and "sasnet_load" loads it again. A PyMOL session (.pse) keeps
        all results as well.

    USAGE

        sasnet_save folder [, result [, quiet ]]

    ARGUMENTS

        folder = string: folder to create; a result that it contains is replaced

        result = string: name of the result {default: the current one}

        quiet = 0/1: print nothing {default: 0 when typed, 1 from Python}

    EXAMPLE

        sasnet_predict chain A, chain D
        sasnet_save barnase_barstar

    SEE ALSO

        sasnet_load
    """  # noqa: D400, D401, D405, D407, D412 (PyMOL's form, for "help")
    path = saving.save(pymol_session.of(_self).results.get(result, _self), folder)
    if not number(int, "quiet", quiet):
        say([f"saved {path}"])


def sasnet_load(
    folder: str,
    left: str = "",
    right: str = "",
    quiet: int | str = 1,
    _self: Any = _cmd,
) -> None:
    """
    DESCRIPTION

        Load a result that "sasnet_save" or the shell command "sasnet_predict"
        wrote, and colour the two partners by it.

    USAGE

        sasnet_load folder [, left [, right [, quiet ]]]

    ARGUMENTS

        folder = string: folder of the result

        left, right = string: selections of the partners {default: the loaded
        objects that have their residues; if there are none, the structures in
        the folder are loaded}

        quiet = 0/1: print nothing {default: 0 when typed, 1 from Python}

    EXAMPLE

        sasnet_load sasnet_out

    SEE ALSO

        sasnet_save, sasnet_predict
    """  # noqa: D400, D401, D405, D407, D412 (PyMOL's form, for "help")
    result = saving.load(folder, left, right, _self)
    show(result, _self)
    if not number(int, "quiet", quiet):
        say([f"result {result.name}", *report(result)])


COMMANDS = (
    sasnet_predict,
    sasnet_alone,
    viewing.sasnet_color,
    viewing.sasnet_pairs,
    viewing.sasnet_select,
    viewing.sasnet_restore,
    sasnet_save,
    sasnet_load,
)


def register(_self: Any = _cmd) -> None:
    """Register the commands with PyMOL, with completion of their arguments."""
    for command in COMMANDS:
        command.__doc__ = inspect.cleandoc(command.__doc__)  # "help" prints it as it stands
        # two arguments, no more: PyMOL puts a narrower function there while it loads a plugin
        _self.extend(command.__name__, command)
    pse.register(_self)
    selection = _self.selection_sc, "selection"
    presets = (lambda: Shortcut(list(PRESETS))), "rotations"
    result = (lambda: Shortcut(pymol_session.of(_self).results.names())), "result"
    palette = (lambda: Shortcut(list(palettes.PALETTES))), "palette"
    what = (lambda: Shortcut(list(colouring.WHAT))), "what"
    _complete(_self, "sasnet_predict", selection, selection, presets)
    _complete(_self, "sasnet_alone", selection, presets)
    _complete(_self, "sasnet_color", result, palette, what)
    _complete(_self, "sasnet_pairs", result)
    _complete(_self, "sasnet_select", result)
    _complete(_self, "sasnet_restore", selection)
    _complete(_self, "sasnet_save", None, result)
    _complete(_self, "sasnet_load", None, selection, selection)


def _complete(_self: Any, command: str, *sources: Any) -> None:
    for position, source in enumerate(sources):
        if source is not None:
            ending = "" if position == len(sources) - 1 else ", "
            _self.auto_arg[position][command] = [*source, ending]


def _rotations(value: int | str) -> int:
    text = str(value)
    if text[:1].isalpha():
        return PRESETS[choice("rotations", text, PRESETS)]
    return number(int, "rotations", value)


def _print_progress(done: int, total: int) -> None:
    say([f"rotation {done} of {total}"])


def _silence(done: int, total: int) -> None:
    pass
