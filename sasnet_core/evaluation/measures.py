"""Scores compared with contacts: measures of each complex, and intervals over complexes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import bootstrap
from tqdm import tqdm

from sasnet_core.dataset.complexes import load_complex
from sasnet_core.errors import DatasetError, SettingError
from sasnet_core.evaluation.baselines import distance_from_centre_product, exposed_area_product
from sasnet_core.evaluation.interface_residues import sites_of
from sasnet_core.metrics import auroc, average_precision, precision_at
from sasnet_core.scoring.log_odds import logit
from sasnet_core.structure.rotations import random_rotation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sasnet_core.dataset.complexes import Complex
    from sasnet_core.structure.protein import Protein

    #: Called with a complex and its index in the list; returns the scores of its pairs.
    Score = Callable[[Complex, int], np.ndarray]

#: A complex's row of a table: its names and measures.
Row = dict[str, Any]
#: Measures of the scores of a complex; site measures are of the residues of one protein.
MEASURES = (
    "auroc", "average_precision", "precision_at_10", "precision_at_l10", "precision_at_l5",
    "precision_at_l", "left_site_auroc", "right_site_auroc", "left_site_average_precision",
    "right_site_average_precision",
)  # fmt: skip
#: Properties of a complex.
FACTS = (
    "id", "split", "state", "category", "difficulty", "n_left", "n_right", "n_contacts",
    "base_rate", "left_site_base_rate", "right_site_base_rate",
)  # fmt: skip
#: Predictors without learning.
BASELINES = {
    "exposed_area": exposed_area_product,
    "centre_distance": distance_from_centre_product,
}
#: Resamplings for an interval.
BOOTSTRAP = 2000


def measures(item: Complex, scores: np.ndarray) -> dict[str, float]:
    """Compare the scores of one complex with its contacts.

    Parameters
    ----------
    item : Complex
        The complex.
    scores : ndarray, shape (n_left, n_right)
        Scores of all residue pairs. A residue's score is that of its best pair.

    Returns
    -------
    dict
        A number for each of `MEASURES`. L in precision at L, L/5 and L/10 is the number of
        residues of the shorter protein.

    Raises
    ------
    DatasetError
        A measure cannot be computed.
    """
    labels, length = item.labels(), min(scores.shape)
    found = {**ranking(item, scores), "average_precision": average_precision(labels, scores)}
    for name, count in (("10", 10), ("l10", length // 10), ("l5", length // 5), ("l", length)):
        found[f"precision_at_{name}"] = precision_at(labels, scores, max(1, count))
    for side, site in zip(("left", "right"), sites_of(item, scores), strict=True):
        found[f"{side}_site_auroc"] = auroc(site.labels, site.best_scores)
        found[f"{side}_site_average_precision"] = average_precision(site.labels, site.best_scores)
    return found


def ranking(item: Complex, scores: np.ndarray) -> dict[str, float]:
    """Compute the AUROC alone, as `measures` does.

    Raises
    ------
    DatasetError
        It cannot be computed.
    """
    labels = item.labels()
    if not np.isfinite(scores).all():
        raise DatasetError("scores must be finite numbers, some are not")
    if not 0 < labels.sum() < labels.size:
        raise DatasetError("contacts and non-contacts are needed, one of them is missing")
    return {"auroc": auroc(labels, scores)}


def facts(row: dict[str, str], state: str) -> Row:
    """Take those `FACTS` of a complex that the manifest has."""
    known: Row = {name: row.get(name, "") for name in FACTS}
    pairs = int(row["n_left"]) * int(row["n_right"])
    return {**known, "state": state, "base_rate": int(row["n_contacts"]) / pairs}


def site_base_rates(item: Complex) -> dict[str, float]:
    """Return the share of each protein's residues that lie in the interface."""
    labels = item.labels()
    return {
        f"{side}_site_base_rate": float(labels.any(axis=axis).mean())
        for side, axis in (("left", 1), ("right", 0))
    }


def evaluate_rows(
    dataset: Path,
    rows: Sequence[dict[str, str]],
    state: str,
    scores: dict[str, Score],
    measure: Callable[[Complex, np.ndarray], dict[str, float]] = measures,
) -> list[Row]:
    """Measure several predictors on the same complexes.

    Parameters
    ----------
    dataset : Path
        Folder of the complexes.
    rows : sequence of dict
        Rows of its manifest.
    state : str
        "unbound" or "bound".
    scores : dict
        Name of a predictor -> function of a complex and its index among the rows. The name of the
        main predictor is empty.
    measure : callable
        `measures`, or `ranking` if the AUROC is enough.

    Returns
    -------
    list of dict
        For each complex its `FACTS`, ``NAME_MEASURE`` for each predictor and measure (MEASURE if
        the name is empty), and ``failure``. A complex that fails counts 0 in every measure, and
        ``failure`` is the reason.

    Raises
    ------
    DatasetError
        Every complex failed.
    """
    table: list[Row] = []
    measured: dict[str, float] = {}
    for index, row in enumerate(tqdm(rows, desc=f"complexes ({state})", disable=None)):
        known = facts(row, state)
        try:
            item = load_complex(dataset / row["file"])
            known |= site_base_rates(item)
            found = {name: measure(item, score(item, index)) for name, score in scores.items()}
            known |= (measured := _named(found))
            failure = ""
        except SettingError:
            raise
        except Exception as error:  # one complex must not end an evaluation of hours
            failure = " ".join(f"{type(error).__name__}: {error}".split())
        table.append({**known, "failure": failure})
    if all(row["failure"] for row in table):
        raise DatasetError(f"all {len(table)} complexes failed: {table[0]['failure']}")
    return [{**dict.fromkeys(measured, 0.0), **row} for row in table]


