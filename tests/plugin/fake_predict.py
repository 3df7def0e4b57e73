"""Stands in for `sasnet_predict`: obeys its contract, knows nothing.

The probability falls with the CA-CA distance to the other partner, so a picture shows at once
whether the right residues were painted. FAKE_MODE makes it fail: refuse, crash, garbage, alien,
hang, deaf, babble. FAKE_SECONDS is its time per rotation, FAKE_NOTES a folder for what the tests
ask.
"""

import argparse
import json
import math
import os
import shlex
import shutil
import signal
import sys
import threading
import time
import zipfile
from array import array
from pathlib import Path


def main():
    options = parse()
    if options.doctor:
        print("ok      fake        everything is made up")
        return 0
    mode = os.environ.get("FAKE_MODE", "")
    note(options)
    if mode == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=end_when_alone, args=(options.attached,), daemon=True).start()
    say_progress(0, options)
    for done in range(1, options.rotations + 1):
        time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
        if done == 1 < options.rotations and options.right:
            write(options, mode, options.attached / "first", 1)
        say_progress(done, options)
        if mode in ("hang", "deaf", "babble"):
            time.sleep(60)
    if mode == "refuse":
        print("a line before\nsasnet_predict: left.cif: no CA atom", file=sys.stderr)
        return 2
    if mode == "crash":
        raise RuntimeError("out of luck")
    write(options, mode, options.output, options.rotations)
    return 0


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--doctor", action="store_true")
    parser.add_argument("left", type=Path, nargs="?")
    parser.add_argument("right", type=Path, nargs="?")
    parser.add_argument("--alone")
    parser.add_argument("-o", dest="output", type=Path)
    parser.add_argument("--attached", type=Path)
    parser.add_argument("--rotations", type=int)
    parser.add_argument("--no-picture", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--progress-lines", action="store_true")
    parser.add_argument("--threshold", type=float, default=0.0)
    options = parser.parse_args()
    missing = [name for name, value in vars(options).items() if value is None]
    if not options.doctor and missing != ["right" if options.alone == "" else "alone"]:
        parser.error(f"something is missing: {options}")
    return options


def say_progress(done, options):
    print(f"sasnet-progress {done} {options.rotations}", file=sys.stderr, flush=True)


def end_when_alone(folder):
    while os.read(0, 1024):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def note(options):
    if folder := os.environ.get("FAKE_NOTES"):
        niceness = os.nice(0) if hasattr(os, "nice") else None
        notes = {"pid": os.getpid(), "nice": niceness, "left": str(options.left)}
        notes["pythonhome"] = os.environ.get("PYTHONHOME")
        Path(folder, "notes.json.new").write_text(json.dumps(notes))
        Path(folder, "notes.json.new").replace(Path(folder, "notes.json"))


def write(options, mode, folder, rotations):
    if options.right is None:
        return write_one(options, folder, rotations)
    left, right = read(options.left), read(options.right)
    if mode == "alien":
        left["Z", "999", "", "GLY", ""] = (0.0, 0.0, 0.0)
    staging = folder.with_suffix(".tmp")
    staging.mkdir()
    power = 2 if rotations == 1 else 1  # a first rotation is a little off
    scores = [[nearness(a, b) ** power for b in right.values()] for a in left.values()]
    content = result(left, right, scores, rotations) | {"threshold": options.threshold or 0.5}
    text = "{" if mode in ("garbage", "babble") else json.dumps(content)
    (staging / "result.json").write_text(text)
    spread = [[0.05] * len(right)] * len(left)
    with zipfile.ZipFile(staging / "scores.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("scores.npy", npy(scores))
        archive.writestr("spread.npy", npy(spread))
    for side in ("left", "right"):
        shutil.copy(getattr(options, side), staging / f"{side}.cif")
    staging.rename(folder)


def write_one(options, folder, rotations):
    """Write the result of one protein: residues are the likelier, the lower their number."""
    protein, staging = read(options.left), folder.with_suffix(".tmp")
    staging.mkdir()
    rows = [row("protein", key, 1 / (1 + place)) for place, key in enumerate(protein)]
    content = {
        "$schema": "urn:sasnet:alone:1",
        "version": "0",
        "weights": "none",
        "patches": [patch("protein", rows)],
        "residues": [{**each, "site_score": each.pop("max_pair_score")} for each in rows],
        "threshold": options.threshold or 0.25,
        "settings": {"rotations": rotations},
        "warnings": ["this is a fake"],
    }
    (staging / "result.json").write_text(json.dumps(content))
    shutil.copy(options.left, staging / "protein.cif")
    staging.rename(folder)


def npy(matrix):
    """Write as NumPy does; importing it takes longer than all else here."""
    shape = len(matrix), len(matrix[0])
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    header = header.ljust(-10 % 64 + 64 * (len(header) // 64) - 1) + "\n"
    values = array("f", [value for row in matrix for value in row])
    return (
        b"\x93NUMPY\x01\x00"
        + len(header).to_bytes(2, "little")
        + header.encode()
        + values.tobytes()
    )


def result(left, right, scores, rotations):
    keys = {"left": list(left), "right": list(right)}
    residues = [
        row(side, key, best)
        for side, matrix in (("left", scores), ("right", list(zip(*scores, strict=True))))
        for key, best in zip(keys[side], map(max, matrix), strict=True)
    ]
    places = [(i, j) for i in range(len(left)) for j in range(len(right))]
    places.sort(key=lambda place: -scores[place[0]][place[1]])
    pairs = [pair(keys["left"][i], keys["right"][j], scores[i][j]) for i, j in places[:1000]]
    return {
        "version": "0",
        "patches": [patch(side, residues) for side in ("left", "right")],
        "residues": residues,
        "pairs": pairs,
        "weights": "none",
        "settings": {"rotations": rotations},
        "warnings": ["this is a fake"],
    }


def patch(side, residues):
    """Make a patch of the three likeliest residues of a side."""
    own = [row for row in residues if row["side"] == side]
    rows = sorted(range(len(own)), key=lambda row: -own[row]["probability"])[:3]
    return {
        "side": side,
        "rank": 1,
        "chance": 0.4,
        "expected_share": 0.3,
        "around": {"row": rows[0]},
        "residues": [{"row": row} for row in rows],
    }


def nearness(position, other):
    return round(1 / (1 + math.exp((math.dist(position, other) - 9) / 1.5)), 4)


def row(side, key, best):
    chain, number, insertion_code, name, segment = key
    return {
        "side": side,
        "chain": chain,
        "number": int(number),
        "insertion_code": insertion_code,
        "segment": segment,
        "name": name,
        "probability": best,
        "spread": 0.05,
        "max_pair_score": best,
    }


def pair(left, right, score):
    columns = ("chain", "number", "insertion_code", "name", "segment")
    found = {"score": score, "spread": 0.05}
    for side, key in (("left", left), ("right", right)):
        found |= {f"{side}_{column}": value for column, value in zip(columns, key, strict=True)}
        found[f"{side}_number"] = int(found[f"{side}_number"])
    return found


def read(path):
    """Return the CA positions of an mmCIF file by chain, number, insertion code, name, segment."""
    lines = path.read_text(encoding="utf-8").splitlines()
    columns = [line.split(".")[1] for line in lines if line.startswith("_atom_site.")]
    atoms = {}
    for line in lines:
        if line.startswith(("ATOM", "HETATM")):
            atom = dict(zip(columns, shlex.split(line), strict=True))
            if atom["label_atom_id"] == "CA":
                atoms.setdefault(key(atom), tuple(float(atom[f"Cartn_{a}"]) for a in "xyz"))
    return atoms


def key(atom):
    insertion_code = atom["pdbx_PDB_ins_code"].strip("?.")
    segment = atom["label_asym_id"].strip(".")
    return atom["auth_asym_id"], atom["auth_seq_id"], insertion_code, atom["label_comp_id"], segment


if __name__ == "__main__":
    sys.exit(main())
