"""Build docking benchmark 5: labels from the bound complexes, atoms from the unbound structures.

    python -m train.db5 ../shared/data/db5 -o DATASET

Expect 21,194 positives over 230 complexes, 4,909 of them in DB5U (paper: 21,091).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from sasnet_core import db5
from sasnet_core.complexes import MANIFEST, save_complex
from sasnet_core.errors import run_script
from sasnet_core.files import write_table

COLUMNS = (
    "id", "state", "n_left", "n_right", "n_contacts", "unmapped_contacts", "category",
    "difficulty", "cluster", "split", "file",
)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    rows = []
    for row in tqdm(db5.read_table(options.benchmark), desc="db5", disable=None):
        case = db5.read_case(options.benchmark, row)
        for state, item in (("unbound", case.unbound), ("bound", case.bound)):
            file = f"{state}/{case.code}.npz"
            save_complex(item, options.output / file)
            rows.append(
                {
                    "id": case.code,
                    "state": state,
                    "n_left": item.left.n_residues,
                    "n_right": item.right.n_residues,
                    "n_contacts": len(item.contacts),
                    "unmapped_contacts": case.unmapped_contacts if state == "unbound" else 0,
                    "category": case.category,
                    "difficulty": case.difficulty,
                    "cluster": case.code,
                    "split": case.split,
                    "file": file,
                }
            )
    write_table(rows, options.output / MANIFEST, COLUMNS)
    positives = sum(r["n_contacts"] for r in rows if r["state"] == "unbound")
    print(f"{len(rows) // 2} complexes, {positives} positives with unbound atoms")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.db5", main))