def column(name: str, measure: str) -> str:
    """Name the column of a predictor's measure."""
    return f"{name}_{measure}" if name else measure


def _named(found: dict[str, dict[str, float]]) -> dict[str, float]:
    return {column(who, what): value for who, one in found.items() for what, value in one.items()}


def columns(predictors: Sequence[str]) -> list[str]:
    """List the columns of a table of `evaluate_rows`."""
    own = [column(name, measure) for name in predictors for measure in MEASURES]
    return [*FACTS, *own, "failure"]


def baseline_scores() -> dict[str, Score]:
    """Return the predictors without learning, as `evaluate_rows` takes them."""

    def taking_complexes(score: Callable[[Protein, Protein], np.ndarray]) -> Score:
        return lambda item, _: score(item.left, item.right)

    return {name: taking_complexes(score) for name, score in BASELINES.items()}


def interval(
    values: Sequence[float], statistic: Callable[..., Any] = np.median, seed: int = 0
) -> tuple[float, float]:
    """Compute the 95 % interval of a statistic by resampling complexes (percentile bootstrap).

    Parameters
    ----------
    values : sequence of float
        One for each complex.
    statistic : callable
        numpy's median or mean.
    seed : int
        Seed of the resampling.
    """
    return bootstrap_interval([values], statistic, seed)


def paired_interval(
    after: Sequence[float],
    before: Sequence[float],
    statistic: Callable[..., Any] = np.median,
    seed: int = 0,
) -> tuple[float, float]:
    """Compute the 95 % interval of a difference of statistics by resampling complexes.

    Parameters
    ----------
    after, before : sequence of float
        Values of the same complexes, in the same order; the difference is after minus before.
    statistic, seed
        As in `interval`.
    """

    def difference(after: np.ndarray, before: np.ndarray, axis: int) -> np.ndarray:
        return np.asarray(statistic(after, axis=axis) - statistic(before, axis=axis))

    return bootstrap_interval([after, before], difference, seed)


def bootstrap_interval(
    samples: Sequence[Sequence[float] | np.ndarray], statistic: Callable[..., Any], seed: int = 0
) -> tuple[float, float]:
    """Compute the 95 % interval of a statistic of one or more paired samples.

    Parameters
    ----------
    samples : sequence of sequence of float
        Values of the same complexes or proteins, in the same order.
    statistic : callable
        Called with the samples and ``axis``.
    seed : int
        Seed of the resampling.
    """
    if len(samples[0]) == 1:  # scipy refuses a sample of one, which has no spread
        low = high = statistic(*map(np.asarray, samples), axis=0)
    else:
        low, high = bootstrap(
            samples, statistic, n_resamples=BOOTSTRAP, paired=True, vectorized=True,
            confidence_level=0.95, method="percentile", rng=np.random.default_rng(seed),
        ).confidence_interval  # fmt: skip
    return float(low), float(high)


def moved(protein: Protein, rng: np.random.Generator) -> Protein:
    """Rotate and shift a protein at random."""
    rotation, shift = random_rotation(rng).T, rng.uniform(-100, 100, 3)
    return protein.with_coordinates(
        protein.coords @ rotation + shift, protein.centers @ rotation + shift
    )


def move_partners(item: Complex, seed: int, index: int) -> Complex:
    """Rotate and shift both partners at random, independently of each other."""
    rng = np.random.default_rng([seed, index])
    return replace(item, left=moved(item.left, rng), right=moved(item.right, rng))


def residue_sum(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Score a pair by the best score of each of its residues alone.

    Parameters
    ----------
    left, right : ndarray, shape (n_left, any), (any, n_right)
        Pair scores; the left residues are the rows of the first, the right ones the columns of the
        second matrix.

    Returns
    -------
    ndarray, shape (n_left, n_right)
        Best log odds of the left residue plus best log odds of the right one.
    """
    return np.add.outer(logit(left.max(axis=1)), logit(right.max(axis=0)))


def wrong_partner_row(rows: Sequence[Mapping[str, str]], index: int) -> int:
    """Choose the complex that a complex borrows wrong partners from.

    The next one of its fold, so that networks out of fold (`out_of_fold.OutOfFold`) know neither;
    if there is none, or if there are no folds, the next one. A complex alone has only itself.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of a manifest.
    index : int
        The complex.
    """
    fold, count = rows[index].get("fold"), len(rows)
    following = [(index + step) % count for step in range(1, count)]
    alike = [place for place in following if rows[place].get("fold") == fold]
    return (alike or following or [index])[0]


def wrong_partner_scores(
    item: Complex, other: Complex, score: Callable[[Protein, Protein], np.ndarray]
) -> np.ndarray:
    """Score pairs by the best score of each residue with a wrong partner.

    Parameters
    ----------
    item : Complex
        The complex whose pairs are scored.
    other : Complex
        Its proteins are the wrong partners.
    score : callable
        Called with two proteins; returns the scores of their pairs.

    Returns
    -------
    ndarray, shape (n_left, n_right)
        See `residue_sum`.
    """
    return residue_sum(score(item.left, other.right), score(other.left, item.right))
