"""A result as scripts that open it in ChimeraX and PyMOL, coloured alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sasnet_core.files import write_lines
from sasnet_core.results.colours import SPECTRUM_STEPS, scale_to, scale_top, spectrum_colours
from sasnet_core.results.patches import pymol_selection

if TYPE_CHECKING:
    from pathlib import Path

    from sasnet_core.results.partner import PredictedPartner
    from sasnet_core.results.result import Result

ATTRIBUTES, CHIMERAX_SCRIPT = "chimerax.defattr", "chimerax.cxc"
PYMOL_SCRIPT = "pymol.pml"
#: Patches of each side that have a selection.
MOST_PATCHES = 3
_PLAIN_NAME = re.compile(r"[A-Za-z0-9]+")
#: Colour of what was not predicted, as in `picture`: its names in PyMOL and in ChimeraX, where
#: ``#808080`` in first place would be a model.
_UNKNOWN_PYMOL, _UNKNOWN_CHIMERAX = "grey50", "gray"


def write_chimerax(result: Result, folder: Path) -> list[str]:
    """Write residue attributes and a script that opens the structures and colours by them.

    Attributes are sasnet_probability and sasnet_spread; residues that were not predicted have
    none. The script counts on the numbers that models get in an empty session.

    Parameters
    ----------
    result : Result
        What to write.
    folder : Path
        Where the structure files of the result lie too.

    Returns
    -------
    list of str
        Empty.
    """
    numbers = {str(file.path): k for k, file in enumerate(result.structures, 1)}
    blocks = []
    for name in ("probability", "spread"):
        lines = [f"attribute: sasnet_{name}", "recipient: residues", "match mode: 1-to-1"]
        for side in result.sides:
            number = numbers[str(side.structure.path)]
            for row, value in enumerate(getattr(side, name).tolist()):
                lines.append(f"\t{residue_spec(number, side, row)}\t{value:.4f}")
        blocks += lines
    write_lines(blocks, folder / ATTRIBUTES)
    write_lines(_chimerax_lines(result), folder / CHIMERAX_SCRIPT)
    return []


def _top(result: Result) -> float:
    """Return where the colour scale ends, as in the picture."""
    return scale_top(float(side.probability.max()) for side in result.sides)


def residue_spec(number: int, side: PredictedPartner, row: int) -> str:
    """Name a residue in ChimeraX: a hyphen in a chain's name would mean a range of chains."""
    chain = str(side.protein.chain_ids[row])
    residue = side.protein.residue_ids[row]
    if _PLAIN_NAME.fullmatch(chain):
        return f"#{number}/{chain}:{residue}"
    return f'#{number}//chain_id="{chain}":{residue}'


def _chimerax_lines(result: Result) -> list[str]:
    scale = scale_to(_top(result))
    palette = ":".join(f"{stop:g},{_hex(rgb)}" for stop, *rgb in scale)
    key = " ".join(f"{_hex(rgb)}:{stop:g}" for stop, *rgb in scale)
    return [
        "# sasnet: run in an empty ChimeraX, as in: chimerax chimerax.cxc",
        *(f"open {file.path.name}" for file in result.structures),
        f"open {ATTRIBUTES}",
        "set bgColor white",
        "hide atoms",
        "show cartoons",
        f"color all {_UNKNOWN_CHIMERAX}",
        f"color byattribute r:sasnet_probability palette {palette}",
        f"key {key}",
        "# spread over the rotations: color byattribute r:sasnet_spread palette 0,white:0.2,purple",
        f"# likely residues: select ::sasnet_probability>={result.threshold:g}",
    ]


def write_pymol(result: Result, folder: Path) -> list[str]:
    """Write a script that loads the structures and colours them as the picture is.

    Parameters
    ----------
    result : Result
        What to write.
    folder : Path
        Where the structure files of the result lie too.

    Returns
    -------
    list of str
        Empty.
    """
    colours, top = spectrum_colours(), _top(result)
    objects = [f"sasnet_{file.path.stem}" for file in result.structures]
    lines = [
        "# sasnet: B factors are probabilities, -1 where nothing was predicted",
        "python",
        "import os",
        "sasnet_folder = os.path.dirname(os.path.abspath(__script__))",
        *(
            f'cmd.load(os.path.join(sasnet_folder, "{file.path.name}"), "{name}")'
            for file, name in zip(result.structures, objects, strict=True)
        ),
        "python end",
        *(f"set_color {name}, {rgb}" for name, rgb in colours.items()),
        "bg_color white",
    ]
    for name in objects:
        lines += [
            f"spectrum b, {' '.join(colours)}, {name} and b > -0.5, minimum=0, maximum={top:g}",
            f"color {_UNKNOWN_PYMOL}, {name} and b < -0.5",
        ]
    likely = f"({' or '.join(objects)}) and b > {result.threshold - 5e-7:.6f}"
    steps = ", ".join(f"{top * step / SPECTRUM_STEPS:g}" for step in range(SPECTRUM_STEPS + 1))
    lines += [
        f"select sasnet_likely, {likely}",
        *_patch_lines(result),
        "deselect",
        f"ramp_new sasnet_scale, none, [{steps}], [{', '.join(colours)}]",
    ]
    write_lines(lines, folder / PYMOL_SCRIPT)
    return []


def _patch_lines(result: Result) -> list[str]:
    """Select the patches of each rank, those of both sides together."""
    by_rank: dict[int, list[str]] = {}
    for side in result.sides:
        name = f"sasnet_{side.structure.path.stem}"
        for patch in result.patches[side.side][:MOST_PATCHES]:
            chosen = f"({name} and ({pymol_selection(patch, side)}))"
            by_rank.setdefault(patch.rank, []).append(chosen)
    return [f"select sasnet_patch_{rank}, {' or '.join(parts)}" for rank, parts in by_rank.items()]


def _hex(rgb: list[float]) -> str:
    return "#" + "".join(f"{round(255 * value):02x}" for value in rgb)
