"""The commands that show a result as colours, lines and selections, or undo that."""

from __future__ import annotations

from typing import Any

from pymol import cmd as _cmd

from . import colouring, interface_selection, lines, palettes, pymol_session, wizard
from .console import choice, number, say
from .prediction_run import require_threshold

#: Lines that "sasnet_pairs" draws.
PAIRS = 20


def sasnet_color(
    result: str = "",
    palette: str = "",
    what: str = "probability",
    b: int | str = 0,
    quiet: int | str = 1,
    _self: Any = _cmd,
) -> None:
    """
    DESCRIPTION

        Colour the two partners of a result. Nothing else changes.

    USAGE

        sasnet_color [ result [, palette [, what [, b [, quiet ]]]]]

    ARGUMENTS

        result = string: name of the result {default: the current one}

        palette = sasnet, blues, viridis or cividis: colour-blind people can read
        all of them {default: the last one used, sasnet at first}

        what = probability or spread: the spread is the standard deviation over
        the rotations, on a scale from 0 to 0.1 {default: probability}

        b = 0/1: also write the probabilities to the B factors, e.g. for "cartoon
        putty"; "sasnet_restore" restores the old values {default: 0}

        quiet = 0/1: print nothing {default: 0 when typed, 1 from Python}

    EXAMPLE

        util.cbc
        sasnet_color
        sasnet_color palette=viridis

    SEE ALSO

        sasnet_predict, sasnet_restore
    """  # noqa: D400, D401, D405, D407, D412 (PyMOL's form, for "help")
    chosen = choice("palette", palette, palettes.PALETTES) if palette else ""
    what = choice("what", what, colouring.WHAT)
    results = pymol_session.of(_self).results
    found = results.get(result, _self)
    colouring.paint(found, chosen, what, _self)
    if number(int, "b", b):
        colouring.write_b_factors(found, _self)
    results.choose(found.name)
    if not number(int, "quiet", quiet):
        say([f"coloured by the {what} of {found.name}"])


def sasnet_pairs(
    result: str = "",
    count: int | str = PAIRS,
    least: float | str = 0.0,
    quiet: int | str = 1,
    _self: Any = _cmd,
) -> None:
    """
    DESCRIPTION

        Draw the best residue pairs of a result as dashed lines between CA
        atoms, the thicker and darker the higher the score: the group
        "sasnet_pairs". A score ranks pairs; it is not a probability.

    USAGE

        sasnet_pairs [ result [, count [, least [, quiet ]]]]

    ARGUMENTS

        result = string: name of the result {default: the current one}

        count = integer: draw at most this many lines; 0 removes them {default: 20}

        least = float: lowest score, 0 to 1 {default: 0}

        quiet = 0/1: print nothing {default: 0 when typed, 1 from Python}

    EXAMPLE

        sasnet_pairs count=50, least=0.8

    SEE ALSO

        sasnet_predict, sasnet_select
    """  # noqa: D400, D401, D405, D407, D412 (PyMOL's form, for "help")
    most = number(int, "count", count)
    lines.require_count(most)
    found = pymol_session.of(_self).results.get(result, _self)
    pairs = lines.top_pairs(found, most, number(float, "least", least))
    drawn = lines.draw(found, pairs, _self=_self)
    if not number(int, "quiet", quiet):
        rows = (
            f"  {score:.2f}  {found.label('left', left)} - {found.label('right', right)}"
            for left, right, score in pairs
        )
        say([f"{drawn} pairs of {found.name}", *rows])


def sasnet_select(
    result: str = "",
    threshold: float | str = "",
    quiet: int | str = 1,
    _self: Any = _cmd,
) -> None:
    """
    DESCRIPTION

        Select the likely interface of a result: "sasnet_left_interface" and
        "sasnet_right_interface". The panel's slider follows.

    USAGE

        sasnet_select [ result [, threshold [, quiet ]]]

    ARGUMENTS

        result = string: name of the result {default: the current one}

        threshold = float: lowest probability, 0 to 1 {default: that of the result:
        the one given to "sasnet_predict", else the value that worked best in the
        benchmark, or the mean probability if that is higher}

        quiet = 0/1: print nothing {default: 0 when typed, 1 from Python}

    EXAMPLE

        sasnet_select threshold=0.2
        show sticks, sasnet_left_interface

    SEE ALSO

        sasnet_predict, sasnet_pairs
    """  # noqa: D400, D401, D405, D407, D412 (PyMOL's form, for "help")
    least = None if threshold == "" else number(float, "threshold", threshold)
    require_threshold(least)
    here = pymol_session.of(_self)
    found = here.results.get(result, _self)
    counts = interface_selection.select(found, least, _self)
    for listener in list(here.threshold_listeners):
        listener(found.name, found.threshold if least is None else least, counts)
    if not number(int, "quiet", quiet):
        say(f"{count} residues in sasnet_{side}_interface" for side, count in counts.items())


def sasnet_restore(selection: str = "all", quiet: int | str = 1, _self: Any = _cmd) -> None:
    """
    DESCRIPTION

        Restore the colours and B factors that atoms had before sasnet coloured
        them. Without arguments, also remove the legend, the lines and the
        interface selections. Results are kept: "sasnet_color" shows them again.

    USAGE

        sasnet_restore [ selection [, quiet ]]

    ARGUMENTS

        selection = string: atoms to restore {default: all}

        quiet = 0/1: print nothing {default: 0 when typed, 1 from Python}

    EXAMPLE

        sasnet_predict chain A, chain D
        sasnet_restore

    SEE ALSO

        sasnet_color
    """  # noqa: D400, D401, D405, D407, D412 (PyMOL's form, for "help")
    count = colouring.restore(selection, _self)
    if selection == "all":
        _self.delete(lines.GROUP)
        wizard.dim(_self)
    if not number(int, "quiet", quiet):
        say([f"restored the colours and B factors of {count} atoms"])
