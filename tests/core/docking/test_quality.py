import numpy as np
import pytest

from sasnet_core.docking.quality import Reference, dockq, rmsd, superposition
from sasnet_core.errors import StructureError
from sasnet_core.structure import reading
from sasnet_core.structure.rotations import random_rotation
from tests.core.build import chain_lines, write_pdb

ALIKE = np.eye(3)


def helix(chain, count, start):
    """Residues of a repeating sequence: alignments need something to align."""
    names = "CYS SER ALA GLY VAL LEU THR ASP LYS PHE".split()
    return [
        line.replace("CYS", names[k * k % 10])
        for k in range(count)
        for line in chain_lines(chain, 1, first=k + 1, start=np.add(start, (3.8 * k, 0, 0)))
    ]


@pytest.fixture
def complex_(tmp_path):
    lines = [*helix("A", 14, (0, 0, 0)), *helix("B", 11, (0, 5.5, 0))]
    return reading.read(write_pdb(tmp_path / "complex.pdb", lines))


def parts(structure):
    proteins = structure.protein(["A"]), structure.protein(["B"])
    return proteins, tuple(structure.backbone(protein) for protein in proteins)


def moved(protein, turn=ALIKE, shift=(0, 0, 0)):
    return protein.with_coordinates(protein.coords @ turn + shift, protein.centers @ turn + shift)


def test_the_complex_itself_is_perfect_wherever_it_lies(complex_):
    proteins, backbones = parts(complex_)
    reference = Reference(proteins, backbones, proteins, backbones)
    turn = random_rotation(np.random.default_rng(0))
    found = reference.measure(*(moved(p, turn, (9, 8, 7)) for p in proteins))
    assert (found.fnat, found.dockq) == (1.0, pytest.approx(1.0, abs=1e-5))
    assert max(found.irmsd, found.lrmsd) < 1e-3


def test_a_shift_of_the_smaller_protein_is_its_rmsd(complex_):
    proteins, backbones = parts(complex_)
    reference = Reference(proteins, backbones, proteins, backbones)
    found = reference.measure(proteins[0], moved(proteins[1], shift=(0, 3.0, 0)))
    assert found.lrmsd == pytest.approx(3.0, abs=1e-3)
    assert 0 < found.irmsd < 3 and found.fnat < 1 and found.dockq < 1


def test_contacts_of_residues_that_the_pose_lacks_count_as_lost(complex_, tmp_path):
    proteins, backbones = parts(complex_)
    lines = [*helix("A", 14, (0, 0, 0)), *helix("B", 11, (0, 5.5, 0))[: 6 * 6]]
    pose, pose_backbones = parts(reading.read(write_pdb(tmp_path / "short.pdb", lines)))
    reference = Reference(proteins, backbones, pose, pose_backbones)
    found = reference.measure(*pose)
    assert 0.3 < found.fnat < 0.8 and found.irmsd < 1e-3


def test_equal_chains_may_have_any_name_and_lie_anywhere(tmp_path):
    """The right partner sits on one of two equal chains; its twin site is as good."""
    sites = [*helix("A", 14, (0, 0, 0)), *helix("C", 14, (0, 60, 0))]
    native = reading.read(write_pdb(tmp_path / "n.pdb", [*sites, *helix("B", 11, (0, 5.5, 0))]))
    twin = reading.read(write_pdb(tmp_path / "t.pdb", [*sites, *helix("B", 11, (0, 65.5, 0))]))

    def sides(structure):
        proteins = structure.protein(["A", "C"]), structure.protein(["B"])
        return proteins, tuple(structure.backbone(protein) for protein in proteins)

    (left, right), backbones = sides(twin)
    turn = random_rotation(np.random.default_rng(3))
    pose = moved(left, turn, (80, -9, 4)), moved(right, turn, (80, -9, 4))
    reference = Reference(*sides(native), pose, backbones)
    found = reference.measure(*pose)
    assert found.fnat == 1.0 and found.irmsd < 1e-3
    off = reference.measure(pose[0], moved(pose[1], shift=(0, 20, 0)))
    assert off.fnat == 0.0 and off.dockq < found.dockq / 2


def test_every_way_to_match_equal_chains_of_both_sides_is_tried(tmp_path):
    """Three equal chains on each side, at unlike places; the pose has other names for them."""
    places = ((0, 0, 0), (7, 60, 3), (20, -55, 40))
    near = ((0, 5.5, 0), (7, 60, 9), (20, -55, 34.5))

    def read(left, right):
        lines = [line for name, place in zip(left, places, strict=True)
                 for line in helix(name, 14, place)]  # fmt: skip
        lines += [line for name, place in zip(right, near, strict=True)
                  for line in helix(name, 11, place)]  # fmt: skip
        structure = reading.read(write_pdb(tmp_path / f"{left}{right}.pdb", lines))
        proteins = structure.protein(sorted(left)), structure.protein(sorted(right))
        return proteins, tuple(structure.backbone(protein) for protein in proteins)

    (complex_, backbones), (pose, pose_backbones) = read("ACE", "BDF"), read("ECA", "FDB")
    found = Reference(complex_, backbones, pose, pose_backbones).measure(*pose)
    assert found.fnat == 1.0 and found.dockq > 0.999


def test_atoms_of_a_pose_may_differ_from_those_of_the_first(complex_, tmp_path):
    proteins, backbones = parts(complex_)
    reference = Reference(proteins, backbones, proteins, backbones)
    lines = [*helix("A", 14, (0, 0, 0)), *helix("B", 11, (0, 5.5, 0))]
    bare = [line for line in lines if line[12:16].strip() in ("N", "CA", "C", "O")]
    turned = [line for k in range(0, len(lines), 6) for line in reversed(lines[k : k + 6])]
    for number, some in enumerate((bare, turned)):
        pose, own = parts(reading.read(write_pdb(tmp_path / f"{number}.pdb", some)))
        found = reference.measure(*pose, own)
        assert max(found.irmsd, found.lrmsd) < 1e-3
    with pytest.raises(StructureError, match="too few"):
        reference.measure(*pose, tuple(np.full_like(rows, -1) for rows in own))


def test_partners_that_do_not_touch_are_no_reference(complex_):
    proteins, backbones = parts(complex_)
    apart = proteins[0], moved(proteins[1], shift=(0, 50, 0))
    with pytest.raises(StructureError, match="must touch"):
        Reference(apart, backbones, proteins, backbones)


def test_superposition_undoes_a_motion_and_never_mirrors():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(9, 3))
    other = points @ random_rotation(rng) + [1, 2, 3]
    turn, shift = superposition(other, points)
    assert rmsd(other @ turn + shift, points) < 1e-9
    turn, _ = superposition(points * [1, 1, -1], points)
    assert np.linalg.det(turn) == pytest.approx(1)


def test_dockq_of_a_far_pose_is_almost_nothing():
    assert dockq(0.0, 20.0, 60.0) < 0.01
