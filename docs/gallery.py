"""Draws the gallery: real structures, predicted and drawn by sasnet_predict, with the truth.

    python docs/gallery.py ../shared/data/db5 DB5_DATASET

The folders are docking benchmark 5 (CODE_r_u.pdb.gz, CODE_l_u.pdb.gz and db5.csv) and the dataset
that train.db5 makes of it, which knows what touches in the complex. Takes the first complexes of
DB4U, so that nobody selects them by hand, and the one with the lowest AUROC in
results/beyond-DB4U.csv (train.tables beyond); writes gallery.md, gallery/ and demo.png in docs/.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sasnet_core.dataset.complexes import Complex, load_complex
from sasnet_core.metrics import auroc

DOCS = Path(__file__).parent
WIDTH = 1300  # pixels
SPLIT = "DB4U"
HEAD = """\
# Gallery

Real structures as `sasnet_predict` draws them: each patch from its own front, outlined in black
and numbered, the likeliest first. The colour is the calibrated probability; the legend says where
the scale ends. Blue outlines are the truth: residues that touch the other partner in the known
complex. No prediction had them.

## The demo: 4BI8, chains A and B

![A bacterial toxin and the protein that neutralizes it](demo.png)

`make demo`. The toxin Ssp1 of *Serratia marcescens* and its immunity protein Rap1a (Srikannathasan
et al. 2013, doi 10.1107/S0907444913022725); coordinates from the wwPDB, public domain. We chose
this case among {candidates} small complexes of the validation split because sasnet gets it right,
so it is a strong one. No network was trained on these proteins or on relatives of them, but the
structures are those of the complex, which is easier than what you will have. What to expect
follows below.

{demo}
"""
BENCHMARK = """
## Unbound structures

The first {count} complexes of {split} of docking benchmark 5, not selected by hand, drawn by
`python docs/gallery.py BENCHMARK DB5_DATASET`. The network was not tuned on {split}, but its
calibration was fitted there and on DB3. The files lie superimposed on the complex. The network
does not use that: each partner is rotated on its own. AUROC: over all pairs of residues, and over
the residues of each side; 20 rotations (1: perfect, 0.5: chance).
"""
FAILURE = """
## A failure

The complex of {split} with the lowest AUROC. Nothing in the prediction says that it is wrong; only
the truth does.
"""
ENTRY = """
### {code}: {unbound_receptor} and {unbound_ligand}

![{code}, both partners coloured by probability](gallery/{code}.jpg)

`sasnet_predict {code}_r_u.pdb.gz {code}_l_u.pdb.gz`: {category}, {difficulty}, AUROC over all pairs
{auroc:.2f}

{table}
"""
COLUMNS = (
    "side", "residues that touch", "AUROC", "patch 1: chance, right", "patch 2", "patch 3",
    "likely, right",
)  # fmt: skip
#: Complexes of the validation split with 262 residues or fewer, at 2.75 A or better, as deposited.
CANDIDATES = 15
PATCHES = 3


def main(arguments: list[str] | None = None) -> int:
    """Predict, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", type=Path, help="folder of docking benchmark 5")
    parser.add_argument("dataset", type=Path, help="what train.db5 made of it")
    parser.add_argument("--count", type=int, default=4, help="complexes (default: 4; 0: demo only)")
    parser.add_argument("--rotations", type=int, default=20)
    parser.add_argument("--output", type=Path, default=DOCS, help="folder for gallery.md")
    options = parser.parse_args(arguments)
    text = HEAD.format(candidates=CANDIDATES, demo=demo(options))
    (options.output / "gallery.md").write_text(text + (benchmark(options) if options.count else ""))
    return 0


def demo(options: argparse.Namespace) -> str:
    """Draw the demo; return its table."""
    with tempfile.TemporaryDirectory() as folder:
        result = predict(["--demo"], Path(folder), options)
        save(Path(folder), options.output / "demo.png")
    return table(result)


def benchmark(options: argparse.Namespace) -> str:
    """Write the sections of the benchmark's complexes."""
    known = read(options.benchmark / "db5.csv")
    rows = {row["code"]: row for row in known if row["split"] == SPLIT}
    measured = read(DOCS / "results" / f"beyond-{SPLIT}.csv")
    aurocs = {row["id"]: float(row["auroc"]) for row in measured}

    def entry(code: str) -> str:
        return ENTRY.format(**rows[code], table=draw(code, options), auroc=aurocs[code])

    text = BENCHMARK.format(count=options.count, split=SPLIT)
    text += "".join(map(entry, list(rows)[: options.count]))
    return text + FAILURE.format(split=SPLIT) + entry(min(aurocs, key=aurocs.__getitem__))


