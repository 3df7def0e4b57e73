from pathlib import Path

import pytest

from sasnet_core.errors import StructureError
from sasnet_core.structure.recognize import MMCIF, PDB, find_format
from tests.core.build import chain_lines


def ending(line, tail):
    return line[:54] + tail


FOREIGN = {
    "PDBQT": [line[:66] + "    -0.346 N " for line in chain_lines()],
    "PQR": [ending(line, " -0.3000 1.8240") for line in chain_lines()],
    "PQR ": [" ".join([*line[:54].split(), "0.123 1.85"]) for line in chain_lines()],
    "PQR  ": [
        ending(line, f"{charge:6.2f}{1.5:6.2f}")
        for line, charge in zip(chain_lines(), [-0.5, 0.25] * 9, strict=True)
    ],
    "a GROMACS": [
        "A protein", " 2",
        "    1GLY      N    1   4.205  -0.934   1.787",
        "    1GLY     CA    2   4.270  -1.025   1.885",
        "   9.0 9.0 9.0",
    ],
    "a topology": ["PSF CMAP", "", "       1 !NTITLE", " REMARKS x"],
    "a MOL2": ["# made by hand", "@<TRIPOS>MOLECULE", "x", "@<TRIPOS>ATOM", "1 N 1.0 2.0 3.0 N.4"],
    "an MDL": ["", "  x", "", "  1  0  0  0  0  0  0  0  0  0999 V2000", "M  END"],
    "an XYZ": ["1", "comment", "C 0.0 1.0 2.0"],
    "PDBML": ['<?xml version="1.0"?>', "<PDBx:datablock>"],
    "a web page": ["<!DOCTYPE html>", "<html>"],
    "a sequence": [">1abc", "MKVL"],
    "an mmCIF file without atoms": ["data_x", "_refln.index_h 1"],
}  # fmt: skip


@pytest.mark.parametrize("name", list(FOREIGN))
def test_other_formats_are_named_and_refused(name):
    text = "\n".join([*FOREIGN[name], ""]).encode()
    with pytest.raises(StructureError, match=f"neither but {name.strip()}") as caught:
        find_format(Path("x.pdb"), text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("tail", ["  1.00  0.00", "  1.00100.00", "  1.00 -0.50", ""])
def test_pdb_files_without_elements_are_no_other_format(tail):
    text = "\n".join(ending(line, tail) for line in chain_lines()).encode()
    assert find_format(Path("x"), text) == PDB


@pytest.mark.parametrize("tag", ["_atom_site.id", "   _Atom_Site.ID", "\t_ATOM_SITE.ID"])
def test_mmcif_is_known_by_its_tags(tag):
    assert find_format(Path("x"), f"data_x\nloop_\n{tag}\n1\n".encode()) == MMCIF
