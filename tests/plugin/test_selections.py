import pytest

pytest.importorskip("pymol2", reason="PyMOL is not installed", exc_type=ImportError)
from pymol import CmdException

GLYCINE = (("N", "N", -1.2), ("CA", "C", 0.0), ("C", "C", 1.3), ("O", "O", 2.2))


def pdb(*residues):
    """PDB text of glycine-like residues, each (name, chain, number, insertion code)."""
    lines = []
    for row, (name, chain, number, code) in enumerate(residues):
        for atom, element, x in GLYCINE:
            lines.append(
                f"ATOM  {len(lines) + 1:5d}  {atom:<3} {name} {chain}{number:4d}{code:1}   "
                f"{x:8.3f}{3.8 * row:8.3f}{0:8.3f}  1.00 20.00          {element:>2}"
            )
    return "\n".join([*lines, "END", ""])


@pytest.fixture
def antibody(session):
    residues = [("GLY", "A", -3, ""), ("TYR", "A", 52, ""), ("SER", "A", 52, "A")]
    residues += [("TRP", "A", 53, ""), ("GLY", "B", 52, ""), ("GLY", "B", 52, "A")]
    session.read_pdbstr(pdb(*residues), "fab")
    return session


@pytest.fixture
def selections(plugin):
    return plugin.selections


@pytest.fixture
def write(plugin):
    """A function: write the atoms of a partner to a file."""

    def written(partner, path, cmd):
        atoms = plugin.partner_atoms.read_atoms(partner, cmd)
        path.write_text(plugin.partner_atoms.document(partner, atoms))

    return written


@pytest.fixture
def written(selections, write, tmp_path):
    """A function: the rows of the file that a selection becomes, by column."""

    def rows(cmd, selection):
        partner = selections.freeze("left", selection, cmd)
        path = tmp_path / "left.cif"
        write(partner, path, cmd)
        lines = path.read_text().splitlines()
        columns = [line.split(".")[1] for line in lines if line.startswith("_atom_site.")]
        atoms = [line.split() for line in lines if line.startswith(("ATOM", "HETATM"))]
        return [dict(zip(columns, atom, strict=True)) for atom in atoms]

    return rows


def test_residue_identity_survives_the_file(antibody, written):
    rows = written(antibody, "fab and chain A")
    residues = dict.fromkeys(
        (row["auth_asym_id"], row["auth_seq_id"], row["pdbx_PDB_ins_code"], row["label_comp_id"])
        for row in rows
    )
    assert list(residues) == [
        ("A", "-3", "?", "GLY"),
        ("A", "52", "?", "TYR"),
        ("A", "52", "A", "SER"),
        ("A", "53", "?", "TRP"),
    ]


def test_gemmi_reads_the_file_as_pymol_has_it(antibody, selections, write, tmp_path):
    gemmi = pytest.importorskip("gemmi")
    antibody.alter("fab and chain B", "chain = \"Long'B\"; segi = 'S 1'")
    antibody.alter("fab and resi 53", "resn = 'MSE'; type = 'HETATM'")
    partner = selections.freeze("left", "fab", antibody)
    write(partner, tmp_path / "left.cif", antibody)
    structure = gemmi.read_structure(str(tmp_path / "left.cif"))
    assert len(structure) == 1
    read = [(c.name, str(r.seqid), r.name) for c in structure[0] for r in c]
    assert read == [
        ("A", "-3", "GLY"),
        ("A", "52", "TYR"),
        ("A", "52A", "SER"),
        ("A", "53", "MSE"),
        ("Long'B", "52", "GLY"),
        ("Long'B", "52A", "GLY"),
    ]
    assert {r.subchain for r in structure[0]["Long'B"]} == {"S 1"}
    atom = structure[0]["A"][1]["CA"][0]
    assert atom.pos.tolist() == pytest.approx([0.0, 3.8, 0.0])
    assert (atom.element.name, atom.occ, atom.b_iso) == ("C", 1.0, 20.0)


def test_the_core_reads_the_residues_that_pymol_has(enterotoxin, selections, write, tmp_path):
    structure = pytest.importorskip("sasnet_core.structure.reading")
    cmd = enterotoxin
    cmd.remove("not (polymer and chain D+E+F+G+H)")
    cmd.alter("chain D and resi 1-5", "resi = '-' + resi")
    cmd.alter("chain D and resi 53", "resi = '52A'")
    cmd.alter("chain D and resi 60+103", "resn = 'MSE'; type = 'HETATM'")
    cmd.alter("chain E", "chain = 'Long E'")
    cmd.alter("chain F", "chain = ''")
    cmd.alter("chain G+H", "segi = chain; chain = 'd'")
    cmd.sort()
    partner = selections.freeze("left", "tox", cmd)
    write(partner, tmp_path / "left.cif", cmd)
    protein = structure.read(tmp_path / "left.cif").protein()
    read = set(zip(protein.chain_ids.tolist(), protein.residue_ids.tolist(), strict=True))
    assert read == partner.keys_in_file().keys()
    assert len(protein.chain_ids) == cmd.count_atoms("name CA")


def test_waters_and_ligands_stay_out(enterotoxin, written):
    rows = written(enterotoxin, "tox")
    assert len(rows) == enterotoxin.count_atoms("polymer") < enterotoxin.count_atoms()


