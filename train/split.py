"""Split a mined dataset so that training and validation share no 30 % cluster of proteins.

    python -m train.split DATASET --validation 0.1 --seed 0

Complexes that share a protein cluster, directly or by way of others, form a group and stay
together. The command rewrites the column split of DATASET/manifest.csv (train, validation, test)
and records its options in DATASET/split.json. If the groups are too large for the share that you
ask for, --cut divides one of them and omits the complexes across the cut (split left_out).

    python -m train.split DATASET --validation-unlike 70 --unseen-by OTHER/manifest.csv

holds out at least 70 complexes of unlike partners, whose proteins belong to two different clusters.
They come from groups that have no entry in common with OTHER, so they can validate a network whose
training starts from weights trained on OTHER. Groups with few such complexes are drawn first.
Complexes of like partners in the same groups are omitted (split left_out).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from sasnet_core.dataset.complexes import MANIFEST, read_manifest
from sasnet_core.dataset.splits import (
    LEFT_OUT,
    TRAIN,
    VALIDATION,
    Splits,
    hold_out_unlike,
    protein_clusters,
    split_complexes,
)
from sasnet_core.errors import DatasetError, SettingError, run_script
from sasnet_core.files import write_json, write_table

RECORD = "split.json"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path, help="made by train.mine")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--validation", type=float, default=0.1, metavar="SHARE",
                      help="share of the complexes to validate on (default: 0.1)")  # fmt: skip
    size.add_argument("--validation-unlike", type=int, metavar="N",
                      help="validate on at least N complexes of unlike partners")  # fmt: skip
    parser.add_argument("--unseen-by", type=Path, action="append", default=[], metavar="MANIFEST",
                        help="with --validation-unlike: dataset, or its manifest, that shares no "
                             "entry with the validation split; repeatable")  # fmt: skip
    parser.add_argument("--test", type=float, default=0.0, metavar="SHARE",
                        help="share of the complexes to test on (default: 0)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of the draw (default: 0)")
    parser.add_argument("--cut", action="store_true",
                        help="reach the shares even if complexes must be omitted")  # fmt: skip
    options = parser.parse_args(arguments)
    unlike = options.validation_unlike is not None
    if (unlike and (options.test or options.cut)) or (options.unseen_by and not unlike):
        raise SettingError(
            "--unseen-by belongs to --validation-unlike, --test and --cut to --validation; "
            "use options of one of the two"
        )
    return options


def by_shares(
    rows: list[dict[str, str]], options: argparse.Namespace
) -> tuple[Splits, dict[str, Any], dict[str, int]]:
    """Hold out shares of the complexes; returns the splits, a record, and the sizes asked for."""
    shares = {VALIDATION: options.validation, "test": options.test}
    shares = {name: share for name, share in shares.items() if share}
    splits = split_complexes([r["cluster"] for r in rows], shares, options.seed, options.cut)
    sizes = {name: round(share * len(rows)) for name, share in shares.items()}
    return splits, {"shares": shares, "seed": options.seed, "cut": options.cut}, sizes


def entries(dataset: Path, rows: list[dict[str, str]]) -> list[str]:
    """Return the entry that each complex comes from."""
    if rows and "entry" not in rows[0]:
        raise DatasetError(f"{dataset}: a manifest with the column entry is needed (train.mine)")
    return [row["entry"] for row in rows]


def by_unlike_partners(
    rows: list[dict[str, str]], options: argparse.Namespace
) -> tuple[Splits, dict[str, Any], dict[str, int]]:
    """Hold out complexes of unlike partners; returns what `by_shares` does."""
    other = {entry for path in options.unseen_by for entry in entries(path, read_manifest(path))}
    seen = [entry in other for entry in entries(options.dataset, rows)]
    count = options.validation_unlike
    splits = hold_out_unlike([r["cluster"] for r in rows], seen, count, options.seed)
    record = {"validation_unlike": count, "seed": options.seed, "entries_of_others": len(other)}
    return splits, record, {VALIDATION: count}


def report(rows: list[dict[str, str]], splits: Splits) -> list[str]:
    """Describe the sizes of the splits, line by line."""
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
    choose = by_shares if options.validation_unlike is None else by_unlike_partners
    splits, record, sizes = choose(rows, options)
    columns = list(rows[0])
    rows = [row | {"split": name} for row, name in zip(rows, splits.names, strict=True)]
    write_table(rows, options.dataset / MANIFEST, columns)
    counts = {name: splits.names.count(name) for name in sorted(set(splits.names))}
    write_json(record | {"complexes": counts}, options.dataset / RECORD)
    print(*report(rows, splits), sep="\n")
    hint = "; --cut divides a group that is too large" if record.get("cut") is False else ""
    for name, size in sizes.items():
        if (found := counts.get(name, 0)) < size:
            print(f"{name}: {size} complexes were asked for, {found} can be held out{hint}")
    if LEFT_OUT in counts:
        print(f"left out: {counts[LEFT_OUT]} complexes that belong to no split")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.split", main))
