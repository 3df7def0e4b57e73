"""Published results, for comparison.

Source, unless another is named: Townshend et al., "End-to-End Learning on 3D Protein Structure
for Interface Prediction" (arXiv 1807.01297), tables 1 to 3. CAUROC, structure only unless the name
says otherwise.
"""

from __future__ import annotations

from typing import NamedTuple

from sasnet_core.config import COMPLEX_ONLY_SET, DB5_POSITIVES, DB5U_POSITIVES


class Published(NamedTuple):
    """A method's CAUROC over replicates."""

    best: float | None  # the replicate that is best on DB4
    mean: float | None
    deviation: float | None  # standard deviation over replicates


#: Table 1 (DB5U's positives: Fout et al. 2017): complexes and positives.
DATASETS = {
    "complex-only": (COMPLEX_ONLY_SET["complexes"], COMPLEX_ONLY_SET["positives"]),
    "DB5": (230, DB5_POSITIVES),
    "DB5U": (55, DB5U_POSITIVES),
}
#: Table 2, unbound DB5U.
METHODS = {
    "NGF": Published(0.843, 0.851, 0.010),
    "DTNN": Published(0.861, 0.861, 0.004),
    "Node+Edge Average": Published(0.844, 0.850, 0.004),
    "Order Dependent": Published(0.857, 0.864, 0.006),
    "Node Average": Published(0.876, 0.877, 0.005),
}
#: Table 2, second column: with conservation.
METHODS_CONSERVATION = {
    "NGF": Published(0.869, 0.875, 0.018),
    "DTNN": Published(0.869, 0.870, 0.003),
    "Node+Edge Average": Published(0.895, 0.899, 0.005),
    "Order Dependent": Published(0.896, 0.894, 0.004),
    "Node Average": Published(0.887, 0.888, 0.004),
}
SASNET_CONSERVATION = Published(0.921, 0.914, 0.009)
SASNET = Published(0.899, 0.890, 0.011)
SASNET_ENSEMBLE = 0.903
#: Table 3, DB5U with bound atoms, by structure and with conservation.
SASNET_BOUND = Published(None, 0.919, 0.008)
SASNET_CONSERVATION_BOUND = Published(None, 0.923, 0.006)
#: Figure 3: the number of pairs in part A, the edge of the cube (A) in part B, and replicates.
FIGURE_PAIRS = 81_920
FIGURE_PAIRS_EDGE = 23
FIGURE_REPLICATES = 5
