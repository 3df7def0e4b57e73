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
import PIL.Image

from sasnet_core.dataset.complexes import load_complex
from sasnet_core.results.colours import scale_top, spectrum_colours
from sasnet_core.results.panels import TOUCHING, Legend, compose
from sasnet_core.results.partner import SIDES
from sasnet_core.results.views import likely_direction, lying_rotation, unit, upright_rotation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sasnet_core.dataset.complexes import Complex
    from sasnet_core.structure.protein import Protein

#: Red, green, blue of a partner's residues in contact; the others are pale.
PARTNER_COLOURS = {"left": (0.00, 0.45, 0.70), "right": (0.84, 0.37, 0.00)}
PALENESS = 0.72
#: Height of a panel, and of one that shows a further patch (pixels).
PANEL, SMALL_PANEL = 600, 330
#: Width of a panel, in heights: the narrowest and the widest.
LEAST_WIDTH, MOST_WIDTH = 0.8, 1.5
#: White around the atoms of a panel: their own radius, and a little more (angstrom).
EDGE = 3.0
#: Degrees from top to bottom. Without perspective it only says how far away the eye is: far enough
#: for molecules that are deep.
FIELD_OF_VIEW = 5.0
#: Threads that trace rays; more gained nothing.
MOST_THREADS = 4
#: Patches of a side that are shown.
SHOWN = 3
#: What a pixel of a mask tells by each of its channels red, green and blue.
_BITS = (1, 2, TOUCHING)


@dataclass(frozen=True)
class _Panel:
    """One view: what is shown, and from where."""

    title: str  # of one or two lines
    sides: tuple[str, ...]
    rotation: np.ndarray  # shape (3, 3), rows: to the right, up, towards the viewer
    height: int  # pixels
    patches: tuple[int, ...] = ()  # ranks of those that are outlined


def draw(folder: Path) -> None:
    """Draw the coloured structures of a result folder.

    Each partner is shown with its first patch turned to the viewer, a complex also as it is; below
    stand the next patches. Patches are outlined and numbered, and so is what touches if the input
    is a complex. Colour is the probability in the B factors, from 0 to `colours.scale_top`.

    Parameters
    ----------
    folder : Path
        Holds result.json and complex.cif, or left.cif and right.cif; gets picture.png and
        session.pse.
    """
    import pymol2

    values = json.loads((folder / "result.json").read_text())
    chains = {entry["side"]: entry["chains"] for entry in values["inputs"]}
    probabilities = [row["probability"] for row in values["residues"]]
    top = scale_top(probabilities)
    with pymol2.PyMOL() as session:
        cmd = session.cmd
        for path in sorted(folder.glob("*.cif")):
            cmd.load(str(path), f"sasnet_{path.stem}", quiet=1)
        whole = "sasnet_complex" in cmd.get_object_list()
        if whole:
            _part(cmd, chains)
        _paint(cmd, top)
        _set_scene(cmd)
        panels = _panels(cmd, values, whole)
        cmd.show_as("surface")
        images = [_render(cmd, panel) for panel in panels]
        cmd.show("cartoon")
        _save_session(cmd, folder)
        masks = _masks(cmd, values, panels)
    known = values["observed_in_input"] is not None
    legend = Legend(top, max(probabilities), values["threshold"], known)
    compose(
        [
            (image, mask, panel.title, panel.patches)
            for image, mask, panel in zip(images, masks, panels, strict=True)
        ],
        legend,
    ).save(folder / "picture.png")


def _paint(cmd: Any, top: float) -> None:
    colours = spectrum_colours()
    for name, rgb in colours.items():
        cmd.set_color(name, rgb)
    cmd.spectrum("b", " ".join(colours), "b > -0.5", minimum=0, maximum=top)
    cmd.color("grey50", "b < -0.5")


def _set_scene(cmd: Any) -> None:
    cmd.bg_color("white")
    cmd.set("ray_opaque_background", 1)
    cmd.set("ray_shadows", 0)
    cmd.set("orthoscopic", 1)
    cmd.set("depth_cue", 0)
    cmd.set("surface_quality", 0)
    cmd.set("field_of_view", FIELD_OF_VIEW)
    cmd.set("max_threads", min(os.cpu_count() or 1, MOST_THREADS))


