"""Precision by group of proteins: by their part in the complex and by their size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.evaluation.interface_residues import labels, probabilities
from sasnet_core.evaluation.measures import bootstrap_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sasnet_core.evaluation.interface_residues import Site
    from sasnet_core.fitted import Calibration

#: Parts of receptor and ligand in the categories of the docking benchmark; others have no name.
PARTS = {
    "AA": ("antibody", "antigen"),
    "AB": ("antibody", "antigen"),
    "AS": ("antibody", "antigen"),
    "EI": ("enzyme", "inhibitor"),
    "ES": ("enzyme", "other"),
    "ER": ("enzyme", "other"),
}
#: Complexes of these categories whose receptor is the antigen or the inhibitor.
REVERSED = {"1I9R", "1KXQ", "2HMI", "1JTD", "1OPH", "2B42", "3VLB", "4HX3", "7CEI"}
#: Names of the groups in the order of the table, and the sizes (residues) at which one begins.
KINDS = {
    "antibody": "antibodies",
    "antigen": "antigens",
    "enzyme": "enzymes",
    "inhibitor": "inhibitors",
    "other": "others",
}
SIZES = {
    0: "under 100 residues",
    100: "100 to 199 residues",
    200: "200 to 399 residues",
    400: "400 residues or more",
}


@dataclass(frozen=True)
class GroupPrecision:
    """The likely residues of a group of proteins: what was expected of them, and what is true."""

    proteins: int
    residues: int
    likely: int  # residues from the calibration's threshold on
    expected: float  # mean probability of the likely residues, nan if there are none
    found: float  # share of the likely residues in the interface
    interval: tuple[float, float]  # 95 % interval of `found`, proteins resampled


def kinds(row: Mapping[str, str]) -> tuple[str, str]:
    """Name the groups of the left and the right protein by their part in the complex.

    Parameters
    ----------
    row : dict
        Row of a manifest; ``category`` is missing in a mined dataset.

    Examples
    --------
    >>> kinds({"id": "1AHW", "category": "AA"})
    ('antibodies', 'antigens')
    """
    left, right = PARTS.get(row.get("category", ""), ("other", "other"))
    if row["id"] in REVERSED:
        left, right = right, left
    return KINDS[left], KINDS[right]


def size_group(n_residues: int) -> str:
    """Name the group of a protein by its size."""
    return SIZES[max(start for start in SIZES if start <= n_residues)]


def precision_by_group(
    rows: Sequence[Mapping[str, str]], sites: Sequence[Site], calibration: Calibration
) -> dict[str, GroupPrecision]:
    """Compare expected with found precision among the likely residues of each group.

    Parameters
    ----------
    rows : sequence of dict
        Rows of a manifest.
    sites : sequence of Site
        Left and right protein of each row, in turn.
    calibration : Calibration
        Gives probabilities and the threshold of likely residues.

    Returns
    -------
    dict
        Name of each group that has proteins -> its precision; "all" is first.
    """
    by_kind = [name for row in rows for name in kinds(row)]
    by_size = [size_group(len(site.labels)) for site in sites]
    groups = {"all": list(sites)}
    for names, order in ((by_kind, KINDS.values()), (by_size, SIZES.values())):
        for group in order:
            chosen = [site for site, name in zip(sites, names, strict=True) if name == group]
            groups |= {group: chosen} if chosen else {}
    return {name: group_precision(group, calibration) for name, group in groups.items()}


def group_precision(sites: Sequence[Site], calibration: Calibration) -> GroupPrecision:
    """Compare expected with found precision among the likely residues of some proteins."""
    masks = [site.probabilities(calibration) >= calibration.threshold for site in sites]
    called = np.array([mask.sum() for mask in masks])
    hits = np.array([(mask & site.labels).sum() for mask, site in zip(masks, sites, strict=True)])
    likely = np.concatenate(masks)
    if not likely.any():
        nothing = float("nan")
        return GroupPrecision(len(sites), len(likely), 0, nothing, nothing, (nothing, nothing))
    return GroupPrecision(
        len(sites),
        len(likely),
        int(likely.sum()),
        float(probabilities(sites, calibration)[likely].mean()),
        float(labels(sites)[likely].mean()),
        bootstrap_interval([hits, called], _share),
    )


def _share(hits: np.ndarray, called: np.ndarray, axis: int) -> np.ndarray:
    """Divide sums; 0 for a resampling without any likely residue."""
    share: np.ndarray = hits.sum(axis=axis) / np.maximum(called.sum(axis=axis), 1)
    return share
