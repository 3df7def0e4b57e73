from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.errors import StructureError
from sasnet_core.structure.protein import MOST_REPEATS, select_chains
from tests.core.build import RawAtom, RawResidue, build_protein, random_protein


def atom(name, element, position=(0.0, 0.0, 0.0), altloc="", occupancy=1.0):
    return RawAtom(name, element, altloc, occupancy, position)


def residue(*atoms, chain="A", number="1", name="GLY", segment=""):
    return RawResidue(chain, number, segment, name, atoms)


def test_hydrogens_and_deuterium_are_dropped():
    protein = build_protein("p", [residue(atom("CA", "C"), atom("HA", "H"), atom("D1", "D"))])
    assert len(protein.coords) == 1


def test_the_altloc_of_highest_occupancy_stays():
    protein = build_protein(
        "p",
        [residue(atom("CA", "C", (1, 0, 0), "A", 0.4), atom("CA", "C", (2, 0, 0), "B", 0.6))],
    )
    assert protein.centers.tolist() == [[2, 0, 0]]
    assert len(protein.coords) == 1


def test_of_equal_altlocs_the_first_stays():
    protein = build_protein(
        "p",
        [residue(atom("CA", "C", (1, 0, 0), "B", 0.5), atom("CA", "C", (2, 0, 0), "A", 0.5))],
    )
    assert protein.centers.tolist() == [[1, 0, 0]]


def test_the_selenium_of_mse_takes_the_sulphur_channel():
    protein = build_protein("p", [residue(atom("CA", "C"), atom("SE", "Se"), name="MSE")])
    assert protein.elements.tolist() == [0, 3]
    assert protein.sequence == "M"


def test_a_residue_without_ca_fills_grids_but_is_no_centre():
    protein = build_protein(
        "p", [residue(atom("N", "N"), number="1"), residue(atom("CA", "C"), number="2")]
    )
    assert protein.n_residues == 1
    assert protein.atom_residues.tolist() == [-1, 0]
    assert protein.skipped == (("A", "1", "GLY", "no CA atom"),)


def test_a_calcium_ion_is_no_ca():
    with pytest.raises(StructureError, match="at least one protein residue"):
        build_protein("p", [residue(atom("CA", "Ca"))])


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_coordinates_must_be_finite_and_small(value):
    with pytest.raises(StructureError, match="coordinates must be finite"):
        build_protein("p", [residue(atom("CA", "C", (value, 0, 0)))])


def test_missing_side_chains_give_a_warning():
    bare = build_protein("p", [residue(atom("CA", "C"), name="TRP")])
    assert "1 of 14 expected heavy atoms" in bare.warnings[0]


@pytest.mark.parametrize(("missing", "warned"), [(2, False), (3, True)])
def test_the_warning_comes_below_80_percent_of_the_heavy_atoms(missing, warned):
    atoms = [atom("CA", "C"), *(atom(f"C{k}", "C") for k in range(13 - missing))]  # of 14
    assert bool(build_protein("p", [residue(*atoms, name="TRP")]).warnings) == warned


def test_a_chain_breaks_at_gaps_and_where_another_begins():
    places = [("A", 0.0), ("A", 3.8), ("A", 8.3), ("A", 12.9), ("B", 16.7)]
    residues = [
        residue(atom("CA", "C", (x, 0, 0)), chain=chain, number=str(k))
        for k, (chain, x) in enumerate(places)
    ]
    assert build_protein("p", residues).chain_breaks().tolist() == [False, False, True, True]


def test_a_complete_residue_gives_no_warning():
    atoms = [atom(name, name[0]) for name in ("N", "CA", "C", "O")]
    assert build_protein("p", [residue(*atoms)]).warnings == ()


def test_repeated_residue_names_are_reported():
    protein = build_protein("p", [residue(atom("CA", "C")), residue(atom("CA", "C"))])
    assert any("1 residues repeat a chain and number" in w for w in protein.warnings)


