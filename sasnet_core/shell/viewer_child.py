"""`sasnet_predict` as the child process of a viewer: it reports, answers early, ends with it.

The viewer makes a folder, puts the structures into it, keeps the child's standard input open and
reads the progress lines. With ``--attached FOLDER``

- ``sasnet-progress 0 TOTAL`` says that the network is loaded;
- before ``sasnet-progress 1 TOTAL`` the first rotation's result lies in the subfolder ``first``;
- when standard input closes, the viewer is gone: the folder is removed and the child ends.
"""

from __future__ import annotations

import os
import shutil
import threading
from typing import TYPE_CHECKING

from sasnet_core.shell.progress import write_line

if TYPE_CHECKING:
    from pathlib import Path

    from sasnet_core.results.prediction import Prediction

FIRST = "first"
#: Exit code of a child whose viewer is gone.
_LEFT_ALONE = 1
#: What the main thread still writes while the folder is removed takes another go.
_ATTEMPTS = 5


def say_ready(rotations: int) -> None:
    """Tell the viewer that the network is loaded."""
    write_line(0, rotations)


def write_first(prediction: Prediction, folder: Path, pair_count: int | None) -> None:
    """Write the result of the first rotation to the subfolder ``first``, whole or not at all.

    Parameters
    ----------
    prediction : Prediction
        That of one rotation.
    folder : Path
        The viewer's.
    pair_count : int or None
        Pairs to list, best first; None for all.
    """
    from sasnet_core.results.writing import write_prediction

    partial = folder / f"{FIRST}.tmp"
    partial.mkdir()
    write_prediction(prediction, partial, pair_count)
    partial.rename(folder / FIRST)


def end_with_viewer(folder: Path) -> None:
    """From now on, remove a folder and end this process when standard input closes."""
    threading.Thread(target=_end_when_alone, args=(folder,), daemon=True).start()


def _end_when_alone(folder: Path) -> None:
    while os.read(0, 1024):
        pass
    for _ in range(_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(_LEFT_ALONE)
