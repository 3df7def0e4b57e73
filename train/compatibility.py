"""Train the matcher, which tells partners from strangers, for a trained network.

    python -m train.compatibility DATASET --benchmark DB5_DATASET --weights resources/default

Lets the network find the likeliest residues of both sides of each complex of unlike proteins, and
trains the matcher (`sasnet_core.compatibility`) to tell each left side's own right side from those
of other complexes of the step, and each right side's own left side. No two complexes of a step
share a protein cluster, directly or by way of others. Writes the matcher beside the weights with a
panel of strangers: proteins of unbound complexes that it was not trained on, for it finds those
that it was trained on more of a match or less than others. The calibration does not fit then and is
taken away: run train.calibrate afterwards. Prints how well partners are told from strangers.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from sasnet_core.compatibility import (
    Compatibility,
    held_to_strangers,
    save_compatibility,
    tell,
)
from sasnet_core.complexes import benchmark_rows, evenly_spread
from sasnet_core.config import MatcherConfig
from sasnet_core.errors import DatasetError, SettingError, run_script
from sasnet_core.fit_set import read_fit_set
from sasnet_core.match_training import POSES, SideReader, panel_of, train_matcher
from sasnet_core.metrics import auroc
from sasnet_core.predict import Predictor, load_predictor
from sasnet_core.splits import connected_groups, protein_clusters
from sasnet_core.weights import default_folder, read_info

#: Most complexes whose sides make the panel of strangers.
PANEL_COMPLEXES = 32


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path, help="dataset of train.mine")
    parser.add_argument("--weights", type=Path, help="of one network; default: those shipped")
    parser.add_argument("--benchmark", type=Path, required=True, metavar="DB5_DATASET")
    parser.add_argument("--panel-split", default="DB3", help="its part for the panel")
    parser.add_argument("--validate-split", default="DB4U", help="its part to check on")
    parser.add_argument("--steps", type=int, default=1000, help="of training (default: 1000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kept", type=Path, metavar="FOLDER",
                        help="keep what the network says of complexes in this folder")  # fmt: skip
    return parser.parse_args(arguments)


def check(compatibility: Compatibility, sides: np.ndarray) -> str:
    """Say how well complexes' own partners are told from strangers."""
    tables = []
    for pose in range(POSES):
        left, right = (tell(compatibility.matcher, sides[:, side, pose]) for side in (0, 1))
        tables.append(held_to_strangers(left, right, compatibility.panel))
    table = np.mean(tables, axis=0)
    own = np.eye(len(table), dtype=bool)
    return (
        f"{len(table)} partners {table[own].mean():.2f} +/- {table[own].std():.2f}, strangers "
        f"{table[~own].mean():.2f} +/- {table[~own].std():.2f}, AUROC {auroc(own, table):.3f}"
    )


def unlike_complexes(dataset: Path) -> tuple[list[dict[str, str]], np.ndarray]:
    """List the complexes of two unlike proteins, and the group of each that shares clusters.

    Raises
    ------
    DatasetError
        There are not two groups.
    """
    every = benchmark_rows(dataset, None, "bound")
    rows = [row for row in every if len(set(protein_clusters(row["cluster"]))) == 2]
    groups = connected_groups([protein_clusters(row["cluster"]) for row in rows])
    groups = np.unique(groups, return_inverse=True)[1]
    if len(rows) == 0 or groups.max() < 1:
        raise DatasetError(
            f"{dataset}: complexes of unlike proteins in two groups of clusters or more are "
            f"needed, got {len(rows)} such complexes; mine more with train.mine"
        )
    return rows, groups


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    if options.steps < 1:
        raise SettingError(f"--steps must be 1 or more, got {options.steps}")
    panel, checked = (
        read_fit_set(options.benchmark, split)
        for split in (options.panel_split, options.validate_split)
    )
    info = read_info(options.weights or default_folder())
    predictor = load_predictor(info.folder)
    if not isinstance(predictor, Predictor):
        raise SettingError(f"{info.folder}: weights of one network are needed, this is an "
                           "ensemble; name one of its members")  # fmt: skip
    rows, groups = unlike_complexes(options.dataset)
    words = f"{len(rows)} complexes of unlike proteins in {groups.max() + 1} groups"
    strangers = evenly_spread(panel.rows, min(PANEL_COMPLEXES, len(panel.rows)))
    held_to = f"panel of {len(strangers)} complexes of {options.panel_split}"
    config = replace(MatcherConfig(), trained_on=f"{words}; {held_to}")
    kept = options.kept and options.kept / f"{info.sha256[:16]}-{config.residues}-{POSES}"
    reader = SideReader(predictor, config.residues, kept)
    sides = reader.read(options.dataset, rows)
    matcher = train_matcher(config, sides, groups, options.steps, options.seed)
    others = reader.read(panel.dataset, strangers)
    compatibility = Compatibility(config, matcher, panel_of(matcher, others))
    save_compatibility(info, compatibility)
    print(f"{checked.words}: {check(compatibility, reader.read(checked.dataset, checked.rows))}")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.compatibility", main))
