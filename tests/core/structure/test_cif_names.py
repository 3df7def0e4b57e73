import warnings

import gemmi
import pytest

from sasnet_core.structure import reading
from sasnet_core.structure.cif_names import needs_quotes
from sasnet_core.structure.writing import write_mmcif
from tests.core.build import atom_line, chain_lines, write_cif, write_pdb

pdbx = pytest.importorskip("biotite.structure.io.pdbx")

NAMES = ["_x", "$x", '"x', "'x", ";x", "x y", "é", "loop_", "data_x", "STOP_", "?", ".", "[x", "#x",
         "x'y", "x\"y z' w", "A,B", "日本", "A-2", ""]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["chain", "residue"])
def test_any_name_is_written_so_that_others_read_it(tmp_path, name, kind):
    entry = reading.read(write_pdb(tmp_path / "a.pdb", chain_lines("A", 3)))
    chain = entry.gemmi_model[0]
    if kind == "chain":
        chain.name = name
    else:
        chain[1].name = name or "GLY"
        chain[1].het_flag = "A"
    protein = entry.protein()
    write_mmcif(entry, entry.chain_ids(), {}, tmp_path / "out.cif")
    again = reading.read(tmp_path / "out.cif").protein()
    assert again.chain_ids.tolist() == protein.chain_ids.tolist()
    assert again.residue_ids.tolist() == protein.residue_ids.tolist()
    assert again.residue_names.tolist() == protein.residue_names.tolist()
    found = gemmi.read_structure(str(tmp_path / "out.cif"))[0][0]
    assert (found.name, found[1].name) == (chain.name, chain[1].name)
    with warnings.catch_warnings(action="ignore"):  # auth_comp_id is missing
        file = pdbx.CIFFile.read(str(tmp_path / "out.cif"))
        atoms = pdbx.get_structure(file, model=1)
    assert set(atoms.res_name) == {residue.name for residue in found}
    assert name in ("", "?", ".") or set(atoms.chain_id) == {found.name}


@pytest.mark.parametrize("code", list("?.'\"$_;#[A"))
def test_any_insertion_code_and_location_comes_back(tmp_path, code):
    lines = [
        *chain_lines("A", 2),
        atom_line("CA", number=2, icode=code, altloc=code, xyz=(9, 9, 9)),
    ]
    entry = reading.read(write_pdb(tmp_path / "a.pdb", lines))
    assert entry.protein().residue_ids.tolist() == ["1", "2", f"2{code}"]
    write_mmcif(entry, ["A"], {}, tmp_path / "out.cif")
    again = reading.read(tmp_path / "out.cif")
    assert again.protein().residue_ids.tolist() == ["1", "2", f"2{code}"]
    assert again.gemmi_model[0][2][0].altloc == code


def test_usual_names_are_written_without_quotes(tmp_path):
    entry = reading.read(write_cif(tmp_path / "a.cif", chain_lines("A", 2), {"A": "A-2"}))
    write_mmcif(entry, ["A-2"], {}, tmp_path / "out.cif")
    assert "'" not in (tmp_path / "out.cif").read_text().split("_atom_site.id")[1]
    assert not needs_quotes("A-2")
