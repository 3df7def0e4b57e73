"""The weights that a table compares: replicates, their ensemble, and further networks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sasnet_core.errors import SettingError
from sasnet_core.network.weights_folder import find_folder, read_info

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sasnet_core.evaluation.workbench import Workbench
    from sasnet_core.network.weights_folder import WeightsInfo

    #: Weights and their CAUROC on DB4.
    Ranked = tuple[float, WeightsInfo]


@dataclass(frozen=True)
class Entrants:
    """The weights that a table compares.

    Attributes
    ----------
    ranked : list of (float, WeightsInfo)
        Replicates with their CAUROC on DB4, best first.
    ensemble : WeightsInfo or None
    also : dict of str to list
        Further networks, or replicates of them, ranked like these, by the name of their row.
    """

    ranked: list[Ranked]
    ensemble: WeightsInfo | None
    also: dict[str, list[Ranked]] = field(default_factory=dict)

    @property
    def best(self) -> WeightsInfo:
        """The replicate that is best on DB4."""
        return self.ranked[0][1]

    @property
    def infos(self) -> list[WeightsInfo]:
        """The replicates, best first, the ensemble, and the others."""
        others = [info for ranked in self.also.values() for _, info in ranked]
        together = [self.ensemble] if self.ensemble else []
        return [*(info for _, info in self.ranked), *together, *others]

    def note(self) -> str:
        """Describe the ensemble: its replicates, and how it was fitted."""
        if self.ensemble is None:
            return "No ensemble was given."
        if self.ensemble.graph is not None:
            return (
                "Ensemble: a network on atoms, and networks on residue graphs with a share of "
                f"{self.ensemble.graph.share:g} of their log odds."
            )
        assert self.ensemble.mixture is not None
        places = {info.sha256: place for place, (_, info) in enumerate(self.ranked, 1)}
        found = sorted(places.get(member.sha256, 0) for member in self.ensemble.members)
        of = ", ".join(f"place {place}" if place else "not a replicate here" for place in found)
        mixture = self.ensemble.mixture
        return (
            f"Ensemble: {of} by DB4; one-layer sigmoid fitted on {mixture.fitted_on}, "
            f"{mixture.rotations} rotations."
        )


def find_entrants(
    bench: Workbench,
    replicates: Sequence[Path],
    ensemble: Path | None,
    also: Mapping[str, Sequence[Path]] | None = None,
) -> Entrants:
    """Rank replicates by their CAUROC on DB4, and read the ensemble.

    Parameters
    ----------
    bench : Workbench
        Evaluates the replicates.
    replicates : sequence of Path
        Folders of their weights.
    ensemble : Path or None
        Folder of an ensemble.
    also : mapping of str to sequence of Path, optional
        Folders of further networks, by the name of their row.

    Raises
    ------
    SettingError
        Two replicates are the same, or the ensemble is a single network.
    """
    together = read_info(ensemble) if ensemble else None
    if together and together.mixture is None and together.graph is None:
        raise SettingError(
            f"{together.folder}: an ensemble is needed; make it with train.ensemble or "
            "train.graphs.join"
        )
    others = {name: _ranked(bench, folders, "--also") for name, folders in (also or {}).items()}
    return Entrants(_ranked(bench, replicates, "--replicates"), together, others)


def _ranked(bench: Workbench, folders: Sequence[Path], option: str) -> list[Ranked]:
    """Rank replicates by their CAUROC on DB4, best first."""
    infos = [read_info(folder) for folder in folders]
    if len({info.sha256 for info in infos}) < len(infos):
        raise SettingError(f"{option} must be different weights, the same are named twice")
    ranked = [(bench.selection(info.folder), info) for info in infos]
    return sorted(ranked, key=lambda pair: -pair[0])


def shown_folder(info: WeightsInfo) -> str:
    """Name weights: by the name that they ship under, else by the last two parts of the folder."""
    folder = info.folder.resolve()
    return (
        folder.name if folder == find_folder(folder.name).resolve() else "/".join(folder.parts[-2:])
    )