def test_array_types_are_those_of_the_design():
    protein = build_protein("p", [residue(atom("CA", "C"))])
    types = {name: array.dtype for name, array in protein.array_fields().items()}
    assert types["coords"] == types["centers"] == np.float32
    assert types["elements"] == np.int8
    assert types["atom_residues"] == np.int32


def test_select_chains_keeps_atoms_with_their_residues():
    protein = build_protein(
        "p",
        [
            residue(atom("CA", "C", (1, 0, 0)), chain="A"),
            residue(atom("CA", "C", (2, 0, 0)), atom("N", "N", (3, 0, 0)), chain="a"),
            residue(atom("CA", "C", (4, 0, 0)), chain="B"),
        ],
    )
    part = select_chains(protein, ["a", "B"], "part")
    assert part.chain_ids.tolist() == ["a", "B"]
    assert part.atom_residues.tolist() == [0, 0, 1]
    assert part.coords[:, 0].tolist() == [2, 3, 4]


@given(data=st.data())
def test_atoms_are_chosen_as_one_by_one(data):
    locations = st.tuples(st.sampled_from(["CA", "N", "CB"]), st.sampled_from(["", "A", "B"]),
                          st.sampled_from([0.3, 0.5, 0.7]))  # fmt: skip
    residues, expected, plain = [], [], []
    for number in range(data.draw(st.integers(1, 5))):
        found = data.draw(st.lists(locations, max_size=7))
        atoms = [
            atom(name, name[0], (number, k, 0), altloc, occupancy)
            for k, (name, altloc, occupancy) in enumerate([("CA", "", 0.5), *found])
        ]
        residues.append(residue(*atoms, number=str(number)))
        plain += [(number, one.name) for one in atoms if not one.altloc]
        best = {}
        for one in atoms:
            if one.name not in best or one.occupancy > best[one.name].occupancy:
                best[one.name] = one
        expected += [one.position for one in best.values()]
    if len(plain) - len(set(plain)) > MOST_REPEATS * len(plain):
        with pytest.raises(StructureError, match="repeat the name of another"):
            build_protein("p", residues)
        return
    protein = build_protein("p", residues)
    assert list(map(tuple, protein.coords.tolist())) == expected


def test_of_alternative_amino_acids_the_one_with_most_occupancy_stays():
    versions = [
        residue(atom("CA", "C", (k, 0, 0), altloc, share), name=name)
        for k, (altloc, share, name) in enumerate([("A", 0.3, "SER"), ("B", 0.5, "THR"),
                                                   ("C", 0.2, "ALA")])
    ]  # fmt: skip
    protein = build_protein("p", [*versions, residue(atom("CA", "C"), number="2")])
    assert protein.residue_names.tolist() == ["THR", "GLY"]
    assert protein.skipped == (
        ("A", "1", "SER", "alternative to THR"),
        ("A", "1", "ALA", "alternative to THR"),
    )


@pytest.mark.parametrize("name", ["coords", "elements", "atom_residues", "centers"])
def test_the_content_hash_knows_every_array_that_a_network_reads(name):
    protein = random_protein(1)
    changed = getattr(protein, name).copy()
    changed[-1] += 1
    assert replace(protein, **{name: changed}).content_hash != protein.content_hash
    assert replace(protein, name="another").content_hash == protein.content_hash


def test_the_pose_key_knows_the_atoms_but_not_their_order():
    protein = random_protein(1)
    order = np.random.default_rng(0).permutation(len(protein.coords))
    arrays = {name: getattr(protein, name)[order] for name in ("coords", "elements")}
    shuffled = replace(protein, atom_residues=protein.atom_residues[order], **arrays)
    assert shuffled.pose_key == protein.pose_key
    assert replace(protein, coords=arrays["coords"]).pose_key != protein.pose_key
    assert replace(protein, coords=protein.coords + 1).pose_key != protein.pose_key
