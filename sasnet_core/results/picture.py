"""Draw with PyMOL: a result folder (picture.png, session.pse) or a complex of a dataset.

Run as ``python -m sasnet_core.results.picture FOLDER`` or ``... COMPLEX.npz PICTURE.png``, in a
process of its own.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.dataset.complexes import load_complex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image

    from sasnet_core.dataset.complexes import Complex
    from sasnet_core.structure.protein import Protein

#: Probability and its red, green, blue: the scale of the PyMOL plugin. From 0.2, where residues
#: begin to be likely, lightness falls, so it reads without colour vision too.
SCALE = (
    (0.0, 0.82, 0.84, 0.87),
    (0.2, 0.98, 0.84, 0.52),
    (0.4, 0.97, 0.60, 0.24),
    (0.6, 0.86, 0.27, 0.19),
    (1.0, 0.60, 0.04, 0.30),
)
#: Even steps from 0 to 1 that meet every stop of the scale: PyMOL's spectrum knows no others.
SPECTRUM_STEPS = 5
#: Red, green, blue of a partner's residues in contact; the others are pale.
PARTNER_COLOURS = {"left": (0.00, 0.45, 0.70), "right": (0.84, 0.37, 0.00)}
PALENESS = 0.72
PANEL = 600  # pixels
MARGIN = 116  # pixels, for the words under the panels
#: White around a panel's molecules (pixels).
EDGE = 12
#: Patches of a side that are labelled, and how far towards the viewer their labels float
#: (angstrom): the view has no perspective, so nothing hides or moves them.
LABELLED, FLOAT = 3, 60.0
_LABEL = "sasnet_label_"


@dataclass(frozen=True)
class _Panel:
    """One view: what is shown, and the direction that points at the viewer."""

    title: str  # of one or two lines
    selection: str
    facing: np.ndarray | None


def draw(folder: Path) -> None:
    """Draw the coloured structures of a result folder.

    Each partner is shown with its first patch turned to the viewer, patches labelled; a complex
    also as it is. Colour is the probability in the B factors, from 0 to 1.

    Parameters
    ----------
    folder : Path
        Holds result.json and complex.cif, or left.cif and right.cif; gets picture.png and
        session.pse.
    """
    import pymol2

    values = json.loads((folder / "result.json").read_text())
    chains = {entry["side"]: entry["chains"] for entry in values["inputs"]}
    with pymol2.PyMOL() as session:
        cmd = session.cmd
        for path in sorted(folder.glob("*.cif")):
            cmd.load(str(path), f"sasnet_{path.stem}", quiet=1)
        whole = "sasnet_complex" in cmd.get_object_list()
        if whole:
            _part(cmd, chains)
        _paint(cmd)
        panels = _panels(cmd, values, whole)
        cmd.show_as("surface")
        labels = _labels(cmd, values, panels)
        images = [_render(cmd, panel, labels) for panel in panels]
        cmd.delete(f"{_LABEL}*")
        cmd.enable("all")
        cmd.show("cartoon")
        cmd.set("transparency", 0.25)
        cmd.orient("all")
        cmd.save(str(folder / "session.pse"), quiet=1)
    _compose(images, [panel.title for panel in panels]).save(folder / "picture.png")


def spectrum_colours() -> dict[str, list[float]]:
    """Name the colours of the scale at even steps, as PyMOL's spectrum wants them."""
    stops, *channels = zip(*SCALE, strict=True)
    places = np.linspace(0, 1, SPECTRUM_STEPS + 1)
    columns = [np.interp(places, stops, channel).round(4).tolist() for channel in channels]
    rows = zip(*columns, strict=True)
    return {f"sasnet_{step}": list(rgb) for step, rgb in enumerate(rows)}


def _paint(cmd: Any) -> None:
    colours = spectrum_colours()
    for name, rgb in colours.items():
        cmd.set_color(name, rgb)
    _set_scene(cmd)
    cmd.spectrum("b", " ".join(colours), "b > -0.5", minimum=0, maximum=1)
    cmd.color("grey50", "b < -0.5")


def _set_scene(cmd: Any) -> None:
    cmd.bg_color("white")
    cmd.set("ray_opaque_background", 1)
    cmd.set("ray_shadows", 0)
    cmd.set("orthoscopic", 1)
    cmd.set("depth_cue", 0)
    cmd.set("label_size", -3)  # angstrom, so that labels grow with the picture
    cmd.set("label_color", "black")
    cmd.set("label_outline_color", "white")
    cmd.set("surface_quality", 0)


def _part(cmd: Any, chains: dict[str, list[str]]) -> None:
    """Make an object of each partner: a surface closed on all sides."""
    for side, names in chains.items():
        chain_selection = " or ".join(f'chain "{name}"' for name in names)
        cmd.create(f"sasnet_{side}", f"sasnet_complex and ({chain_selection})", quiet=1)
    cmd.delete("sasnet_complex")


