"""Show how much networks on residue graphs should count beside the network on atoms.

    python -m train.graphs.share DB5_DATASET --weights WEIGHTS
    python -m train.graphs.share DB5_DATASET --split DB3,DB4U --weights WEIGHTS --out-of-fold FOLDS
    python -m train.graphs.share MINED --split validation --rotations 1 --weights WEIGHTS

Prints CAUROC, mean AUROC over all pairs, and mean AUROC of residues for some shares, and what each
changes. Nothing is stored: train.graphs.join sets the share.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sasnet_core.errors import WeightsError, run_script
from sasnet_core.evaluation.compared import paired_cell
from sasnet_core.evaluation.out_of_fold import load_scorer
from sasnet_core.evaluation.selection_set import add_fit_options, read_selection_set
from sasnet_core.evaluation.tables import with_interval
from sasnet_core.metrics import auroc
from sasnet_core.network.weights_folder import read_info
from sasnet_core.scoring.log_odds import logit
from sasnet_core.scoring.smoothing import Smoother

#: Shares that are tried.
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)


def measures(truth: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Compute the AUROC of pairs, and that of residues averaged over both sides.

    Parameters
    ----------
    truth : ndarray of bool, shape (n_left, n_right)
        Which pairs touch.
    ours, theirs : ndarray, shape (n_left, n_right)
        Log odds by atoms and by graphs.

    Returns
    -------
    ndarray, shape (len(SHARES), 2)
    """
    rows = []
    for share in SHARES:
        scores = ours + share * theirs
        sites = [auroc(truth.any(axis=axis), scores.max(axis=axis)) for axis in (1, 0)]
        rows.append([auroc(truth, scores), np.nanmean(sites)])
    return np.array(rows)


def lines(names: Sequence[str], found: np.ndarray) -> list[str]:
    """Write the measures of all shares, shape (n_complexes, len(SHARES), 2)."""
    alone = dict(zip(names, found[:, 0, 0].tolist(), strict=True))
    written = []
    for k, share in enumerate(SHARES):
        pairs = found[:, k, 0].tolist()
        text = (
            f"share {share:g}: CAUROC {with_interval(pairs)}, mean {np.mean(pairs):.4f}, sites "
            f"{np.nanmean(found[:, k, 1]):.4f}"
        )
        if k:
            by_name = dict(zip(names, pairs, strict=True))
            text += f"; mean minus atoms alone: {paired_cell(by_name, alone)}"
        written.append(text)
    return written


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_fit_options(parser, "DB4U", rotations=2)
    parser.add_argument("--weights", type=Path, default=Path("default"))
    options = parser.parse_args(arguments)
    info = read_info(options.weights)
    if info.graph is None:
        raise WeightsError(
            f"{info.folder}: weights with networks on graphs are needed, these have none; make "
            "some with train.graphs.join"
        )
    scorer = load_scorer(info, options.dataset, options.out_of_fold, options.kept)
    names, found = [], []
    for item in read_selection_set(options.dataset, options.split).complexes():
        raw = scorer.unsmoothed(item.left, item.right, options.rotations)
        terms = scorer.terms(item.left, item.right)
        ours = logit(Smoother(item.left, item.right, info.smoothing).smooth(raw))
        theirs = np.zeros_like(ours) if terms is None else terms.terms / info.graph.share
        names.append(item.name)
        found.append(measures(item.labels(), ours, theirs))
    print(*lines(names, np.stack(found)), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.graphs.share", main))
