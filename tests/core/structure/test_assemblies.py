import numpy as np
import pytest

from sasnet_core.errors import StructureError
from sasnet_core.structure import reading
from tests.core.build import chain_lines, residue_lines, write_pdb

REMARK_350 = """\
REMARK 350 BIOMOLECULE: 1
REMARK 350 APPLY THE FOLLOWING TO CHAINS: A
REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000
REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000
REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000
REMARK 350   BIOMT1   2 -1.000000  0.000000  0.000000        0.00000
REMARK 350   BIOMT2   2  0.000000 -1.000000  0.000000        0.00000
REMARK 350   BIOMT3   2  0.000000  0.000000  1.000000       40.00000""".splitlines()


def test_an_assembly_names_its_copies_and_moves_them(tmp_path):
    path = write_pdb(tmp_path / "a.pdb", [*REMARK_350, *chain_lines(start=(5, 0, 0))])
    entry = reading.read(path, assembly="1")
    assert entry.chain_ids() == ["A", "A-2"]
    copy = entry.protein(["A-2"])
    np.testing.assert_allclose(copy.centers[0], [-5, 0, 40], atol=1e-4)
    assert reading.read(path).chain_ids() == ["A"]


def test_copies_in_an_assembly_get_no_segment_that_the_file_does_not_hold(tmp_path):
    path = write_pdb(tmp_path / "a.pdb", [*REMARK_350, *chain_lines(start=(5, 0, 0))])
    assert set(reading.read(path, assembly="1").protein().segment_ids) == {""}


def test_an_assembly_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    path = write_pdb(tmp_path / "a.pdb", [*REMARK_350, *chain_lines()])
    with pytest.raises(StructureError, match="no biological assembly '7'; there are: 1"):
        reading.read(path, assembly="7")
    plain = write_pdb(tmp_path / "b.pdb", chain_lines())
    with pytest.raises(StructureError, match="none in this file"):
        reading.read(plain, assembly="1")


def test_copies_in_an_assembly_are_numbered_whatever_else_a_chain_holds(tmp_path):
    waters = residue_lines("A", 500, (90, 0, 0), residue="HOH", record="HETATM")
    lines = [*REMARK_350, *chain_lines(start=(5, 0, 0)), "TER", *chain_lines("B"), "TER", *waters]
    entry = reading.read(write_pdb(tmp_path / "a.pdb", lines), assembly="1")
    assert entry.chain_ids() == ["A", "A-2"]
    np.testing.assert_allclose(entry.protein(["A-2"]).centers[0], [-5, 0, 40], atol=1e-4)
