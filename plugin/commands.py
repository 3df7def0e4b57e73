"""The commands that the plugin adds to PyMOL."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from pymol import CmdException
from pymol import cmd as _cmd

from . import colouring
from .prediction import ROTATIONS, Prediction


def sasnet_predict(
    left: str,
    right: str,
    rotations: int | str = ROTATIONS,
    threshold: float | str = "",
    quiet: int | str = 1,
    _self: Any = _cmd,
) -> None:
    """
    DESCRIPTION

        Predict where two proteins touch, and colour the residues of both by the
        probability that they belong to the interface: pale grey at 0, over
        orange, to dark red at 1, always the same scale. The two may stand
        anywhere, bound or unbound; how they lie to each other is not used.

        Makes the colour bar "sasnet_legend" and the selections
        "sasnet_left_interface" and "sasnet_right_interface".

    USAGE

        sasnet_predict left, right [, rotations [, threshold [, quiet ]]]

    ARGUMENTS

        left, right = string: atom selections, one per partner, of one or more
        chains; only polymer atoms count

        rotations = integer: random rotations to average over; more are steadier
        and slower {default: 20}

        threshold = float: probability from which a residue counts as interface
        {default: the one that served best in the benchmark}

        quiet = 0/1: say nothing {default: 0 when typed, 1 from Python}

    EXAMPLE

        fetch 1brs, async=0
        sasnet_predict chain A, chain D

    NOTES

        The prediction runs in a child process, the program "sasnet_predict".
        PyMOL takes the one that the environment variable SASNET_PREDICT names,
        else the one that its preference "sasnet_command" names, else the one
        beside its own Python, else the one on the PATH.

        The command waits for the result. To go on working meanwhile, use
        Plugin > SASNet: predict interface.

        B factors stay as they are. PyMOL 3 keeps the probability with the atoms
        as p.sasnet, e.g. "select p.sasnet > 0.7".

    SEE ALSO

        sasnet_color
    """  # noqa: D400, D401, D405, D407, D412 (PyMOL's form, for "help")
    least = None if threshold == "" else _number(float, "threshold", threshold)
    numbers = _number(int, "rotations", rotations), least
    silent = bool(_number(int, "quiet", quiet))
    with Prediction(left, right, *numbers, _self=_self) as prediction:
        prediction.wait(_silence if silent else _print_progress)
        lines = prediction.finish()
    if not silent:
        print_report(lines)


def sasnet_color(selection: str = "all", quiet: int | str = 1, _self: Any = _cmd) -> None:
    """
    DESCRIPTION

        Colour by the last "sasnet_predict" again, after other colours were
        used. Needs PyMOL 3, which keeps the probability with the atoms.

    USAGE

        sasnet_color [ selection [, quiet ]]

    ARGUMENTS

        selection = string: atoms to colour {default: all}

        quiet = 0/1: say nothing {default: 0 when typed, 1 from Python}

    EXAMPLE

        util.cbc
        sasnet_color

    SEE ALSO

        sasnet_predict
    """  # noqa: D400, D401, D405, D407, D412 (PyMOL's form, for "help")
    count = colouring.repaint(selection, _self)
    if not count:
        raise CmdException(f"no atom of '{selection}' has a prediction; run sasnet_predict first")
    colouring.draw_legend(_self)
    if not _number(int, "quiet", quiet):
        print_report([f"coloured {count} atoms"])


def register(_self: Any = _cmd) -> None:
    """Make the commands known to PyMOL, with completion of their selections."""
    for command in (sasnet_predict, sasnet_color):
        command.__doc__ = inspect.cleandoc(command.__doc__)  # "help" prints it as it stands
        # two arguments, no more: PyMOL puts a narrower function there while it loads a plugin
        _self.extend(command.__name__, command)
    _self.auto_arg[0]["sasnet_predict"] = [_self.selection_sc, "selection", ", "]
    _self.auto_arg[1]["sasnet_predict"] = [_self.selection_sc, "selection", ""]
    _self.auto_arg[0]["sasnet_color"] = [_self.selection_sc, "selection", ""]


def print_report(lines: list[str]) -> None:
    """Print lines the way PyMOL's own commands do."""
    for line in lines:
        print(f" sasnet: {line}")


def _number(kind: Callable[[Any], Any], name: str, value: Any) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise CmdException(f"{name} must be a number, got '{value}'") from None


def _print_progress(done: int, total: int) -> None:
    print_report([f"rotation {done} of {total}"])


def _silence(done: int, total: int) -> None:
    pass
