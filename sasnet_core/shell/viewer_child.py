"""`sasnet_predict` as the child process of a viewer.

The viewer makes a folder, puts the structures into it, keeps the child's standard input open and
reads the progress lines. With ``--attached FOLDER``

- ``sasnet-progress 0 TOTAL`` says that the network is loaded;
- the result of the first rotation is in the subfolder ``first`` before ``sasnet-progress 1 TOTAL``;
- when standard input closes, the viewer is gone: the folder is removed and the child ends. The
  viewer marks the folder as its own with an empty file `MARK`; no other folder is ever removed.
"""

from __future__ import annotations

import os
import shutil
import threading
from typing import TYPE_CHECKING

from sasnet_core.errors import SettingError
from sasnet_core.shell.progress import print_progress

if TYPE_CHECKING:
    from pathlib import Path

    from sasnet_core.results.prediction import Prediction

FIRST = "first"
MARK = ".sasnet-viewer"
#: Exit code of a child whose viewer is gone.
_VIEWER_GONE = 1
#: The main thread may write files while the folder is removed; then it is removed again.
_ATTEMPTS = 5


def report_loaded(rotations: int) -> None:
    """Tell the viewer that the network is loaded."""
    print_progress(0, rotations)


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
    """From now on, remove a folder and end this process when standard input closes.

    Raises
    ------
    SettingError
        The folder does not have the mark of a viewer.
    """
    if not (folder / MARK).is_file():
        raise SettingError(
            f"--attached is for the PyMOL plugin, and {folder} is not a folder of its own; update "
            "plugin and sasnet to the same version"
        )
    threading.Thread(target=_end_at_close, args=(folder,), daemon=True).start()


def _end_at_close(folder: Path) -> None:
    while os.read(0, 1024):
        pass
    for _ in range(_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(_VIEWER_GONE)
