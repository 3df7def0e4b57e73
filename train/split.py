"""Split a mined dataset so that training and validation share no 30 % cluster of proteins.

    python -m train.split DATASET --validation 0.1 --seed 0

Complexes that share a protein cluster, directly or by way of others, stay together. Rewrites the
column split of DATASET/manifest.csv (train, validation, test) and notes in DATASET/split.json
what was asked for. Where large groups stand in the way of the size that was asked for, --cut
divides one and leaves out the complexes across the cut (split left_out).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from sasnet_core.dataset.complexes import MANIFEST, read_manifest
from sasnet_core.dataset.splits import LEFT_OUT, TRAIN, Splits, protein_clusters, split_complexes
from sasnet_core.errors import DatasetError, run_script
from sasnet_core.files import write_json, write_table

RECORD = "split.json"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path, help="made by train.mine")
    parser.add_argument("--validation", type=float, default=0.1, metavar="SHARE",
                        help="share of the complexes to validate on (default: 0.1)")  # fmt: skip
    parser.add_argument("--test", type=float, default=0.0, metavar="SHARE",
                        help="share of the complexes to test on (default: 0)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of the draw (default: 0)")
    parser.add_argument("--cut", action="store_true",
                        help="reach the shares even if complexes have to be left out")  # fmt: skip
    return parser.parse_args(arguments)


def report(rows: list[dict[str, str]], splits: Splits) -> list[str]:
    """Say how large the splits are, line by line."""
    sizes = np.bincount(splits.groups)
    lines = [
        f"{len(rows)} complexes in {len(sizes)} groups that share no protein cluster; "
        f"the largest group holds {sizes.max()} ({sizes.max() / len(rows):.1%})"
    ]
    for name in dict.fromkeys([TRAIN, *sorted(set(splits.names))]):
        here = [k for k, split in enumerate(splits.names) if split == name]
        clusters = {c for k in here for c in protein_clusters(rows[k]["cluster"])}
        lines.append(
            f"{name}: {len(here)} complexes ({len(here) / len(rows):.1%}), "
            f"{len(set(splits.groups[here].tolist()))} groups, {len(clusters)} protein clusters, "
            f"{sum(int(rows[k]['n_contacts']) for k in here)} positives"
        )
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    rows = read_manifest(options.dataset)
    if not rows:
        raise DatasetError(f"{options.dataset}: complexes to split are needed, there are none")
    shares = {"validation": options.validation, "test": options.test}
    shares = {name: share for name, share in shares.items() if share}
    splits = split_complexes([r["cluster"] for r in rows], shares, options.seed, options.cut)
    columns = list(rows[0])
    rows = [row | {"split": name} for row, name in zip(rows, splits.names, strict=True)]
    write_table(rows, options.dataset / MANIFEST, columns)
    counts = {name: splits.names.count(name) for name in sorted(set(splits.names))}
    record = {"shares": shares, "seed": options.seed, "cut": options.cut, "complexes": counts}
    write_json(record, options.dataset / RECORD)
    print(*report(rows, splits), sep="\n")
    for name, share in shares.items():
        wanted = round(share * len(rows))
        if counts.get(name, 0) < wanted:
            hint = "" if options.cut else "; --cut divides one and leaves out what joins the parts"
            print(f"{name}: {wanted} were asked for; the groups left are larger than what is "
                  f"missing{hint}")  # fmt: skip
    if LEFT_OUT in counts:
        print(f"left out: {counts[LEFT_OUT]} complexes with a protein on either side of the cut")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.split", main))
