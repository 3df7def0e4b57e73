import re

import pytest

from sasnet_core.errors import StructureError
from sasnet_core.structure import reading
from tests.core.build import chain_lines, write_cif


@pytest.fixture
def text(tmp_path):
    return write_cif(tmp_path / "good.cif", chain_lines("A", 3)).read_text()


def read(tmp_path, text):
    path = tmp_path / "odd.cif"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return reading.read(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: re.sub(r"(?m)^(?=[^#\n])", "  ", t),
        lambda t: re.sub(r"(?m)^_\S+", lambda tag: tag[0].upper(), t),
        lambda t: t + "\ndata_comp_LIG\nloop_\n_chem_comp_atom.atom_id\n_chem_comp_atom.x\nC1 1\n",
        lambda t: "data_comp_LIG\n_chem_comp.id LIG\n" + t,
        lambda t: t.replace("_atom_site.type_symbol", "_atom_site.other"),
        lambda t: re.sub(r"(?m)^(ATOM \d+) \S+", r"\1 ?", t),
        lambda t: t.replace("\n_cell", "\n_exptl.method 'X-RAY \xc5'\n_cell", 1).encode("latin-1"),
    ],
    ids=["indented", "upper case", "block after", "block before", "no elements", "? elements",
         "Latin-1"],
)  # fmt: skip
def test_unusual_files_are_read_as_usual_ones(tmp_path, text, change):
    expected = read(tmp_path, text).protein()
    protein = read(tmp_path, change(text)).protein()
    assert protein.content_hash == expected.content_hash
    assert protein.residue_keys() == expected.residue_keys()


def test_several_blocks_with_atoms_are_refused(tmp_path, text):
    other = text.replace("data_", "data_other_", 1)
    with pytest.raises(StructureError, match="one data block with atoms .* found .*, other_"):
        read(tmp_path, text + other)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_names_beyond_ascii_without_quotes_are_read(tmp_path, text, encoding):
    odd = re.sub(r"(?m)^(ATOM .*) A 1$", "\\1 \xc5 1", text)
    assert read(tmp_path, odd.encode(encoding)).chain_ids() == ["\xc5"]


@pytest.mark.parametrize("column", ["label_atom_id", "label_comp_id", "auth_seq_id"])
def test_a_missing_column_is_named(tmp_path, text, column):
    with pytest.raises(StructureError) as caught:
        read(tmp_path, text.replace(f"_atom_site.{column}", "_atom_site.other")).protein()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", ["nan", "1e300", "-1e300", "?", "."])
def test_b_factors_and_occupancies_may_be_anything(tmp_path, text, number):
    odd = re.sub(r"(?m)^(ATOM .*) 1 0 (\? \d+ A 1)$", rf"\1 {number} {number} \2", text)
    entry = read(tmp_path, odd)
    assert entry.protein().n_residues == 3
    values = sum(entry.old_bfactors(["A"]).values(), [])
    assert number not in ("nan", "1e300", "-1e300") or set(values) == {None}
