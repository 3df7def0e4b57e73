"""A result as one self-contained HTML page: the template in `resources/report`, filled in."""

from __future__ import annotations

import base64
import gzip
import html
import importlib.resources
import json
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sasnet_core.errors import SasnetError
from sasnet_core.files import written_whole
from sasnet_core.fitted import Calibration, PatchLaw
from sasnet_core.results import threedmol
from sasnet_core.results.colours import scale_to, scale_top
from sasnet_core.results.formats.pdb import one_letter_names
from sasnet_core.results.patches import patch_sentence
from sasnet_core.results.summary import MEANING, patch_meaning
from sasnet_core.results.views import facing_rotation, likely_direction, unit
from sasnet_core.scoring.calibration import pair_log_odds
from sasnet_core.scoring.pair_scores import best_pairs
from sasnet_core.structure.chemistry import one_letter
from sasnet_core.structure.contacts import contacts
from sasnet_core.structure.writing import write_pdb

if TYPE_CHECKING:
    from sasnet_core.results.partner import PredictedPartner
    from sasnet_core.results.patches import PredictedPatch
    from sasnet_core.results.result import Result
    from sasnet_core.structure.writing import NamedResidue

NAME = "report.html"
PICTURE = "picture.png"
#: Pairs in the list.
MOST_PAIRS = 50
#: Pairs of patches in the answer.
MOST_PATCH_PAIRS = 3
#: Cells of a map: a larger pair matrix has several pairs in a cell, which shows the best of them.
MOST_CELLS = 1_000_000
#: Maps hold bytes: 255 stands for these.
HIGHEST_SCORE, HIGHEST_SPREAD = 1.0, 0.5
#: What the page says of the calibration; its constants are in result.json.
CALIBRATION = ("fitted_on", "rotations", "threshold", "precision", "recall")
#: Distance between partners that are shown apart, in angstrom.
GAP = 8.0


def write_report(result: Result, folder: Path) -> list[str]:
    """Write report.html, with the picture of the result if there is one.

    Parameters
    ----------
    result : Result
        What to show.
    folder : Path
        Where; must be there.

    Returns
    -------
    list of str
        What the page lacks.
    """
    script, notes = _viewer()
    structures, more = _structures(result) if script else ([], [])
    notes += more
    data = _data(result, notes) | {"structures": structures}
    with written_whole(folder / NAME) as stream:
        stream.write(_page(result, data, script))
    return [f"report: {note}" for note in notes]


def _viewer() -> tuple[str, list[str]]:
    """Return the viewer's licence and script as HTML, or nothing and why."""
    folder = threedmol.installed_folder()
    try:
        script = (folder / threedmol.SCRIPT).read_text()
        license_text = (folder / threedmol.LICENSE).read_text()
    except OSError:
        return "", [
            "no 3D view, 3Dmol.js is not part of this installation; "
            f"{threedmol.COMMAND} installs it from npm"
        ]
    assert "</script" not in script and "--" + ">" not in license_text
    return f"<!--\n{license_text}\n-->\n<script>{script}</script>", []


def _page(result: Result, data: dict[str, Any], script: str) -> str:
    """Fill the template."""
    resources = importlib.resources.files("sasnet_core.resources") / "report"
    packed = gzip.compress(json.dumps(data, allow_nan=False).encode(), mtime=0)
    parts = {
        "title": html.escape(_title(result)),
        "style": (resources / "report.css").read_text(),
        "picture": _picture(result.folder / PICTURE),
        "data": base64.b64encode(packed).decode(),
        "viewer": script,
        "script": (resources / "report.js").read_text(),
    }
    page = (resources / "report.html").read_text()
    pieces = page.split("{{")
    return pieces[0] + "".join(
        parts[name] + rest for name, rest in (piece.split("}}", 1) for piece in pieces[1:])
    )


def _title(result: Result) -> str:
    return " and ".join(
        f"{Path(entry['file']).name} {', '.join(name or '_' for name in entry['chains'])}"
        for entry in result.values["inputs"]
    )


def _picture(path: Path) -> str:
    if not path.is_file():
        return ""
    content = base64.b64encode(path.read_bytes()).decode()
    return (
        '<section id="picture"><h2>Picture</h2><img alt="The partners, coloured by probability" '
        f'src="data:image/png;base64,{content}"></section>'
    )


def _data(result: Result, notes: list[str]) -> dict[str, Any]:
    """Collect the data that the page's script reads, as plain values."""
    values = result.values
    calibration = Calibration.from_dict(values["weights"]["calibration"])
    log_odds = pair_log_odds(result.scores, calibration)
    return {
        "version": values["version"],
        "title": _title(result),
        "sides": [_side_data(side) for side in result.sides],
        "inputs": [_input_data(entry) for entry in values["inputs"]],
        "patches": [
            _patch_data(patch, side) for side in result.sides for patch in result.patches[side.side]
        ],
        "patch_pairs": [[p.left, p.right, p.chance] for p in result.patch_pairs[:MOST_PATCH_PAIRS]],
        "patch_meaning": " ".join(patch_meaning(_law(values))),
        "threshold": result.threshold,
        "meaning": MEANING,
        "benchmark": _benchmark(calibration),
        "warnings": [*values["warnings"], *notes],
        "observed": values["observed_in_input"],
        "contacts": _contacts(result),
        "settings": values["settings"],
        "weights": values["weights"]["sha256"],
        "calibration": {
            name: value
            for name, value in values["weights"]["calibration"].items()
            if name in CALIBRATION
        },
        "scale": scale_to(scale_top(_number(side.probability.max()) for side in result.sides)),
        "pairs": [
            [
                i,
                j,
                *(_number(table[i, j]) for table in (result.scores, result.pair_spread, log_odds)),
            ]
            for i, j in best_pairs(result.scores, MOST_PAIRS).tolist()
        ],
        "pairs_calibrated": calibration.contact_share > 0,
        "map": _map_data(result),
        "together": len(result.structures) == 1,
    }