def read(path: Path) -> list[dict[str, str]]:
    """Read a table."""
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def draw(code: str, options: argparse.Namespace) -> str:
    """Predict one complex, draw it with the truth, save a smaller picture; return its table."""
    files = [str(options.benchmark / f"{code}_{side}_u.pdb.gz") for side in "rl"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = predict([*files, "--no-picture"], folder, options)
        truth = load_complex(options.dataset / "unbound" / f"{code}.npz")
        result["observed_in_input"] = compared(result, truth)
        (folder / "result.json").write_text(json.dumps(result))
        command = [sys.executable, "-m", "sasnet_core.results.picture", name]
        subprocess.run(command, check=True)
        (options.output / "gallery").mkdir(exist_ok=True)
        save(folder, options.output / "gallery" / f"{code}.jpg")
    return table(result)


def predict(arguments: list[str], folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run sasnet_predict; return the content of result.json."""
    command = [sys.executable, "-m", "sasnet_core.cli", *arguments, "-o", str(folder), "--quiet"]
    command += ["--rotations", str(options.rotations), "--no-report"]
    subprocess.run(command, check=True)
    return json.loads((folder / "result.json").read_text())


def save(folder: Path, path: Path) -> None:
    """Save the picture of a result folder, smaller."""
    if not (folder / "picture.png").is_file():
        raise SystemExit(f"{path.name}: no picture was drawn; is PyMOL there?")
    with Image.open(folder / "picture.png") as picture:
        height = round(picture.height * WIDTH / picture.width)
        small = picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
    if path.suffix == ".png":
        small.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    else:
        small.save(path, quality=80, optimize=True)


def compared(result: dict[str, Any], truth: Complex) -> dict[str, Any]:
    """Compare a result with a complex as result.json does it, residues matched by name."""
    observed: dict[str, Any] = {"contacts": len(truth.contacts), "pair_auroc": None}
    for column, side in enumerate(("left", "right")):
        keys = getattr(truth, side).residue_keys()
        touching = {keys[row][:2] for row in set(truth.contacts[:, column].tolist())}
        rows = [row for row in result["residues"] if row["side"] == side]
        names = [(row["chain"], f"{row['number']}{row['insertion_code']}") for row in rows]
        labels = np.array([name in touching for name in names])
        if labels.sum() != len(touching):
            raise SystemExit(f"{side}: residues of the dataset are not in the result")
        likely = np.array([row["probability"] >= result["threshold"] for row in rows])
        probability = np.array([row["probability"] for row in rows])
        patches = [patch for patch in result["patches"] if patch["side"] == side]
        observed[side] = {
            "residues_in_contact": int(labels.sum()),
            "residues_likely": int(likely.sum()),
            "likely_and_in_contact": int((labels & likely).sum()),
            "patches_in_contact": [
                int(labels[[residue["row"] for residue in patch["residues"]]].sum())
                for patch in patches
            ],
            "auroc": None if labels.all() else round(float(auroc(labels, probability)), 4),
            "touching": np.flatnonzero(labels).tolist(),
        }
    return observed


def table(result: dict[str, Any]) -> str:
    """Put truth beside prediction, a row for each side."""
    observed = result["observed_in_input"]
    lines = [
        f"| {' | '.join(COLUMNS)} |",
        "|---" * len(COLUMNS) + "|",
    ]
    for side in ("left", "right"):
        found = observed[side]
        size = sum(row["side"] == side for row in result["residues"])
        patches = [patch for patch in result["patches"] if patch["side"] == side][:PATCHES]
        cells = [
            f"{patch['chance']:.2f}, {right} of {len(patch['residues'])}"
            for patch, right in zip(patches, found["patches_in_contact"], strict=False)
        ]
        cells += ["none"] * (PATCHES - len(cells))
        auroc_cell = "" if found["auroc"] is None else f"{found['auroc']:.2f}"
        base = f"{found['residues_in_contact']} of {size}"
        likely = f"{found['likely_and_in_contact']} of {found['residues_likely']}"
        lines.append(f"| {' | '.join([side, base, auroc_cell, *cells, likely])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