def _save_session(cmd: Any, folder: Path) -> None:
    """Save the coloured structures, both whole and in view."""
    cmd.enable("all")
    cmd.set("transparency", 0.25)
    cmd.set("field_of_view", 20)
    cmd.orient("all")
    cmd.save(str(folder / "session.pse"), quiet=1)
    cmd.set("field_of_view", FIELD_OF_VIEW)
    cmd.set("transparency", 0)
    cmd.show_as("surface")


def _part(cmd: Any, chains: dict[str, list[str]]) -> None:
    """Make an object of each partner: a surface closed on all sides."""
    for side, names in chains.items():
        chain_selection = " or ".join(f'chain "{name}"' for name in names)
        cmd.create(f"sasnet_{side}", f"sasnet_complex and ({chain_selection})", quiet=1)
    cmd.delete("sasnet_complex")


def _panels(cmd: Any, values: dict[str, Any], whole: bool) -> list[_Panel]:
    atoms = {side: _atoms(cmd, f"sasnet_{side}") for side in SIDES}
    points = {side: table[:, :3] for side, table in atoms.items()}
    panels: list[_Panel] = []
    further: list[_Panel] = []
    if whole:
        rotation = lying_rotation(*points.values())
        panels.append(_Panel(_complex_title(values), SIDES, rotation, PANEL))
    for entry in values["inputs"]:
        side, chains = entry["side"], _chains(entry)
        patches = list(_patches(values, side))[:SHOWN]
        if not patches:  # of an older sasnet
            facing = likely_direction(points[side], np.clip(atoms[side][:, 3], 0, 1))
            title = f"{side}: chain {chains}\nlikely interface in front"
            panels.append(_Panel(title, (side,), upright_rotation(facing, points[side]), PANEL))
        for patch in patches:
            rank = patch["rank"]
            facing = unit(np.asarray(patch["position"], float) - points[side].mean(axis=0))
            words = f"patch {rank} in front, {_patch_words(values, patch)}"
            if rank > 1:
                words = f"{side}, patch {rank} in front\n{_patch_words(values, patch)}"
            shown = _Panel(
                f"{side}: chain {chains}\n{words}" if rank == 1 else words,
                (side,),
                upright_rotation(facing, points[side]),
                PANEL if rank == 1 else SMALL_PANEL,
                tuple(patch["rank"] for patch in patches),
            )
            (panels if rank == 1 else further).append(shown)
    return panels + further


def _complex_title(values: dict[str, Any]) -> str:
    names = [f"{entry['side']}: chain {_chains(entry)}" for entry in values["inputs"]]
    return f"the complex\n{', '.join(names)}"


def _chains(entry: dict[str, Any]) -> str:
    return ", ".join(name or "_" for name in entry["chains"])


def _patches(values: dict[str, Any], side: str) -> Iterator[dict[str, Any]]:
    """Yield the patches of a side, the likeliest first."""
    return (patch for patch in values.get("patches", []) if patch["side"] == side)


def _patch_words(values: dict[str, Any], patch: dict[str, Any]) -> str:
    """Say of a patch where it is, how likely it is right, and how much of it is."""
    around = patch["around"]
    words = f"around {around['name']} {around['number']}{around['insertion_code']}"
    if patch["chance"] is not None:
        words += f": chance {patch['chance']:.2f}"
    observed = values["observed_in_input"]
    if observed is None:
        return words
    touching = observed[patch["side"]]["patches_in_contact"][patch["rank"] - 1]
    return f"{words}; {touching} of {len(patch['residues'])} touch"


def _atoms(cmd: Any, selection: str) -> np.ndarray:
    """Return positions and B factors of atoms, shape (n_atoms, 4)."""
    atoms: list[tuple[float, float, float, float]] = []
    cmd.iterate_state(1, selection, "atoms.append((x, y, z, b))", space={"atoms": atoms})
    return np.array(atoms)


