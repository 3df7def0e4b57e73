"""Poses in files, one after another: read, compared with the first, scored, measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sasnet_core.docking.quality import Backbones, Reference
from sasnet_core.errors import SasnetError, StructureError
from sasnet_core.structure.contacts import contacts
from sasnet_core.structure.models import read_models
from sasnet_core.structure.same_atoms import SameAtoms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from sasnet_core.docking.agreement import Agreement, Judge
    from sasnet_core.docking.quality import Quality
    from sasnet_core.structure.models import Model
    from sasnet_core.structure.protein import Protein
    from sasnet_core.structure.reading import Structure

Partners = tuple["Protein", "Protein"]
_Residues = list[tuple[str, str, str]]


@dataclass(frozen=True)
class Pose:
    """A pose that was read; its proteins have the residues of the first pose."""

    partners: Partners
    backbones: Backbones  # `Structure.backbone` of both


@dataclass(frozen=True)
class ScoredPose:
    """A pose with its score, and how near it is to a known complex if there is one."""

    path: Path
    model: int
    label: str
    agreement: Agreement
    quality: Quality | None


class PoseReader:
    """Reads poses of the same two proteins.

    Parameters
    ----------
    first : Model
        The first pose.
    left, right : sequence of str
        Chains of the partners in all poses.

    Raises
    ------
    SelectionError
        A chain is missing.
    StructureError
        The pose cannot be used.
    """

    def __init__(self, first: Model, left: Sequence[str], right: Sequence[str]) -> None:
        self._chains = left, right
        self.structure = first.structure()
        self.first = self._pose(self.structure)
        self._same = SameAtoms(first.text, self.first.partners) if first.is_pdb else None
        self._residues = [_residues(protein) for protein in self.first.partners]

    def _pose(self, structure: Structure) -> Pose:
        left, right = (structure.protein(chains) for chains in self._chains)
        return Pose((left, right), (structure.backbone(left), structure.backbone(right)))

    def read(self, model: Model) -> Pose:
        """Read a pose.

        Raises
        ------
        SasnetError
            It is damaged, or has other chains or residues than the first.
        """
        moved = self._same.place(model.text) if self._same and model.is_pdb else None
        if moved is not None:
            left, right = moved
            return Pose((left, right), self.first.backbones)
        pose = self._pose(model.structure())
        for side, protein, wanted in zip(
            ("left", "right"), pose.partners, self._residues, strict=True
        ):
            _require_residues(side, _residues(protein), wanted)
        return pose


def _residues(protein: Protein) -> list[tuple[str, str, str]]:
    """Return chain, number with insertion code, and one letter of each residue."""
    columns = protein.chain_ids.tolist(), protein.residue_ids.tolist(), protein.sequence
    return list(zip(*columns, strict=True))


def _require_residues(side: str, found: _Residues, wanted: _Residues) -> None:
    """Raise StructureError unless a pose has the residues of the first, in its order."""
    if found == wanted:
        return
    there, known = set(found), set(wanted)
    missing = [key for key in wanted if key not in there]
    further = [key for key in found if key not in known]
    what = ", ".join(
        f"{word} {len(keys)} ({_shown(keys[0])}{', ...' if len(keys) > 1 else ''})"
        for word, keys in (("without", missing), ("with other", further))
        if keys
    )
    raise StructureError(
        f"the {side} partner needs the residues of the first pose, it comes "
        f"{what or 'with them in another order'}"
    )


def _shown(key: tuple[str, str, str]) -> str:
    return f"{key[0] or '_'}:{key[1]} {key[2]}"


def match_residues(pose: Protein, predicted: Protein) -> np.ndarray:
    """Find the residues of a pose in the structure that was predicted.

    Chains are matched by name if both have the same names, by their order in the files otherwise;
    residues by number, insertion code and amino acid.

    Returns
    -------
    ndarray, shape (pose.n_residues,), int64
        Row in the predicted protein.

    Raises
    ------
    StructureError
        The chains differ in number, or a residue is missing.
    """
    own, other = (list(dict.fromkeys(p.chain_ids.tolist())) for p in (pose, predicted))
    if len(own) != len(other):
        raise StructureError(
            f"{predicted.name}: as many chains as in the poses are needed ({','.join(own)}), there "
            f"are {','.join(other)}; give the structures that were docked"
        )
    others = own if set(own) == set(other) else other
    partner_of = dict(zip(own, others, strict=True))
    rows = {key: row for row, key in enumerate(_residues(predicted))}
    found = [rows.get((partner_of[chain], *rest), -1) for chain, *rest in _residues(pose)]
    if -1 in found:
        first = _residues(pose)[found.index(-1)]
        raise StructureError(
            f"{predicted.name}: all residues of the poses are needed, {found.count(-1)} are "
            f"missing ({_shown(first)} of {pose.name} is the first); give the structures that were "
            "docked"
        )
    return np.array(found, np.int64)


def make_reference(
    structure: Structure, chains: tuple[Sequence[str], Sequence[str]], pose: Pose
) -> Reference:
    """Make a reference of a known complex, for poses like this one.

    Raises
    ------
    SasnetError
        Its chains are not those of the complex.
    """
    left, right = (structure.protein(names) for names in chains)
    backbones = structure.backbone(left), structure.backbone(right)
    return Reference((left, right), backbones, pose.partners, pose.backbones)


def score_poses(
    paths: Iterable[Path],
    reader: PoseReader,
    judge: Judge,
    rows: tuple[np.ndarray, np.ndarray],
    reference: Reference | None,
    refuse: Callable[[str, str], None],
) -> Iterator[ScoredPose]:
    """Score all poses in some files.

    Parameters
    ----------
    paths : iterable of Path
        Files, each with one pose or more.
    reader : PoseReader
        Of the first pose.
    judge : Judge
        Of the prediction.
    rows : tuple of ndarray, shape (n_left,) and (n_right,)
        Residue of the prediction for each residue of a pose.
    reference : Reference or None
        The known complex.
    refuse : callable
        Called with the name of each file or pose that cannot be scored, and the reason.

    Yields
    ------
    ScoredPose
        In the order of the files.
    """
    for path in paths:
        try:
            for model in read_models(path):
                try:
                    yield _scored(model, reader.read(model), judge, rows, reference)
                except SasnetError as error:
                    refuse(model.label, str(error))
        except SasnetError as error:
            refuse(str(path), str(error))


def _scored(
    model: Model,
    pose: Pose,
    judge: Judge,
    rows: tuple[np.ndarray, np.ndarray],
    reference: Reference | None,
) -> ScoredPose:
    touching = contacts(*pose.partners)
    predicted = np.stack([rows[side][touching[:, side]] for side in (0, 1)], axis=1)
    quality = reference.measure(*pose.partners, pose.backbones) if reference else None
    return ScoredPose(model.path, model.number, model.label, judge.judge(predicted), quality)


def best_first(poses: Iterable[ScoredPose]) -> list[ScoredPose]:
    """Sort poses by falling score; those of equal score stay in the order of the files."""
    return sorted(poses, key=lambda pose: -pose.agreement.score)