def _panels(cmd: Any, values: dict[str, Any], whole: bool) -> list[_Panel]:
    panels = [_Panel("the complex", "all", None)] if whole else []
    for entry in values["inputs"]:
        name = f"sasnet_{entry['side']}"
        title = f"{entry['side']}: chain {', '.join(entry['chains'])}"
        first = next(_patches(values, entry["side"]), None)
        if first is None:  # of an older sasnet
            title += "\nlikely interface in front"
            panels.append(_Panel(title, name, _patch_direction(cmd, name)))
        else:
            title += f"\n{_patch_words(values, first)}"
            panels.append(_Panel(title, name, _outward(cmd, name, first)))
    return panels


def _patches(values: dict[str, Any], side: str) -> Iterator[dict[str, Any]]:
    """Yield the patches of a side, the likeliest first."""
    return (patch for patch in values.get("patches", []) if patch["side"] == side)


def _patch_words(values: dict[str, Any], patch: dict[str, Any]) -> str:
    """Say of a first patch where it is, how likely it is right, and how much of it is."""
    around = patch["around"]
    name = f"{around['name']} {around['number']}{around['insertion_code']}"
    words = f"patch 1 in front, around {name}"
    if patch["chance"] is not None:
        words += f": chance {patch['chance']:.2f}"
    observed = values["observed_in_input"]
    if observed is None:
        return words
    touching = observed[patch["side"]]["patches_in_contact"][0]
    return f"{words}; {touching} of {len(patch['residues'])} touch"


def _outward(cmd: Any, selection: str, patch: dict[str, Any]) -> np.ndarray:
    """Point from a partner's centre to a patch, shape (3,), length 1."""
    center = _atoms(cmd, selection)[:, :3].mean(axis=0)
    return unit(np.asarray(patch["position"], float) - center)


def _atoms(cmd: Any, selection: str) -> np.ndarray:
    """Return positions and B factors of atoms, shape (n_atoms, 4)."""
    atoms: list[tuple[float, float, float, float]] = []
    cmd.iterate_state(1, selection, "atoms.append((x, y, z, b))", space={"atoms": atoms})
    return np.array(atoms)


def _labels(cmd: Any, values: dict[str, Any], panels: list[_Panel]) -> dict[str, list[str]]:
    """Make the labels of the patches that a panel of one partner shows from their front.

    Returns
    -------
    dict
        Selection of the panel, to the names of the labels' objects.
    """
    made: dict[str, list[str]] = {}
    for panel in panels:
        if panel.facing is None:
            continue
        side = panel.selection.removeprefix("sasnet_")
        for patch in list(_patches(values, side))[:LABELLED]:
            if _outward(cmd, panel.selection, patch) @ panel.facing > 0:
                name = f"{_LABEL}{side}_{patch['rank']}"
                place = np.asarray(patch["position"]) + FLOAT * panel.facing
                cmd.pseudoatom(name, pos=place.tolist(), label=f"patch {patch['rank']}")
                made.setdefault(panel.selection, []).append(name)
    return made


def _patch_direction(cmd: Any, selection: str) -> np.ndarray:
    """Point from a partner's centre to its likely interface, shape (3,), length 1."""
    table = _atoms(cmd, selection)
    return likely_direction(table[:, :3], np.clip(table[:, 3], 0, 1))


