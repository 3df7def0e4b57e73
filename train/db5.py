"""Build docking benchmark 5: labels from the bound complexes, atoms from the unbound structures.

    python -m train.db5 ../shared/data/db5 -o DATASET

Writes each complex twice, unbound and bound (column state of manifest.csv), unmapped.csv with the
residues that only one of the two states has, and dataset.json. DB3 and DB4U are divided into folds
(column fold): train.fit and train.graphs leave one out with --leave-out-fold. Expect 21,194
positives with unbound atoms over 230 complexes, 4,909 of them in DB5U (literature: 21,091 and
4,871).
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from sasnet_core import __version__
from sasnet_core.config import CONTACT_CUTOFF, DB5_POSITIVES, DB5U_POSITIVES, TEST_SPLIT
from sasnet_core.dataset import db5
from sasnet_core.dataset.complexes import MANIFEST, SUMMARY, Complex, save_complex
from sasnet_core.dataset.folds import assign_folds
from sasnet_core.errors import run_script
from sasnet_core.evaluation.groups import KINDS, kinds
from sasnet_core.files import write_json, write_table
from sasnet_core.structure.chain_matching import MIN_CHAIN_IDENTITY

COLUMNS = (
    "id", "state", "left_chains", "right_chains", "n_left", "n_right", "n_contacts",
    "unmapped_contacts", "unmapped_residues", "category", "difficulty", "cluster", "split", "fold",
    "file", "sha256",
)  # fmt: skip
UNMAPPED = "unmapped.csv"
UNMAPPED_COLUMNS = (
    "id", "side", "state", "chain_id", "residue_id", "residue_name", "contacts",
)  # fmt: skip


def manifest_row(case: db5.Db5Case, state: str, item: Complex, output: Path) -> dict[str, object]:
    """Write a complex in one state; return its row of the manifest."""
    file = f"{state}/{case.code}.npz"
    save_complex(item, output / file)
    left, right = (",".join(dict.fromkeys(p.chain_ids.tolist())) for p in (item.left, item.right))
    return {
        "id": case.code,
        "state": state,
        "left_chains": left,
        "right_chains": right,
        "n_left": item.left.n_residues,
        "n_right": item.right.n_residues,
        "n_contacts": len(item.contacts),
        "unmapped_contacts": case.unmapped_contacts if state == "unbound" else 0,
        "unmapped_residues": sum(r.state == state for r in case.unmapped_residues),
        "category": case.category,
        "difficulty": case.difficulty,
        "cluster": case.code,
        "split": case.split,
        "file": file,
        "sha256": hashlib.sha256((output / file).read_bytes()).hexdigest(),
    }


def folds_of(cases: list[db5.Db5Case]) -> dict[str, int]:
    """Assign the complexes that are not of the test set to folds: code -> fold."""
    known = [case for case in cases if case.split != TEST_SPLIT]
    proteins = [(case.unbound.left.sequence, case.unbound.right.sequence) for case in known]
    parts = [kinds({"id": case.code, "category": case.category}) for case in known]
    antibodies = [(left == KINDS["antibody"], right == KINDS["antibody"]) for left, right in parts]
    found = assign_folds(proteins, antibodies)
    return dict(zip([case.code for case in known], found, strict=True))


def summary(cases: list[db5.Db5Case]) -> dict[str, dict[str, Any]]:
    """Count complexes, positives and residues; add the numbers of the literature."""
    positives: Counter[str] = Counter()
    for case in cases:
        positives[case.split] += len(case.unbound.contacts)
    residues = [residue for case in cases for residue in case.unmapped_residues]
    return {
        "settings": {
            "version": __version__,
            "contact_cutoff": CONTACT_CUTOFF,
            "min_chain_identity": MIN_CHAIN_IDENTITY,
        },
        "counts": {
            "complexes": len(cases),
            "positives": positives.total(),
            "positives_bound": sum(len(case.bound.contacts) for case in cases),
            "positives_by_split": dict(positives),
            "unmapped_contacts": sum(case.unmapped_contacts for case in cases),
            "unmapped_residues": Counter(residue.state for residue in residues),
        },
        "literature": {"positives": DB5_POSITIVES, "positives_DB5U": DB5U_POSITIVES},
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", type=Path, help="folder with db5.csv and the structures")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DATASET")
    options = parser.parse_args(arguments)
    cases, rows, unmapped = [], [], []
    for entry in tqdm(db5.read_table(options.benchmark), desc="db5", disable=None):
        case = db5.read_case(options.benchmark, entry)
        for state, item in (("unbound", case.unbound), ("bound", case.bound)):
            rows.append(manifest_row(case, state, item, options.output))
        unmapped += [{"id": case.code, **asdict(residue)} for residue in case.unmapped_residues]
        cases.append(case)
    folds = folds_of(cases)
    rows = [{**row, "fold": folds.get(str(row["id"]), "")} for row in rows]
    found = summary(cases)
    counts = found["counts"]
    write_table(unmapped, options.output / UNMAPPED, UNMAPPED_COLUMNS)
    write_json(found, options.output / SUMMARY)
    write_table(rows, options.output / MANIFEST, COLUMNS)
    print(
        f"{len(cases)} complexes, {counts['positives']} positives with unbound atoms, "
        f"{counts['positives_bound']} with bound; {len(unmapped)} residues in only one state, "
        f"{counts['unmapped_contacts']} contacts lost with them: {options.output / UNMAPPED}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.db5", main))
