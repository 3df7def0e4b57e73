import itertools
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sasnet_core.errors import StructureError
from sasnet_core.structure import reading
from tests.core.build import atom_line, chain_lines, residue_lines, write_cif, write_pdb


def without_chains(lines):
    return [line[:21] + " " + line[22:] for line in lines]


def with_segment(line, segment):
    return line[:72] + f"{segment:<4}" + line[76:]


def copies(count=2, length=4, chain="A", **columns):
    """Write copies of a chain, all under one name."""
    return [chain_lines(chain, length, start=(0, 9 * k, 0), **columns) for k in range(count)]


def cif_of(path, lines, chains, labels=None):
    """Write records as an mmCIF table without any reordering."""
    tags = ["group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id",
            "label_asym_id", "auth_seq_id", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy",
            "B_iso_or_equiv", "auth_asym_id"]  # fmt: skip
    rows = []
    for row, (line, chain) in enumerate(zip(lines, chains, strict=True)):
        label = labels[row] if labels else chain
        alt = line[16].strip() or "."
        rows.append(
            f"ATOM {row + 1} {line[76:78].strip()} {line[12:16].strip()} {alt} {line[17:20]} "
            f"{label} {line[22:26].strip()} {line[30:38]} {line[38:46]} {line[46:54]} "
            f"{line[54:60]} 0.0 {chain}"
        )
    head = ["data_x", "loop_", *(f"_atom_site.{tag}" for tag in tags)]
    path.write_text("\n".join([*head, *rows, ""]))
    return path


def sizes(entry):
    return {name: len(entry.protein([name]).coords) for name in entry.chain_ids()}


@pytest.mark.parametrize("ter", [["TER"], []])
@pytest.mark.parametrize("count", [2, 3, 7])
@pytest.mark.parametrize("blank", [True, False])
def test_copies_under_one_name_in_pdb_files_get_names(tmp_path, ter, count, blank):
    lines = [line for copy in copies(count) for line in [*copy, *ter]]
    lines = without_chains(lines) if blank else lines
    entry = reading.read(write_pdb(tmp_path / "a.pdb", lines))
    name = "_" if blank else "A"
    expected = ["" if blank else "A", *(f"{name}-{k}" for k in range(2, count + 1))]
    assert entry.chain_ids() == expected
    for k, chain in enumerate(expected):
        assert entry.protein([chain]).centers[:, 1].tolist() == [9 * k] * 4


@pytest.mark.parametrize("labels", [None, "AABB"])
def test_copies_under_one_name_in_mmcif_files_get_names(tmp_path, labels):
    lines = sum(copies(2), [])
    subchains = [label for label in labels for _ in range(12)] if labels else None
    path = cif_of(tmp_path / "a.cif", lines, ["A"] * len(lines), subchains)
    entry = reading.read(path)
    assert sizes(entry) == {"A": 24, "A-2": 24}
    assert entry.protein(["A-2"]).centers[:, 1].tolist() == [9] * 4


@pytest.mark.parametrize(("one", "other"), [((1, 20), (1, 7)), ((1, 7), (1, 20)), ((5, 9), (1, 9))])
def test_different_proteins_under_one_name_stay_apart(tmp_path, one, other):
    lines = [
        *chain_lines("A", one[1], one[0], residue="ALA"),
        *chain_lines("A", other[1], other[0], (0, 9, 0), residue="TRP"),
    ]
    pdb = write_pdb(tmp_path / "a.pdb", lines)
    cif = cif_of(tmp_path / "a.cif", lines, ["A"] * len(lines))
    for path in (pdb, cif):
        entry = reading.read(path)
        assert [entry.protein([c]).n_residues for c in ("A", "A-2")] == [one[1], other[1]]
        assert set(entry.protein(["A"]).residue_names) == {"ALA"}


def test_a_name_that_is_taken_is_not_given(tmp_path):
    lines = [*sum(copies(2), []), *chain_lines("B", 2, start=(0, 40, 0))]
    path = cif_of(tmp_path / "a.cif", lines, ["A"] * 48 + ["A-2"] * 12)
    assert reading.read(path).chain_ids() == ["A", "A-3", "A-2"]


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_residue_is_whole_whatever_its_segments_are(tmp_path, data):
    lines = chain_lines("D", 5)
    expected = reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein()
    segments = st.sampled_from(["", "PROD", "SIDE", "X"])
    changed = [with_segment(line, data.draw(segments)) for line in lines]
    protein = reading.read(write_pdb(tmp_path / "b.pdb", changed)).protein()
    assert protein.content_hash == expected.content_hash
    assert protein.skipped == ()


