"""One prediction from two selections to a result; commands and panel both drive this.

Read from PyMOL in the main thread, compute elsewhere (`job`), paint in the main thread.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pymol import CmdException
from pymol import cmd as _cmd

from . import bound_results, job, partner_atoms, pymol_session, selections, timing, worker
from .bound_results import BoundResult
from .child_result import ALONE, ChildResult, SurfacePatch
from .selections import PartnerSelection

#: The paper's number of rotations at prediction.
ROTATIONS = 20
#: Tells `sasnet_predict` that it may remove a folder when PyMOL is gone.
MARK = ".sasnet-viewer"
#: Names for numbers of rotations.
PRESETS = {"fast": 2, "balanced": 8, "accurate": ROTATIONS}


class PredictionRun:
    """A prediction: `begin` it, follow it, `finish` it, `close` it; a context manager closes.

    Parameters
    ----------
    left, right : str
        Atom selections; without the right one, the question is where any protein would bind.
    rotations : int
        Random rotations to average over, 1 or more.
    threshold : float, optional
        Residues with at least this probability count as interface, 0 to 1; by default that of
        the weights.
    name : str
        Name of the result; built from the partners' names by default.

    Raises
    ------
    pymol.CmdException
        A selection or number is not valid, or `sasnet_predict` cannot be found.
    """

    def __init__(
        self,
        left: str,
        right: str,
        rotations: int = ROTATIONS,
        threshold: float | None = None,
        name: str = "",
        _self: Any = _cmd,
    ) -> None:
        if rotations < 1:
            raise CmdException(f"rotations must be 1 or more, got {rotations}")
        require_threshold(threshold)
        program = worker.find_program()
        self.threshold = threshold
        self._cmd = _self
        self._partners: dict[str, PartnerSelection] = {}
        self._job: job.Job | None = None
        self._shown: ChildResult | None = None
        self._folder = make_folder()
        chosen = {"left": left, "right": right} if right else {ALONE: left}
        try:
            self._freeze(chosen)
        except BaseException:
            self.close()
            raise
        place = Path(self._folder.name)
        self._job = job.Job(program, self._partners, rotations, place, threshold)
        found = (selections.cut_chains(each, _self) for each in self._partners.values())
        #: What may make the result wrong, in sentences.
        self.warnings = [warning for warning in found if warning]
        proposed = bound_results.proposed_name(*self._partners.values())
        self.name = name or pymol_session.of(_self).results.unused_name(proposed)

    def __enter__(self) -> PredictionRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def progress(self) -> tuple[int, int]:
        """Rotations done and wanted."""
        return max(len(self._job.moments) - 1, 0), self._job.rotations

    @property
    def loaded(self) -> bool:
        """Whether the network is loaded."""
        return bool(self._job.moments)

    def seconds_left(self) -> float:
        """Estimate how long it still takes."""
        now = time.monotonic() - self._job.began
        moments = self._job.moments
        return timing.seconds_left(moments, self._job.rotations, self._n_residues, now)

    def running(self) -> bool:
        """Return whether the child still runs."""
        return self._job.running()

    def begin(self) -> None:
        """Read the atoms and start the child."""
        for _ in self.beginning():
            pass

    def beginning(self) -> Iterator[None]:
        """Do `begin` in pieces, between which a window can live.

        Raises
        ------
        pymol.CmdException
            An object has no coordinates in its current state.
        """
        atoms = {}
        for side, partner in self._partners.items():
            yield
            atoms[side] = partner_atoms.read_atoms(partner, self._cmd)
        self._job.start(atoms)

    def wait(self, report: Callable[[int, int], None]) -> None:
        """Return when the child has ended; `report(done, total)` is called after each rotation."""
        job.wait(self._job, report, pymol_session.of(self._cmd).pause)

    def cancel(self) -> None:
        """Ask the child to end, without waiting for it."""
        self._job.cancel()

    def require_atoms(self) -> None:
        """Raise pymol.CmdException if a partner's atoms were deleted."""
        selections.require_present(self._partners.values(), self._cmd)

    def first_result(self) -> BoundResult | None:
        """Return the result of the first rotation, once, as soon as it is there.

        Raises
        ------
        pymol.CmdException
            The atoms are gone.
        """
        if self._shown is not None or self._job.first is None:
            return None
        self._shown = self._job.first
        return self._bind(self._shown, final=False)

    def finish(self) -> BoundResult:
        """Add the result to those of the session and return it.

        Raises
        ------
        pymol.CmdException
            The child failed or was cancelled, or the atoms are gone.
        """
        if self._job.stopped:
            left = (
                "the colours are those of one rotation" if self._shown else "nothing was coloured"
            )
            raise CmdException(f"stopped; {left}")
        if self._job.error is not None:
            raise self._job.error
        result = self._bind(self._job.last, final=True)
        timing.learn(self._job.moments, self._n_residues)
        return result

    def close(self) -> None:
        """End the child if it still runs; remove files, and hidden selections unless in use."""
        if self._job is not None:
            self._job.abort()
        pymol_session.of(self._cmd).results.let_go(self._partners.values(), self._cmd)
        self._folder.cleanup()

    @property
    def _n_residues(self) -> int:
        return sum(len(partner.residues) for partner in self._partners.values())

    def _freeze(self, chosen: dict[str, str]) -> None:
        for side, selection in chosen.items():
            self._partners[side] = selections.freeze(side, selection, self._cmd)
            pymol_session.of(self._cmd).results.hold([self._partners[side]])
        if len(chosen) > 1:
            selections.require_apart(*self._partners.values())

    def _bind(self, child_result: ChildResult, final: bool) -> BoundResult:
        self.require_atoms()
        result = bound_results.bind(self.name, self._partners, child_result, self.threshold, final)
        pymol_session.of(self._cmd).results.put(result, self._cmd)
        return result


