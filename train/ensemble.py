"""Combine several networks into an ensemble with a one-layer sigmoid, as in the paper.

    python -m train.ensemble DB5_DATASET --weights RUN_A/best RUN_B/best -o ENSEMBLE

Fits the sigmoid on unbound complexes of DB4. Its inputs are the log odds of the members' scores,
with --rotations averaged and not smoothed. Contacts and non-contacts have the same weight, and so
have all complexes. ENSEMBLE is then a weights folder like any other: sasnet_predict --weights
ENSEMBLE. It refers to members in the same parent folder and copies others; their order does not
matter. It takes the members' smoothing if they agree; otherwise run train.smooth on it. It has no
calibration: run train.calibrate on it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from sasnet_core.config import SELECTION_SPLITS
from sasnet_core.dataset.complexes import Complex
from sasnet_core.errors import SettingError, run_script
from sasnet_core.evaluation.selection_set import add_fit_options, read_selection_set
from sasnet_core.fitted import Mixture, Smoothing
from sasnet_core.metrics import cauroc, mean_auroc
from sasnet_core.network.weights_folder import WeightsInfo, read_info
from sasnet_core.network.weights_writing import save_ensemble
from sasnet_core.scoring.log_odds import logit
from sasnet_core.scoring.mixture import mixed
from sasnet_core.scoring.predictor import load_predictor
from sasnet_core.scoring.smoothing import Smoother

#: Weight of the squared slopes in the fit; it decides if members give the same scores.
RIDGE = 1e-4
#: Slopes are positive, so that no member is inverted.
LEAST_SLOPE = 0.01


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_fit_options(parser, SELECTION_SPLITS, rotations=2, out_of_fold=False)
    parser.add_argument("--weights", type=Path, nargs="+", required=True, help="the members")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="ENSEMBLE")
    return parser.parse_args(arguments)


def member_infos(folders: list[Path]) -> list[WeightsInfo]:
    """Read the members, in an order that does not depend on the command line.

    Raises
    ------
    SettingError
        Fewer than two are given.
    """
    if len(folders) < 2:
        raise SettingError(f"--weights needs two folders or more, got {len(folders)}")
    return sorted((read_info(folder) for folder in folders), key=lambda info: info.sha256)


def fit_mixture(cases: list[tuple[np.ndarray, np.ndarray]]) -> tuple[list[float], float]:
    """Fit slopes and intercept by maximum likelihood.

    Parameters
    ----------
    cases : list of (scores, labels)
        For each complex arrays of shape (members, n_left, n_right) and (n_left, n_right).

    Returns
    -------
    tuple
        Slope of each member's log odds, and the intercept.
    """
    terms = [
        (logit(scores).reshape(len(scores), -1), np.where(labels.ravel(), 1.0, -1.0))
        for scores, labels in cases
    ]

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = RIDGE * np.sum(parameters[:-1] ** 2), 2 * RIDGE * parameters
        gradient[-1] = 0.0
        for x, sign in terms:
            z = -sign * (parameters[:-1] @ x + parameters[-1])
            weights = np.where(sign > 0, 0.5 / np.sum(sign > 0), 0.5 / np.sum(sign < 0)) / len(
                terms
            )
            value += np.sum(weights * np.logaddexp(0, z))
            slopes = -sign * weights / (1 + np.exp(-z))
            gradient += np.append(x @ slopes, slopes.sum())
        return float(value), gradient

    start = np.append(np.full(len(terms[0][0]), 1 / len(terms[0][0])), 0.0)
    bounds = [(LEAST_SLOPE, None)] * (len(start) - 1) + [(None, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return found[:-1].tolist(), float(found[-1])


def shared_smoothing(infos: list[WeightsInfo]) -> Smoothing:
    """Return the members' smoothing where they agree, none where they do not."""
    agree = all(info.smoothing == infos[0].smoothing for info in infos)
    return infos[0].smoothing if agree else Smoothing()


def quality(cases: list[tuple[Complex, np.ndarray]], smoothing: Smoothing) -> str:
    """Say CAUROC and mean of scores once smoothed."""
    values = [
        item.auroc(Smoother(item.left, item.right, smoothing).smooth(scores))
        for item, scores in cases
    ]
    return f"CAUROC {cauroc(values):.3f} mean {mean_auroc(values):.3f}"


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    selection = read_selection_set(options.dataset, options.split)
    infos = member_infos(options.weights)
    predictors = [load_predictor(info.folder, score_cache=options.kept) for info in infos]
    cases = [
        (item, [one.unsmoothed(item.left, item.right, options.rotations) for one in predictors])
        for item in selection.complexes()
    ]
    slopes, intercept = fit_mixture(
        [(np.stack(matrices), item.labels()) for item, matrices in cases]
    )
    mixture = Mixture(
        tuple(round(slope, 4) for slope in slopes),
        round(intercept, 4),
        selection.description,
        options.rotations,
    )
    for number, info in enumerate(infos):
        own = [(item, matrices[number]) for item, matrices in cases]
        print(f"{info.folder}: {quality(own, info.smoothing)}")
    ensemble = save_ensemble(options.output, infos, mixture, shared_smoothing(infos))
    together = [(item, mixed(matrices, mixture)) for item, matrices in cases]
    print(f"{ensemble.folder}: {quality(together, ensemble.smoothing)}")
    print(mixture)
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.ensemble", main))
