"""Stands in for `sasnet_predict`: obeys its contract, knows nothing.

The probability falls with the CA-CA distance to the other partner, so a picture shows at once
whether the right residues were painted. FAKE_MODE makes it fail: refuse, crash, garbage, alien,
hang, deaf. FAKE_SECONDS is its time per rotation, FAKE_NOTES a folder for what the tests ask.
"""

import argparse
import json
import math
import os
import shlex
import signal
import sys
import time
from pathlib import Path


def main():
    options = parse()
    mode = os.environ.get("FAKE_MODE", "")
    note(options)
    if mode == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for done in range(1, options.rotations + 1):
        time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
        print(f"sasnet-progress {done} {options.rotations}", file=sys.stderr, flush=True)
        if mode in ("hang", "deaf"):
            time.sleep(60)
    if mode == "refuse":
        print("a line before\nsasnet_predict: left.cif: no CA atom", file=sys.stderr)
        return 2
    if mode == "crash":
        raise RuntimeError("out of luck")
    options.output.mkdir()
    text = "{" if mode == "garbage" else json.dumps(result(options, mode))
    (options.output / "result.json").write_text(text)
    return 0


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("left", type=Path)
    parser.add_argument("right", type=Path)
    parser.add_argument("-o", dest="output", type=Path, required=True)
    parser.add_argument("--rotations", type=int, required=True)
    parser.add_argument("--no-picture", action="store_true", required=True)
    parser.add_argument("--progress-lines", action="store_true", required=True)
    return parser.parse_args()


def note(options):
    if folder := os.environ.get("FAKE_NOTES"):
        niceness = os.nice(0) if hasattr(os, "nice") else None
        notes = {"pid": os.getpid(), "nice": niceness, "left": str(options.left)}
        notes["pythonhome"] = os.environ.get("PYTHONHOME")
        Path(folder, "notes.json.new").write_text(json.dumps(notes))
        Path(folder, "notes.json.new").replace(Path(folder, "notes.json"))


def result(options, mode):
    left, right = read(options.left), read(options.right)
    if mode == "alien":
        left["Z", "999", "", "GLY", ""] = (0.0, 0.0, 0.0)
    residues = rows("left", left, right) + rows("right", right, left)
    return {
        "version": "0",
        "residues": residues,
        "pairs": [],
        "threshold": 0.5,
        "warnings": ["this is a fake"],
    }


def rows(side, own, others):
    return [row(side, key, position, others) for key, position in own.items()]


def row(side, key, position, others):
    chain, number, insertion_code, name, segment = key
    nearest = min(math.dist(position, other) for other in others.values())
    return {
        "side": side,
        "chain": chain,
        "number": int(number),
        "insertion_code": insertion_code,
        "segment": segment,
        "name": name,
        "probability": round(1 / (1 + math.exp((nearest - 9) / 1.5)), 4),
        "spread": 0.05,
        "max_pair_score": 0.5,
    }


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
