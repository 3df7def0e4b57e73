"""Draw a result folder with PyMOL: picture.png and session.pse.

Run as ``python -m sasnet_core.picture FOLDER``, in a process of its own.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

#: Probability and its red, green, blue: the scale of the PyMOL plugin. Lightness falls from 0.25
#: on, so it reads without colour vision too.
SCALE = (
    (0.0, 0.82, 0.84, 0.87),
    (0.25, 0.98, 0.84, 0.52),
    (0.5, 0.97, 0.60, 0.24),
    (0.75, 0.86, 0.27, 0.19),
    (1.0, 0.60, 0.04, 0.30),
)
PANEL = 720  # pixels
MARGIN = 100  # pixels, for the words under the panels


@dataclass(frozen=True)
class _Panel:
    """One view: what is shown, and the direction that points at the viewer."""

    title: str
    selection: str
    facing: np.ndarray | None


def draw(folder: Path) -> None:
    """Draw the coloured structures of a result folder.

    Each partner is shown with its likely interface turned to the viewer; a complex also as it
    is. Colour is the probability in the B factors, from 0 to 1.

    Parameters
    ----------
    folder : Path
        Holds result.json and complex.cif, or left.cif and right.cif; gets picture.png and
        session.pse.
    """
    import pymol2

    inputs = json.loads((folder / "result.json").read_text())["inputs"]
    chains = {entry["side"]: entry["chains"] for entry in inputs}
    with pymol2.PyMOL() as session:
        cmd = session.cmd
        for path in sorted(folder.glob("*.cif")):
            cmd.load(str(path), f"sasnet_{path.stem}", quiet=1)
        whole = "sasnet_complex" in cmd.get_object_list()
        if whole:
            _part(cmd, chains)
        _paint(cmd)
        panels = _panels(cmd, chains, whole)
        images = [_render(cmd, panel) for panel in panels]
        cmd.show("cartoon")
        cmd.show("surface")
        cmd.orient("all")
        cmd.save(str(folder / "session.pse"), quiet=1)
    _compose(images, [panel.title for panel in panels]).save(folder / "picture.png")


def _paint(cmd: Any) -> None:
    names = [f"sasnet_{round(100 * stop)}" for stop, *_ in SCALE]
    for name, (_, *rgb) in zip(names, SCALE, strict=True):
        cmd.set_color(name, rgb)
    cmd.set("transparency", 0.25)
    cmd.spectrum("b", " ".join(names), "b > -0.5", minimum=0, maximum=1)
    cmd.color("grey50", "b < -0.5")
    cmd.bg_color("white")
    cmd.set("ray_opaque_background", 1)
    cmd.set("ray_shadows", 0)
    cmd.set("surface_quality", 0)


def _part(cmd: Any, chains: dict[str, list[str]]) -> None:
    """Make an object of each partner: a surface closed on all sides."""
    for side, names in chains.items():
        chain_selection = " or ".join(f'chain "{name}"' for name in names)
        cmd.create(f"sasnet_{side}", f"sasnet_complex and ({chain_selection})", quiet=1)
    cmd.delete("sasnet_complex")


def _panels(cmd: Any, chains: dict[str, list[str]], whole: bool) -> list[_Panel]:
    panels = [_Panel("the complex", "all", None)] if whole else []
    for side in ("left", "right"):
        title = f"{side}: chain {', '.join(chains[side])}, likely interface in front"
        panels.append(_Panel(title, f"sasnet_{side}", _patch_direction(cmd, f"sasnet_{side}")))
    return panels


def _patch_direction(cmd: Any, selection: str) -> np.ndarray:
    """Point from a partner's centre to its likely interface, shape (3,), length 1."""
    atoms: list[tuple[float, float, float, float]] = []
    cmd.iterate_state(1, selection, "atoms.append((x, y, z, b))", space={"atoms": atoms})
    table = np.array(atoms)
    weights = np.clip(table[:, 3], 0, 1) ** 2 + 1e-6
    direction = np.average(table[:, :3], axis=0, weights=weights) - table[:, :3].mean(axis=0)
    length = np.linalg.norm(direction)
    return direction / length if length > 1e-3 else np.array([0.0, 0.0, 1.0])


def _render(cmd: Any, panel: _Panel) -> Image:
    import PIL.Image

    cmd.hide("everything")
    for shape in ("cartoon", "surface"):
        cmd.show(shape, panel.selection)
    cmd.orient(panel.selection)
    if panel.facing is not None:
        view = list(cmd.get_view())
        view[:9] = _facing_rotation(panel.facing).T.ravel().tolist()
        cmd.set_view(view)
    cmd.zoom(panel.selection, buffer=3, complete=1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panel.png"
        cmd.png(str(path), PANEL, PANEL, ray=1, quiet=1)
        with PIL.Image.open(path) as image:
            return image.convert("RGB")


def _facing_rotation(direction: np.ndarray) -> np.ndarray:
    """Make a rotation, shape (3, 3), whose third row (towards the viewer) is a direction."""
    helper = np.eye(3)[np.abs(direction).argmin()]
    across = np.cross(helper, direction)
    across /= np.linalg.norm(across)
    return np.stack([across, np.cross(direction, across), direction])


def _compose(images: list[Image], titles: list[str]) -> Image:
    """Put panels side by side over their titles and the colour scale."""
    import PIL.Image
    from PIL import ImageDraw, ImageFont

    picture = PIL.Image.new("RGB", (PANEL * len(images), PANEL + MARGIN), "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=20)
    for place, (image, title) in enumerate(zip(images, titles, strict=True)):
        picture.paste(image, (place * PANEL, 0))
        pen.text(((place + 0.5) * PANEL, PANEL + 8), title, "black", font, anchor="ma")
    width = 400
    first = (picture.width - width) // 2
    stops, *channels = zip(*SCALE, strict=True)
    for step in range(width):
        rgb = tuple(round(255 * np.interp(step / width, stops, channel)) for channel in channels)
        pen.line([(first + step, PANEL + 44), (first + step, PANEL + 60)], fill=rgb)
    words = "probability of being in the interface"
    pen.text((first - 8, PANEL + 52), "0", "black", font, anchor="rm")
    pen.text((first + width + 8, PANEL + 52), "1", "black", font, anchor="lm")
    pen.text((picture.width / 2, PANEL + 64), words, "black", font, anchor="ma")
    return picture


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