def _render(cmd: Any, panel: _Panel) -> PIL.Image.Image:
    """Draw what a panel shows; objects are switched on and off, so surfaces are made once."""
    cmd.disable("all")
    for side in panel.sides:
        cmd.enable(f"sasnet_{side}")
    width = _look(cmd, panel)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panel.png"
        cmd.png(str(path), width, panel.height, ray=1, quiet=1)
        with PIL.Image.open(path) as image:
            return image.convert("RGB")


def _look(cmd: Any, panel: _Panel) -> int:
    """Turn the view so that the panel's atoms fill it; return its width in pixels."""
    points = np.concatenate([_atoms(cmd, f"sasnet_{side}")[:, :3] for side in panel.sides])
    turned = points @ panel.rotation.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    width, height, _ = high - low + 2 * EDGE
    share = float(np.clip(width / height, LEAST_WIDTH, MOST_WIDTH))
    height = max(height, width / share)
    distance = height / 2 / np.tan(np.radians(FIELD_OF_VIEW / 2))
    view = list(cmd.get_view())
    view[:9] = panel.rotation.T.ravel().tolist()
    view[9:12] = [0.0, 0.0, -distance]
    view[12:15] = (panel.rotation.T @ ((low + high) / 2)).tolist()
    depth = (high - low)[2] / 2 + 10
    view[15:17] = [distance - depth, distance + depth]
    cmd.set_view(view)
    return round(share * panel.height)


def _masks(cmd: Any, values: dict[str, Any], panels: list[_Panel]) -> list[np.ndarray]:
    """Say of each pixel of each panel what it shows: flat colours, not shaded, tell it.

    Returns
    -------
    list of ndarray, shape (height, width), int
        Rank of the patch, 0 for none, plus `TOUCHING` where a residue touches the other partner.
    """
    for name, value in (("ambient", 1), ("direct", 0), ("reflect", 0), ("specular", 0),
                        ("spec_reflect", 0), ("antialias", 0)):  # fmt: skip
        cmd.set(name, value)
    cmd.bg_color("black")
    for code in range(2 ** len(_BITS)):
        cmd.set_color(f"sasnet_mask_{code}", [float(bool(code & bit)) for bit in _BITS])
    for side in SIDES:
        codes = {
            key: cmd.get_color_index(f"sasnet_mask_{code}")
            for key, code in _codes(values, side).items()
        }
        space = {"codes": codes, "none": cmd.get_color_index("sasnet_mask_0")}
        cmd.alter(f"sasnet_{side}", "color = codes.get((chain, resi), none)", space=space)
    cmd.recolor()
    found = []
    for panel in panels:
        pixels = np.asarray(_render(cmd, panel))
        found.append(((pixels > 127) * np.array(_BITS)).sum(axis=2))
    return found


def _codes(values: dict[str, Any], side: str) -> dict[tuple[str, str], int]:
    """Return what a mask tells of each residue, by chain and number."""
    rows = [row for row in values["residues"] if row["side"] == side]
    codes = np.zeros(len(rows), int)
    for patch in list(_patches(values, side))[:SHOWN]:
        codes[[residue["row"] for residue in patch["residues"]]] = patch["rank"]
    observed = values["observed_in_input"] or {}
    codes[observed.get(side, {}).get("touching", [])] += TOUCHING
    keys = [(row["chain"], f"{row['number']}{row['insertion_code']}") for row in rows]
    return dict(zip(keys, codes.tolist(), strict=True))


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

    both = item.left.centers, item.right.centers
    name = f"{item.name}: {len(item.contacts)} contacts"
    panels = [_Panel(name, SIDES, lying_rotation(*both), PANEL)]
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
            facing = likely_direction(protein.centers, in_contact.astype(float))
            rotation = upright_rotation(facing, protein.centers)
            panels.append(_Panel(title, (side,), rotation, PANEL))
        _set_scene(cmd)
        cmd.show_as("surface")
        images = [_render(cmd, panel) for panel in panels]
    empty = np.zeros((0, 0), int)
    compose([(im, empty, p.title, ()) for im, p in zip(images, panels, strict=True)]).save(path)


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
