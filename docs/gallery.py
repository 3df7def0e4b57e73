"""Draws the gallery: real unbound structures, predicted and drawn by sasnet_predict.

    python docs/gallery.py ../shared/data/db5

The folder is docking benchmark 5 (CODE_r_u.pdb.gz, CODE_l_u.pdb.gz and db5.csv). Takes the first
complexes of DB4U, so that nobody selects them by hand, and the one with the lowest AUROC in
results/beyond-DB4U.csv (train.tables beyond); writes gallery.md and gallery/ in docs/.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).parent
WIDTH = 1200  # pixels
SPLIT = "DB4U"
HEAD = """\
# Gallery

Real structures as `sasnet_predict` draws them: each partner with its likely interface towards the
viewer. The colour is the calibrated probability, always on a scale from 0 to 1.

## 1TII, chains D and E

![Two B subunits of heat-labile enterotoxin](demo.png)

Two of the five B subunits of heat-labile enterotoxin, from PyMOL's own demo structure: `make demo`.
Residues that touch the other three subunits are coloured too, although this prediction did not have
those subunits.
"""
BENCHMARK = """
## Unbound structures

The first {count} complexes of {split} of docking benchmark 5, not selected by hand, drawn by
`python docs/gallery.py BENCHMARK`. The files lie superimposed on the complex. The
network does not use that: each partner is rotated on its own. AUROC: over all pairs of residues,
20 rotations (1: perfect, 0.5: chance).
"""
FAILURE = """
## A failure

The complex of {split} with the lowest AUROC. Nothing in the picture shows that it is wrong.
"""
ENTRY = """
### {code}: {unbound_receptor} and {unbound_ligand}

![{code}, both partners coloured by probability](gallery/{code}.jpg)

{likely}. AUROC {auroc:.2f} ({category}, {difficulty}).
`sasnet_predict {code}_r_u.pdb.gz {code}_l_u.pdb.gz`
"""


def main(arguments: list[str] | None = None) -> int:
    """Predict, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", type=Path, help="folder of docking benchmark 5")
    parser.add_argument("--count", type=int, default=4, help="complexes (default: 4; 0: demo only)")
    parser.add_argument("--rotations", type=int, default=20)
    parser.add_argument("--output", type=Path, default=DOCS, help="folder for gallery.md")
    options = parser.parse_args(arguments)
    (options.output / "gallery.md").write_text(HEAD + (benchmark(options) if options.count else ""))
    return 0


def benchmark(options: argparse.Namespace) -> str:
    """Write the sections of the benchmark's complexes."""
    table = read(options.benchmark / "db5.csv")
    rows = {row["code"]: row for row in table if row["split"] == SPLIT}
    measured = read(DOCS / "results" / f"beyond-{SPLIT}.csv")
    aurocs = {row["id"]: float(row["auroc"]) for row in measured}

    def entry(code: str) -> str:
        return ENTRY.format(**rows[code], **draw(code, options), auroc=aurocs[code])

    text = BENCHMARK.format(count=options.count, split=SPLIT)
    text += "".join(map(entry, list(rows)[: options.count]))
    return text + FAILURE.format(split=SPLIT) + entry(min(aurocs, key=aurocs.__getitem__))


def read(path: Path) -> list[dict[str, str]]:
    """Read a table."""
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def draw(code: str, options: argparse.Namespace) -> dict[str, str]:
    """Predict one complex, save a smaller picture; return the text of its entry."""
    files = [str(options.benchmark / f"{code}_{side}_u.pdb.gz") for side in "rl"]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sasnet_core.cli", *files, "-o", folder, "--quiet"]
        command += ["--rotations", str(options.rotations), "--no-report"]
        subprocess.run(command, check=True)
        if not (Path(folder) / "picture.png").is_file():
            raise SystemExit(f"{code}: no picture was drawn, see the note above; is PyMOL there?")
        result = json.loads((Path(folder) / "result.json").read_text())
        with Image.open(Path(folder) / "picture.png") as picture:
            height = round(picture.height * WIDTH / picture.width)
            small = picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
    (options.output / "gallery").mkdir(exist_ok=True)
    small.save(options.output / "gallery" / f"{code}.jpg", quality=85, optimize=True)
    return {"likely": likely(result)}


def likely(result: dict) -> str:
    """Say how many residues of each side are likely in the interface."""
    words = []
    for side in ("left", "right"):
        found = [row["probability"] for row in result["residues"] if row["side"] == side]
        count = sum(value >= result["threshold"] for value in found)
        words.append(f"{side}: {count} of {len(found)} residues likely, the best {max(found):.2f}")
    return "; ".join(words)


if __name__ == "__main__":
    sys.exit(main())