@given(order=st.permutations(range(6)), apart=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_conformers_are_one_residue_wherever_they_stand(tmp_path, order, apart):
    residues = [residue_lines("A", k, (3.8 * k, 0, 0)) for k in range(1, 7)]
    residues[2] = [line[:16] + "A" + line[17:54] + "  0.40" + line[60:] for line in residues[2]]
    other = residue_lines("A", 3, (11.4, 0, 0), "ALA", altloc="B", occupancy=0.6)[:5]
    blocks = [*residues[:3], other, *residues[3:]]
    expected = reading.read(write_pdb(tmp_path / "a.pdb", sum(blocks, []))).protein()
    blocks = [*residues, other] if apart else [*residues[:4], other, *residues[4:]]
    lines = sum(blocks, [])
    pdb = write_pdb(tmp_path / "b.pdb", lines)
    cif = cif_of(tmp_path / "b.cif", lines, ["A"] * len(lines))
    for path in (pdb, cif):
        protein = reading.read(path).protein()
        assert protein.content_hash == expected.content_hash
        assert protein.residue_names[2] == "ALA"
        assert protein.skipped == expected.skipped


def test_anisotropic_records_and_models_follow_their_atoms(tmp_path):
    model = []
    for line in sum(copies(2), []):
        model += [line, "ANISOU" + line[6:28] + "   1000" * 6]
    lines = ["MODEL        1", *model, "TER", "ENDMDL", "MODEL        2", *model, "TER", "ENDMDL"]
    path = write_pdb(tmp_path / "a.pdb", lines)
    for number in (1, 2):
        entry = reading.read(path, model=number)
        assert sizes(entry) == {"A": 24, "A-2": 24}
        assert all(atom.aniso.u11 > 0 for r in entry.gemmi_model["A-2"] for atom in r)


def test_waters_of_one_number_are_no_copies(tmp_path):
    waters = [atom_line("O", "HOH", "A", 1, (k, 50, 0), record="HETATM") for k in range(5)]
    entry = reading.read(write_pdb(tmp_path / "a.pdb", [*chain_lines("A", 3), *waters]))
    assert entry.chain_ids() == ["A"]
    assert entry.protein().warnings == ()


def test_segments_name_chains_that_have_no_name(tmp_path):
    lines = [
        with_segment(line, segment)
        for segment, copy in zip(("PROD", "PROE"), copies(2), strict=True)
        for line in without_chains(copy)
    ]
    assert sizes(reading.read(write_pdb(tmp_path / "a.pdb", lines))) == {"PROD": 24, "PROE": 24}


def test_the_time_grows_with_the_number_of_alternative_residues(tmp_path):
    names = itertools.cycle(["SER", "THR"])
    lines = [
        atom_line("CA", next(names), altloc=letter, occupancy=0.5, number=k % 9000,
                  chain="ABC"[k // 9000], xyz=(k % 100, k // 100 % 100, 1 + k // 10000))
        for k in range(20000)
        for letter in "AB"
    ]  # fmt: skip
    entry = reading.read(write_pdb(tmp_path / "a.pdb", lines))
    before = time.process_time()
    assert entry.protein().n_residues == 20000
    assert time.process_time() - before < 5  # all atoms for each residue: a minute


def test_atoms_that_repeat_a_name_give_a_warning(tmp_path):
    lines = [*chain_lines("A", 10), *residue_lines("A", 10, (9, 9, 9))]
    protein = reading.read(write_pdb(tmp_path / "a.pdb", lines)).protein()
    assert any("6 heavy atoms repeat the name" in warning for warning in protein.warnings)


@pytest.mark.parametrize("write", [write_pdb, write_cif])
def test_copies_that_lie_in_one_another_are_refused(tmp_path, write):
    """PyMOL sorts atoms so when copies of a chain have one name."""
    one, two = copies()
    lines = [line for pair in zip(one, two, strict=True) for line in pair]
    path = write(tmp_path / "a.file", lines)
    with pytest.raises(StructureError, match="24 of 48 heavy atoms repeat the name"):
        reading.read(path).protein()


def test_two_proteins_under_one_name_stay_two(tmp_path):
    """They differ in length and sequence, and some residues have one number and name."""
    one = chain_lines("A", 9)
    two = [*chain_lines("A", 3, 1, (0, 9, 0), residue="GLY"), *chain_lines("A", 4, 4, (11, 9, 0))]
    for ter in ([], ["TER"]):
        entry = reading.read(write_pdb(tmp_path / "a.pdb", [*one, *ter, *two, *ter]))
        assert sizes(entry) == {"A": 54, "A-2": 42}
        left, right = entry.protein(["A"]), entry.protein(["A-2"])
        assert (left.sequence, right.sequence) == ("C" * 9, "GGGCCCC")


def test_names_of_chains_in_order_are_left(tmp_path):
    lines = [*chain_lines("B", 2), *chain_lines("A", 2, start=(0, 9, 0))]
    for path in (write_pdb(tmp_path / "a.pdb", lines), write_cif(tmp_path / "a.cif", lines)):
        assert reading.read(path).chain_ids() == ["B", "A"]
