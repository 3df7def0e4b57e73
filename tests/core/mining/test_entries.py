import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.errors import StructureError
from sasnet_core.mining.entries import complex_name, entry_id, find_entries, structure_files


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return folder


def test_structure_files_are_found_whatever_their_ending(tmp_path):
    names = ["a.pdb", "b.ent.gz", "c.cif", "d.mmcif.gz", "pdb1abc.ent", "f.pdb1.gz", "E.PDB.GZ"]
    touch(tmp_path / "ab" / "cd", *names, "readme.txt", "table.csv", "pdb", "x.pdb.tmp")
    (tmp_path / "folder.pdb").mkdir()
    assert sorted(path.name for path in structure_files(tmp_path)) == sorted(names)


def test_a_folder_without_structures_is_refused(tmp_path):
    with pytest.raises(StructureError, match="this one has none"):
        find_entries([touch(tmp_path, "readme.txt")])


@pytest.mark.parametrize(
    ("stem", "entry"),
    [
        ("1abc", "1abc"),
        ("pdb1abc", "1abc"),
        ("PDB1ABC", "1abc"),
        ("1ABC", "1abc"),
        ("pdb_00001abc", "1abc"),
        ("PDB_00001ABC", "1abc"),
        ("pdb_1000abcd", "pdb_1000abcd"),
        ("pdb_0000abcd", "pdb_0000abcd"),
        ("pdb_00001abc_xyz_v1-2", "1abc"),
        ("pdb_00001abc_xyz-enrich", "1abc"),
        ("1abc_updated", "1abc"),
        ("1abc_bio2", "1abc"),
        ("Model_7_updated", "Model_7_updated"),
        ("model_bio1", "model_bio1"),
        ("1abc_mutant", "1abc_mutant"),
        ("Model_7", "Model_7"),
        ("pdbmodel", "pdbmodel"),
    ],
)
def test_an_entry_is_known_by_its_pdb_id_or_else_by_its_file(stem, entry):
    assert entry_id(stem) == entry


def test_files_of_one_entry_come_together_in_the_order_of_their_use(tmp_path):
    names = ["ab/pdb1abc.ent.gz", "1abc.pdb2.gz", "1abc-assembly1.cif.gz", "1abc.pdb1.gz",
             "1ABC.cif", "2xyz.pdb"]  # fmt: skip
    first, second = find_entries([touch(tmp_path, *names)])
    assert (first.id, second.id) == ("1abc", "2xyz")
    assert [(file.assembly, file.path) for file in first.files] == [
        (0, "1ABC.cif"),
        (0, "ab/pdb1abc.ent.gz"),
        (1, "1abc-assembly1.cif.gz"),
        (1, "1abc.pdb1.gz"),
        (2, "1abc.pdb2.gz"),
    ]


def test_the_assemblies_of_all_archives_are_one_entry_each_with_its_number(tmp_path):
    names = ["1abc-assembly1.cif.gz", "1abc-assembly-2.cif.gz", "1abc.pdb3.gz", "1ABC_bio4.pdb",
             "pdb_00001abc-assembly5.cif.gz", "pdb_00001abc_xyz.cif.gz"]  # fmt: skip
    (entry,) = find_entries([touch(tmp_path, *names)])
    assert entry.id == "1abc"
    assert [(file.assembly, file.path) for file in entry.files] == [
        (0, names[5]),
        *((number, name) for number, name in enumerate(names[:5], 1)),
    ]


def test_the_newest_version_is_used_first_after_the_current_one(tmp_path):
    versions = [f"pdb_00001abc_xyz_v{number}.cif.gz" for number in ("1-9", "1-10", "2-0")]
    (entry,) = find_entries([touch(tmp_path, *versions, "pdb_00001abc.cif.gz")])
    assert [file.path for file in entry.files] == ["pdb_00001abc.cif.gz", *versions[::-1]]


def test_folders_behind_links_are_entered_once(tmp_path):
    touch(tmp_path / "elsewhere", "2xyz.pdb")
    touch(tmp_path / "tree" / "real", "1abc.pdb")
    for name, target in (("a", "real"), ("b", "../elsewhere"), ("c", "../elsewhere"), ("d", ".")):
        (tmp_path / "tree" / name).symlink_to(target, target_is_directory=True)
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "tree", target_is_directory=True)
    (tmp_path / "tree" / "gone").symlink_to("nowhere")
    found = find_entries([tmp_path / "tree"])
    assert [file.path for entry in found for file in entry.files] == ["real/1abc.pdb", "b/2xyz.pdb"]


def test_an_entry_in_several_folders_is_one_entry(tmp_path):
    one = touch(tmp_path / "one", "1abc.pdb", "2xyz.pdb")
    two = touch(tmp_path / "two", "sub/1abc.cif", "3def.pdb")
    found = find_entries([two, one, two / "sub"])
    assert [entry.id for entry in found] == ["1abc", "2xyz", "3def"]
    assert [file.path for file in found[0].files] == ["two/sub/1abc.cif", "one/1abc.pdb"]


def test_each_of_several_folders_must_hold_structures(tmp_path):
    one = touch(tmp_path / "one", "1abc.pdb")
    with pytest.raises(StructureError, match="empty: a folder with PDB"):
        find_entries([one, touch(tmp_path / "empty", "readme.txt")])


def test_names_of_complexes_are_plain_where_chains_are():
    assert complex_name("1abc", "", "A", "B") == "1abc_A_B"
    assert complex_name("1abc", "1", "AA", "A-2") == "1abc_AA_A-2"
    assert complex_name("1abc", "2", "a", "") == "1abc.2_+a_"
    assert complex_name("1abc", "1", "../x", "Ä") == "1abc_%2E%2E%2F+x_%C3%84"


names = st.text(st.sampled_from("aAbB12-_+%./ \u00e4\u00c4\udc80"), max_size=4)


@given(names, names, names, names, names, names)
def test_no_two_complexes_share_a_name_even_where_case_does_not_count(a, b, c, d, e, f):
    one, other = complex_name("1abc", a, b, c), complex_name("1abc", d, e, f)
    first = ("1", "").count(a) and ("1", "").count(d)
    same = (b, c) == (e, f) and (a == d or first)
    assert (one.casefold() == other.casefold()) == bool(same)
    assert "/" not in one
    one.encode()