def make_folder() -> tempfile.TemporaryDirectory:
    """Make the folder of a prediction; it is gone when the prediction is closed.

    Raises
    ------
    pymol.CmdException
        There is no place for it.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix="sasnet_")
        (Path(folder.name) / MARK).touch()
        return folder
    except OSError as error:
        raise CmdException(
            f"no temporary folder can be made: {error.strerror}; TMPDIR says where they are made"
        ) from None


def require_threshold(threshold: float | None) -> None:
    """Raise pymol.CmdException unless a threshold is 0 to 1, or left out."""
    if threshold is not None and not 0.0 <= threshold <= 1.0:
        raise CmdException(f"threshold must be 0 to 1, got {threshold}")


def report(
    result: BoundResult, warnings: Iterable[str] = (), most: int = 20, fewest: int = 5
) -> list[str]:
    """Say in lines which patches and residues are likely.

    Parameters
    ----------
    result : BoundResult
        What to tell.
    warnings : iterable of str
        Of the prediction, beside those of the result.
    most, fewest : int
        Residues listed at most, and how many of the best where none reaches the threshold.
    """
    lines = [f"warning: {warning}" for warning in (*warnings, *result.child_result.warnings)]
    for side in result.partners:
        lines += [_patch_line(result, p) for p in result.child_result.patches if p.side == side][:3]
        lines += _table(result, side, most, fewest)
        missing = len(result.partners[side].residues) - len(result.keys[side])
        if missing:
            lines.append(f"{side}: {missing} residues got no prediction and no colour")
    return lines


def headline(result: BoundResult, warnings: Iterable[str] = ()) -> str:
    """Say in a line what is most likely, after the warnings, each in a line."""
    lines = [f"Warning: {warning}" for warning in (*warnings, *result.child_result.warnings)]
    named = []
    for patch in result.child_result.patches:
        if patch.rank == 1:
            side = f"{patch.side} " if len(result.partners) > 1 else ""
            label = result.label(patch.side, patch.center)
            named.append(f"{side}around {label}{_chance(patch)}")
    return "\n".join([*lines, f"Patch 1: {'; '.join(named)}" if named else "Done."])


def _chance(patch: SurfacePatch) -> str:
    return "" if patch.chance != patch.chance else f", chance {patch.chance:.2f}"


def _patch_line(result: BoundResult, patch: SurfacePatch) -> str:
    return (
        f"{patch.side} patch {patch.rank}: {len(patch.rows)} residues around "
        f"{result.label(patch.side, patch.center)}{_chance(patch)}; expected right "
        f"{patch.share:.0%}"
    )


def _table(result: BoundResult, side: str, most: int, fewest: int) -> list[str]:
    residues = result.residues(side)
    ranked = sorted(residues, key=lambda item: -item[1].probability)
    count = len(result.interface(side))
    shown = ranked[: min(count, most) or fewest]
    lines = [f"{side}: {count} of {len(residues)} residues at {result.threshold:.2f} or more"]
    for key, residue in shown:
        score = f"{residue.probability:.2f} +/- {residue.spread:.2f}"
        lines.append(f"  {score}  {result.partners[side].macro(key, residue.name)}")
    if count > len(shown):
        lines.append(f"  and {count - len(shown)} more in sasnet_{side}_interface")
    return lines
