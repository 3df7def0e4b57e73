"""Draw a result folder with PyMOL: picture.png and session.pse.

Run as ``python -m sasnet_core.picture FOLDER``, in a process of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

#: Probability 0, 0.5 and 1: light grey, orange, dark red; lightness falls all the way, so the
#: scale reads without colour vision too.
PALETTE = ((0.88, 0.88, 0.90), (0.99, 0.60, 0.25), (0.55, 0.00, 0.08))
PALETTE_NAMES = ("sasnet_low", "sasnet_middle", "sasnet_high")
SIZE = (1600, 1000)  # pixels


def draw(folder: Path) -> None:
    """Draw the coloured structures of a result folder.

    One complex is shown as it is, two separate files side by side. Colour is the probability in
    the B factors, from 0 to 1.

    Parameters
    ----------
    folder : Path
        Holds complex.cif, or left.cif and right.cif; gets picture.png and session.pse.
    """
    import pymol2

    with pymol2.PyMOL() as session:
        cmd = session.cmd
        cmd.set("max_threads", 1)
        for path in sorted(folder.glob("*.cif")):
            cmd.load(str(path), f"sasnet_{path.stem}", quiet=1)
        _paint(cmd)
        _arrange(cmd)
        cmd.save(str(folder / "session.pse"), quiet=1)
        cmd.png(str(folder / "picture.png"), *SIZE, ray=1, quiet=1)


def _paint(cmd: Any) -> None:
    for name, rgb in zip(PALETTE_NAMES, PALETTE, strict=True):
        cmd.set_color(name, rgb)
    cmd.hide("everything")
    cmd.show("cartoon")
    cmd.show("surface")
    cmd.set("transparency", 0.35)
    cmd.set("surface_quality", 0)
    cmd.spectrum("b", " ".join(PALETTE_NAMES), "b > -0.5", minimum=0, maximum=1)
    cmd.color("grey50", "b < -0.5")
    cmd.bg_color("white")
    cmd.set("ray_opaque_background", 1)
    cmd.set("ray_shadows", 0)
    cmd.set("antialias", 2)


def _arrange(cmd: Any) -> None:
    objects = cmd.get_object_list()
    if len(objects) > 1:
        cmd.set("grid_mode", 1)
    cmd.orient("b > 0.5" if cmd.count_atoms("b > 0.5") else "all")
    cmd.zoom("all", buffer=2, complete=1)


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
