"""The scores of poses as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sasnet_core.docking.ranking import ScoredPose

#: Poses marked as the best, colours from Okabe and Ito.
MARKED = 10
BLUE, ORANGE = "#0072B2", "#D55E00"


def plot(poses: Sequence[ScoredPose], path: Path) -> None:
    """Plot score against interface RMSD, or against contacts where no complex is known.

    Parameters
    ----------
    poses : sequence of ScoredPose
        Best first.
    path : Path
        PNG file to write.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 4.2), layout="constrained")
    axes = figure.add_subplot()
    known = poses[0].quality is not None
    for part, colour, size, label in (
        (poses[MARKED:], BLUE, 8, f"other poses ({max(len(poses) - MARKED, 0)})"),
        (poses[:MARKED], ORANGE, 28, f"best {min(MARKED, len(poses))} by score"),
    ):
        across = [pose.quality.irmsd if pose.quality else pose.agreement.contacts for pose in part]
        up = [pose.agreement.score for pose in part]
        axes.scatter(across, up, s=size, c=colour, label=label, alpha=0.7, linewidths=0)
    axes.set_xlabel("interface RMSD to the reference (Å)" if known else "residue pairs in contact")
    axes.set_ylabel("agreement with the prediction")
    if known:
        axes.set_xlim(left=0)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=150, metadata={"Software": None})
