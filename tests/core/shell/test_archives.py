import pytest

from sasnet_core.shell.archives import ALPHAFOLD, PDB, parse_name


@pytest.mark.parametrize(
    ("name", "archive", "entry_id"),
    [
        ("1brs", PDB, "1brs"),
        ("1BRS", PDB, "1brs"),
        ("pdb_00001BRS", PDB, "1brs"),
        ("pdb_1234abcd", PDB, "pdb_1234abcd"),
        ("P00648", ALPHAFOLD, "AF-P00648-F1"),
        ("af-p00648-f1", ALPHAFOLD, "AF-P00648-F1"),
        ("AF-P00648-F2-model_v4", ALPHAFOLD, "AF-P00648-F2"),
        ("A0A024R1R8", ALPHAFOLD, "AF-A0A024R1R8-F1"),
        ("P00648-2", ALPHAFOLD, "AF-P00648-2-F1"),
    ],
)
def test_ids_are_known_in_their_spellings(name, archive, entry_id):
    found = parse_name(name)
    assert (found.archive, found.id) == (archive, entry_id)


@pytest.mark.parametrize("name", ["complex", "1brs.pdb", "abcd", "12345", "P0064", "x/1brs", ""])
def test_other_names_are_those_of_files(name):
    assert parse_name(name) is None


def test_the_folder_of_the_divided_layout_is_that_of_the_pdb():
    assert parse_name("1ABC").parts["middle"] == "ab"
    assert parse_name("pdb_1234abcd").parts["middle"] == "bc"
