import numpy as np
import pytest

from sasnet_core.docking.agreement import Judge
from sasnet_core.docking.ranking import (
    PoseReader,
    best_first,
    make_reference,
    match_residues,
    score_poses,
)
from sasnet_core.errors import StructureError
from sasnet_core.fitted import Calibration
from sasnet_core.structure import reading
from sasnet_core.structure.models import read_models
from tests.core.build import chain_lines, write_cif, write_pdb


def lines(shift, chain="B", count=6):
    """Write a long chain A and a short one that touches it at its `shift`-th residue."""
    return [*chain_lines("A", 12), "TER", *chain_lines(chain, count, start=(3.8 * shift, 5, 0))]


@pytest.fixture
def poses(tmp_path):
    return [write_pdb(tmp_path / f"{shift}.pdb", lines(shift)) for shift in (0, 3, 6)]


@pytest.fixture
def reader(poses):
    return PoseReader(next(read_models(poses[0])), ["A"], ["B"])


@pytest.fixture
def judge():
    matrix = np.full((12, 6), 0.01, np.float32)
    matrix[8:, 2:] = 0.9
    return Judge(matrix, Calibration(), (np.ones(12), np.ones(6)))


def run(paths, reader, judge, reference=None):
    refused = []
    rows = np.arange(12), np.arange(6)
    found = score_poses(paths, reader, judge, rows, reference, lambda *why: refused.append(why))
    return best_first(found), refused


def test_the_pose_that_touches_where_predicted_comes_first(poses, reader, judge):
    ranked, refused = run(poses, reader, judge)
    assert [pose.path.stem for pose in ranked] == ["6", "3", "0"] and not refused
    assert ranked[0].quality is None


def test_mmcif_and_fully_read_poses_score_the_same(poses, reader, judge, tmp_path):
    cif = write_cif(tmp_path / "same.cif", lines(6))
    refined = write_pdb(tmp_path / "refined.pdb", lines(6)[:-2])  # an atom less in the last residue
    ranked, refused = run([poses[2], cif, refined], reader, judge)
    assert not refused
    assert ranked[0].agreement == ranked[1].agreement
    assert {pose.agreement.left for pose in ranked} == {ranked[0].agreement.left}


def test_poses_of_other_proteins_are_named_and_the_rest_goes_on(poses, reader, judge, tmp_path):
    other = [
        write_pdb(tmp_path / "chain.pdb", lines(1, chain="C")),
        write_pdb(tmp_path / "short.pdb", lines(1, count=5)),
        write_pdb(tmp_path / "mutant.pdb", [x.replace("CYS A  12", "SER A  12") for x in lines(1)]),
        tmp_path / "none.pdb",
    ]
    ranked, refused = run([*other, poses[1]], reader, judge)
    assert [pose.path.stem for pose in ranked] == ["3"]
    reasons = dict(refused)
    assert "no protein chain 'B'" in reasons[str(other[0])]
    assert "comes without 1 (B:6 C)" in reasons[str(other[1])]
    assert "without 1 (A:12 C), with other 1 (A:12 S)" in reasons[str(other[2])]
    assert "does not exist" in reasons[str(other[3])]


def test_a_reference_adds_the_quality(poses, reader, judge):
    reference = make_reference(reading.read(poses[2]), (["A"], ["B"]), reader.first)
    ranked, _ = run(poses, reader, judge, reference)
    assert ranked[0].quality.dockq == pytest.approx(1.0, abs=1e-4)
    assert ranked[0].quality.dockq > ranked[1].quality.dockq > ranked[2].quality.dockq


def protein(tmp_path, name, *chains):
    found = [x for chain, first in chains for x in chain_lines(chain, 4, first, (0, first, 0))]
    return reading.read(write_pdb(tmp_path / name, found)).protein()


def test_residues_are_matched_by_chain_and_number(tmp_path):
    pose = protein(tmp_path, "pose.pdb", ("A", 3), ("B", 1))
    same = protein(tmp_path, "same.pdb", ("B", 1), ("A", 3))
    assert match_residues(pose, same).tolist() == [4, 5, 6, 7, 0, 1, 2, 3]
    renamed = protein(tmp_path, "renamed.pdb", ("H", 3), ("L", 1))
    assert match_residues(pose, renamed).tolist() == list(range(8))


def test_a_structure_without_the_residues_of_the_poses_is_refused(tmp_path):
    pose = protein(tmp_path, "pose.pdb", ("A", 3))
    with pytest.raises(StructureError, match=r"3 are missing \(A:3 C"):
        match_residues(pose, protein(tmp_path, "other.pdb", ("A", 6)))
    with pytest.raises(StructureError, match="as many chains"):
        match_residues(pose, protein(tmp_path, "two.pdb", ("A", 3), ("B", 3)))