def test_current_state_is_written_as_one_model(antibody, written):
    antibody.create("moving", "fab and chain A", 1, 1)
    antibody.create("moving", "fab and chain A", 1, 2)
    antibody.alter_state(2, "moving", "x = x + 100")
    antibody.create("still", "fab and chain B")
    antibody.set("state", 2)
    rows = written(antibody, "moving or still")
    by_chain = {chain: [r for r in rows if r["auth_asym_id"] == chain] for chain in "AB"}
    assert min(float(row["Cartn_x"]) for row in by_chain["A"]) > 90
    assert max(float(row["Cartn_x"]) for row in by_chain["B"]) < 10
    assert {row["pdbx_PDB_model_num"] for row in rows} == {"1"}


def test_state_without_coordinates_is_an_error(antibody, selections, write, tmp_path):
    antibody.create("moving", "fab", 1, 1)
    antibody.create("moving", "fab", 1, 2)
    antibody.set("state", 5)
    partner = selections.freeze("left", "moving", antibody)
    with pytest.raises(CmdException, match="'moving' has no coordinates"):
        write(partner, tmp_path / "left.cif", antibody)


def test_chains_without_a_name_or_of_two_segments_get_names_of_their_own(antibody, selections):
    antibody.alter("fab and chain A", "segi = 'P1'; chain = ''")
    antibody.alter("fab and chain B", "segi = 'P2'; chain = ''")
    antibody.alter("fab and resi -3", "segi = ''")
    partner = selections.freeze("left", "fab", antibody)
    assert partner.file_chains == {("", ""): "A", ("P1", ""): "P1", ("P2", ""): "P2"}
    antibody.alter("fab", "chain = 'X'")
    partner = selections.freeze("right", "fab", antibody)
    assert partner.file_chains == {("", "X"): "X", ("P1", "X"): "X-2", ("P2", "X"): "X-3"}
    assert len(partner.keys_in_file()) == len(partner.residues) == 6


def test_overlap_names_the_count(enterotoxin, selections):
    left = selections.freeze("left", "chain D", enterotoxin)
    right = selections.freeze("right", "chain E or chain D and resi 5-9", enterotoxin)
    with pytest.raises(CmdException, match="5 residues are in both"):
        selections.require_apart(left, right)


def test_equal_chains_of_two_objects_do_not_overlap(enterotoxin, selections):
    enterotoxin.create("copy", "tox")
    left = selections.freeze("left", "tox and chain D", enterotoxin)
    right = selections.freeze("right", "copy and chain D", enterotoxin)
    selections.require_apart(left, right)


def test_one_partner_with_equal_chains_of_two_objects_is_refused(enterotoxin, selections):
    enterotoxin.create("copy", "tox")
    with pytest.raises(CmdException, match="chain 'D' is in 'tox' and in 'copy'"):
        selections.freeze("left", "chain D", enterotoxin)
    assert enterotoxin.get_names("all") == ["tox", "copy"]


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ("chain Q", "no protein atoms"),
        ("resn HOH", "no protein atoms"),
        ("", "cannot understand"),
        ("foo bar", "cannot understand"),
    ],
)
def test_bad_selections_leave_nothing_behind(enterotoxin, selections, selection, message):
    with pytest.raises(CmdException, match=f"^ Error: left partner: {message}") as caught:
        selections.freeze("left", selection, enterotoxin)
    assert "\n" not in str(caught.value)
    assert enterotoxin.get_names("all") == ["tox"]


def test_mark_tells_insertion_codes_and_chains_apart(antibody, selections):
    antibody.alter("fab and chain B", "chain = 'a'")  # PyMOL's selections ignore the case
    partner = selections.freeze("left", "fab", antibody)
    selections.mark("spot", partner, {("", "a", "52A"), ("", "A", "-3")}, antibody)
    found = set()
    antibody.iterate("spot", "found.add((chain, resi))", space={"found": found})
    assert found == {("a", "52A"), ("A", "-3")}
    assert antibody.count_atoms("spot") == 2 * len(GLYCINE)


def test_mark_leaves_the_enabled_selection_enabled(enterotoxin, selections):
    enterotoxin.select("mine", "chain F")
    partner = selections.freeze("left", "chain D", enterotoxin)
    selections.mark("spot", partner, {("", "D", "5")}, enterotoxin)
    assert enterotoxin.get_names("public_selections", 1) == ["mine"]


def test_choices_are_chains_objects_and_selections(enterotoxin, selections):
    enterotoxin.alter("chain H", "chain = 'h h'")
    enterotoxin.create("one", "tox and chain D")
    enterotoxin.pseudoatom("dot")
    enterotoxin.select("mine", "chain E")
    choices = selections.choices(enterotoxin)
    assert choices[0] == "tox and chain A"
    assert choices[-3:] == ["tox", "one", "mine"]
    assert 'tox and chain "h h"' in choices
    assert not any(choice.startswith(("dot", "one and")) for choice in choices)
    assert all(selections.freeze("left", choice, enterotoxin).residues for choice in choices)


def test_parts_of_residues_are_refused(antibody, selections):
    with pytest.raises(CmdException, match="5 residues are only partly in selection 'name CA or"):
        selections.freeze("left", "name CA or resi 53", antibody)
    antibody.alter("fab and resi 53 and name O", "alt = 'A'")
    antibody.remove("fab and resi 52A and name O")  # not there: nothing to miss
    partner = selections.freeze("left", "fab and chain A and not alt A", antibody)
    assert len(partner.residues) == 4


def test_parts_of_chains_are_named(antibody, selections):
    whole = selections.freeze("left", "fab and chain A", antibody)
    assert selections.cut_chains(whole, antibody) == ""
    part = selections.freeze("right", "fab and (resi 52 or chain B)", antibody)
    assert selections.cut_chains(part, antibody).startswith(
        "right partner has only 1 of 4 residues of chain A: where a chain is cut"
    )