def _law(values: dict[str, Any]) -> PatchLaw | None:
    law = values["weights"].get("patches")
    return None if law is None else PatchLaw.from_dict(law)


def _patch_data(patch: PredictedPatch, side: PredictedPartner) -> dict[str, Any]:
    """Return what the page says of a patch, and its residues."""
    return {
        "side": patch.side,
        "rank": patch.rank,
        "text": patch_sentence(patch, side),
        "rows": list(patch.rows),
        "center": patch.center,
    }


def _input_data(entry: dict[str, Any]) -> dict[str, Any]:
    """Return what the page says of an input: files by their names, without folders."""
    shown = {name: entry[name] for name in sorted(entry)}
    shown["file"] = Path(entry["file"]).name
    if "origin" in entry and "://" not in str(entry["origin"]):
        shown["origin"] = Path(entry["origin"]).name
    return shown


def _number(value: float) -> float:
    return round(float(value), 4)


def _benchmark(calibration: Calibration) -> list[list[float]]:
    """Return threshold, precision and recall in rows, as measured in the benchmark."""
    own = [calibration.threshold, calibration.precision, calibration.recall]
    table = calibration.thresholds, calibration.precisions, calibration.recalls
    return [own, *(list(row) for row in zip(*table, strict=True))]


def _contacts(result: Result) -> list[list[int]]:
    """List the pairs that touch in an input that is a complex, rows of left and right."""
    if result.values["observed_in_input"] is None:
        return []
    return contacts(result.left.protein, result.right.protein).tolist()


def _side_data(side: PredictedPartner) -> dict[str, Any]:
    protein = side.protein
    return {
        "side": side.side,
        "chain": protein.chain_ids.tolist(),
        "residue": protein.residue_ids.tolist(),
        "name": protein.residue_names.tolist(),
        "segment": list(side.segments),
        "letter": "".join(one_letter(str(name)) for name in protein.residue_names),
        "probability": [_number(value) for value in side.probability],
        "spread": [_number(value) for value in side.spread],
    }


def _map_data(result: Result) -> dict[str, Any]:
    """Pack both pair matrices as bytes, several pairs in a cell where there are many."""
    block = math.ceil(math.sqrt(result.scores.size / MOST_CELLS))
    scores, spread = _pooled(result.scores, block), _pooled(result.pair_spread, block)
    return {
        "block": block,
        "rows": scores.shape[0],
        "columns": scores.shape[1],
        "scores": _bytes(scores / HIGHEST_SCORE),
        "spread": _bytes(spread / HIGHEST_SPREAD),
        "highest": [HIGHEST_SCORE, HIGHEST_SPREAD],
    }


def _pooled(matrix: np.ndarray, block: int) -> np.ndarray:
    """Take the maximum of blocks, shape (ceil(n / block), ceil(m / block))."""
    for axis in (0, 1):
        starts = np.arange(0, matrix.shape[axis], block)
        matrix = np.maximum.reduceat(matrix, starts, axis=axis)
    return matrix


def _bytes(shares: np.ndarray) -> str:
    return base64.b64encode(np.rint(255 * np.clip(shares, 0, 1)).astype(np.uint8)).decode()


def _structures(result: Result) -> tuple[list[dict[str, Any]], list[str]]:
    """Return each partner's PDB text and places, or nothing and why."""
    together = _together(result)
    try:
        return [
            {**_structure(side), "together": together, "apart": _apart(side)}
            for side in result.sides
        ], []
    except SasnetError as error:
        return [], [f"no 3D view ({error})"]


def _structure(side: PredictedPartner) -> dict[str, Any]:
    """Write a partner for the viewer: residue numbers count rows, and skip one at each gap."""
    protein = side.protein
    letters = one_letter_names(side.chain_ids)
    numbers = np.cumsum([1, *(1 + protein.chain_breaks())]).tolist()
    named = zip(protein.residue_keys(), protein.residue_names.tolist(), strict=True)
    found = {(*key, name): number for (key, name), number in zip(named, numbers, strict=True)}

    def relabel(key: NamedResidue) -> tuple[str, str] | None:
        number = found.get(key)
        return None if number is None else (letters[key[0]], str(number))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{side.side}.pdb"
        write_pdb(side.structure, relabel, path, one_location=True)
        records = path.read_text().splitlines()
    lines = [f"ATOM  {line[6:]}" for line in records if line.startswith(("ATOM  ", "HETATM"))]
    return {"pdb": "\n".join(lines), "numbers": numbers}


def _together(result: Result) -> dict[str, Any]:
    """Say how to show both partners as they lie, the left one on the left.

    A point's place is ``rotation @ (point - center) + shift``.
    """
    left, right = (side.protein.centers.astype(np.float64).mean(axis=0) for side in result.sides)
    rotation = np.roll(facing_rotation(unit(right - left)), 1, axis=0)
    return _place((left + right) / 2, rotation, 0.0)


def _apart(side: PredictedPartner) -> dict[str, Any]:
    """Say how to show a partner beside the other, its likely interface towards the viewer."""
    centers = side.protein.centers.astype(np.float64)
    center = centers.mean(axis=0)
    rotation = facing_rotation(likely_direction(centers, side.probability))
    half = np.abs((centers - center) @ rotation[0]).max() + GAP
    return _place(center, rotation, -half if side.side == "left" else half)


def _place(center: np.ndarray, rotation: np.ndarray, shift: float) -> dict[str, Any]:
    return {"center": center.tolist(), "rotation": rotation.tolist(), "shift": [shift, 0.0, 0.0]}
