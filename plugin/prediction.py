"""One prediction from two selections to colours; command and dialog both drive this.

Read from PyMOL in the main thread, compute in the child, paint in the main thread.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymol import CmdException
from pymol import cmd as _cmd

from . import colouring, results, selections, worker
from .selections import Key, Partner

#: The paper's number of rotations at prediction.
ROTATIONS = 20
#: Residues listed when none reaches the threshold, and the most that are listed.
_FEWEST, _MOST = 5, 20
_INTERVAL = 0.1


class Prediction:
    """A prediction on its way. Use as a context manager, or call `close` at the end.

    Parameters
    ----------
    left, right : str
        Atom selections.
    rotations : int
        Random rotations to average over, 1 or more.
    threshold : float, optional
        Probability from which a residue counts as interface, 0 to 1; that of the weights when
        left out.

    Raises
    ------
    pymol.CmdException
        A selection or number will not do, or `sasnet_predict` cannot be found.
    """

    def __init__(
        self,
        left: str,
        right: str,
        rotations: int = ROTATIONS,
        threshold: float | None = None,
        _self: Any = _cmd,
    ) -> None:
        if rotations < 1:
            raise CmdException(f"rotations must be 1 or more, got {rotations}")
        if threshold is not None and not 0.0 <= threshold <= 1.0:
            raise CmdException(f"threshold must be 0 to 1, got {threshold}")
        program = worker.find_program()
        self.threshold = threshold
        self._cmd = _self
        self._partners: list[Partner] = []
        self._folder = tempfile.TemporaryDirectory(prefix="sasnet_")
        self._child: worker.Child | None = None
        try:
            self._begin(left, right, rotations, program)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Prediction:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def progress(self) -> tuple[int, int]:
        """Rotations done and wanted; (0, 0) while the child starts."""
        return self._child.done, self._child.total

    def running(self) -> bool:
        """Tell whether the child still computes."""
        return self._child.running()

    def wait(self, report: Callable[[int, int], None]) -> None:
        """Return when the child has ended; `report(done, total)` hears of each rotation."""
        seen = (0, 0)
        running = True
        while running:
            running = self.running()
            if self.progress != seen:
                seen = self.progress
                report(*seen)
            if running:
                time.sleep(_INTERVAL)

    def cancel(self) -> None:
        """Ask the child to end, without waiting for it."""
        self._child.cancel()

    def finish(self) -> list[str]:
        """Colour both partners, mark the interfaces, and return the report's lines.

        Raises
        ------
        pymol.CmdException
            The child failed or was cancelled; nothing is coloured then.
        """
        self._child.require_success()
        selections.require_present(self._partners, self._cmd)
        result = results.read(Path(self._folder.name) / "out" / "result.json")
        scores = [_by_key(partner, result) for partner in self._partners]
        threshold = result.threshold if self.threshold is None else self.threshold
        lines = [f"warning: {warning}" for warning in result.warnings]
        for partner, residues in zip(self._partners, scores):  # noqa: B905 (Python 3.9)
            lines += self._show(partner, residues, threshold)
        colouring.draw_legend(self._cmd)
        return lines

    def close(self) -> None:
        """End the child if it still runs; remove files and hidden selections."""
        if self._child is not None:
            self._child.abort()
        selections.release(self._partners, self._cmd)
        self._partners = []
        self._folder.cleanup()

    def _begin(self, left: str, right: str, rotations: int, program: list[str]) -> None:
        folder = Path(self._folder.name)
        files = []
        for side, selection in (("left", left), ("right", right)):
            partner = selections.freeze(side, selection, self._cmd)
            self._partners.append(partner)
            files.append(folder / f"{side}.cif")
        selections.require_apart(*self._partners)
        for partner, path in zip(self._partners, files):  # noqa: B905 (Python 3.9)
            selections.write(partner, path, self._cmd)
        options = ["-o", str(folder / "out"), "--rotations", str(rotations)]
        options += ["--no-picture", "--progress-lines"]
        self._child = worker.Child([*program, *map(str, files), *options])

    def _show(
        self, partner: Partner, residues: dict[Key, results.Residue], threshold: float
    ) -> list[str]:
        probabilities = {key: residue.probability for key, residue in residues.items()}
        colouring.paint(partner.name, probabilities, self._cmd)
        interface = {key for key, value in probabilities.items() if value >= threshold}
        selections.mark(f"sasnet_{partner.side}_interface", partner, interface, self._cmd)
        lines = _table(partner, residues, threshold)
        missing = len(partner.residues) - len(residues)
        if missing:
            lines.append(f"{partner.side}: {missing} residues got no prediction and no colour")
        return lines


def _by_key(partner: Partner, result: results.Result) -> dict[Key, results.Residue]:
    """Give a partner's predicted residues PyMOL's names; refuse what it does not hold."""
    keys = partner.keys_in_file()
    found = [residue for residue in result.residues if residue.side == partner.side]
    unknown = [residue for residue in found if (residue.chain, residue.resi) not in keys]
    if unknown or not found:
        example = f", e.g. {unknown[0].chain}/{unknown[0].resi}" if unknown else ""
        raise CmdException(
            f"{partner.side} partner: {len(found)} residues predicted, {len(unknown)} of them "
            f"unknown here{example}; nothing was coloured"
        )
    return {keys[residue.chain, residue.resi]: residue for residue in found}


def _table(partner: Partner, residues: dict[Key, results.Residue], threshold: float) -> list[str]:
    ranked = sorted(residues.items(), key=lambda item: -item[1].probability)
    count = sum(residue.probability >= threshold for residue in residues.values())
    shown = ranked[: min(count, _MOST) or _FEWEST]
    lines = [f"{partner.side}: {count} of {len(residues)} residues at {threshold:.2f} or more"]
    for key, residue in shown:
        score = f"{residue.probability:.2f} +/- {residue.spread:.2f}"
        lines.append(f"  {score}  {partner.macro(key, residue.name)}")
    if count > len(shown):
        lines.append(f"  and {count - len(shown)} more in sasnet_{partner.side}_interface")
    return lines