def likely_direction(points: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Point from the centre of a partner's points to the likely ones, shape (3,), length 1.

    Parameters
    ----------
    points : ndarray, shape (n_points, 3)
        Atoms or residues, angstrom.
    probabilities : ndarray, shape (n_points,)
        Of each.
    """
    weights = probabilities**2 + 1e-6
    return unit(np.average(points, axis=0, weights=weights) - points.mean(axis=0))


def unit(direction: np.ndarray) -> np.ndarray:
    """Bring a direction to length 1; one of no length points along z."""
    length = np.linalg.norm(direction)
    return direction / length if length > 1e-3 else np.array([0.0, 0.0, 1.0])


def _render(cmd: Any, panel: _Panel, labels: dict[str, list[str]]) -> Image:
    """Draw what a panel shows; objects are switched on and off, so surfaces are made once."""
    import PIL.Image

    cmd.disable("all")
    shown = _objects(cmd, panel)
    for name in (*shown, *labels.get(panel.selection, [])):
        cmd.enable(name)
    selection = " or ".join(shown)
    cmd.orient(selection)
    if panel.facing is not None:
        view = list(cmd.get_view())
        view[:9] = facing_rotation(panel.facing).T.ravel().tolist()
        cmd.set_view(view)
    cmd.zoom(selection, buffer=3, complete=1)
    cmd.clip("slab", 1000.0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panel.png"
        cmd.png(str(path), PANEL, PANEL, ray=1, quiet=1)
        with PIL.Image.open(path) as image:
            return _filled(image.convert("RGB"))


def _objects(cmd: Any, panel: _Panel) -> list[str]:
    """List the molecules that a panel shows."""
    molecules = ["sasnet_left", "sasnet_right"] if panel.selection == "all" else [panel.selection]
    return [name for name in cmd.get_object_list() if name in molecules]


def _filled(image: Image) -> Image:
    """Cut off the white around what is drawn, and bring the rest to the size of a panel."""
    import PIL.Image
    from PIL import ImageChops, ImageOps

    white = PIL.Image.new("RGB", image.size, "white")
    box = ImageChops.difference(image, white).getbbox()
    if box is None:
        return image
    inner = ImageOps.contain(image.crop(box), (PANEL - 2 * EDGE, PANEL - 2 * EDGE))
    white.paste(inner, ((PANEL - inner.width) // 2, (PANEL - inner.height) // 2))
    return white


def facing_rotation(direction: np.ndarray) -> np.ndarray:
    """Make a rotation, shape (3, 3), whose third row (towards the viewer) is a direction."""
    helper = np.eye(3)[np.abs(direction).argmin()]
    across = np.cross(helper, direction)
    across /= np.linalg.norm(across)
    return np.stack([across, np.cross(direction, across), direction])


def _compose(images: list[Image], titles: list[str]) -> Image:
    """Put panels side by side over their titles and the colour scale."""
    picture = _side_by_side(images, titles)
    _draw_scale(picture)
    return picture


def _side_by_side(images: list[Image], titles: list[str], margin: int = MARGIN) -> Image:
    import PIL.Image
    from PIL import ImageDraw, ImageFont

    picture = PIL.Image.new("RGB", (PANEL * len(images), PANEL + margin), "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=18)
    for place, (image, title) in enumerate(zip(images, titles, strict=True)):
        picture.paste(image, (place * PANEL, 0))
        middle = (place + 0.5) * PANEL, PANEL + 4
        pen.multiline_text(middle, title, "black", font, anchor="ma", align="center")
    return picture


def _draw_scale(picture: Image) -> None:
    from PIL import ImageDraw, ImageFont

    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=18)
    width = 400
    first = (picture.width - width) // 2
    stops, *channels = zip(*SCALE, strict=True)
    for step in range(width):
        rgb = tuple(round(255 * np.interp(step / width, stops, channel)) for channel in channels)
        pen.line([(first + step, PANEL + 60), (first + step, PANEL + 76)], fill=rgb)
    words = "probability of being in the interface"
    pen.text((first - 8, PANEL + 68), "0", "black", font, anchor="rm")
    pen.text((first + width + 8, PANEL + 68), "1", "black", font, anchor="lm")
    pen.text((picture.width / 2, PANEL + 82), words, "black", font, anchor="ma")


def draw_complex(item: Complex, path: Path) -> None:
    """Draw a complex as it is, and each partner with its contacts turned to the viewer.

    Parameters
    ----------
    item : Complex
        Partners and contacts.
    path : Path
        PNG to write.
    """
    import pymol2

    from sasnet_core.structure.writing import protein_mmcif  # loads gemmi

    panels = []
    with pymol2.PyMOL() as session:
        cmd = session.cmd
        for side, column in (("left", 0), ("right", 1)):
            protein: Protein = getattr(item, side)
            in_contact = np.isin(np.arange(protein.n_residues), item.contacts[:, column])
            text = protein_mmcif(protein, in_contact)
            cmd.load_raw(text, "cif", f"sasnet_{side}", quiet=1)
            _paint_partner(cmd, side)
            chains = ", ".join(dict.fromkeys(protein.chain_ids.tolist()))
            title = f"{side}: chain {chains}, {in_contact.sum()} residues in contact (dark)"
            direction = _patch_direction(cmd, f"sasnet_{side}")
            panels.append(_Panel(title, f"sasnet_{side}", direction))
        _set_scene(cmd)
        cmd.set("transparency", 0)
        panels.insert(0, _Panel(f"{item.name}: {len(item.contacts)} contacts", "all", None))
        cmd.show_as("surface")
        images = [_render(cmd, panel, {}) for panel in panels]
    _side_by_side(images, [panel.title for panel in panels], margin=40).save(path)


def _paint_partner(cmd: Any, side: str) -> None:
    strong = np.array(PARTNER_COLOURS[side])
    for name, share, selection in (("pale", PALENESS, "b < 0.5"), ("strong", 0.0, "b > 0.5")):
        cmd.set_color(f"sasnet_{side}_{name}", (strong + share * (1 - strong)).tolist())
        cmd.color(f"sasnet_{side}_{name}", f"sasnet_{side} and {selection}")


def end_with_parent(seconds: float = 0.5) -> None:
    """From now on, end this process within some seconds of the process that started it."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(seconds)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    end_with_parent()
    if len(sys.argv) == 2:
        draw(Path(sys.argv[1]))
    else:
        draw_complex(load_complex(Path(sys.argv[1])), Path(sys.argv[2]))
