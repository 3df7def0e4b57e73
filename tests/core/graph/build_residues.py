"""Residues of one atom."""

from tests.core.build import RawAtom, RawResidue


def one_atom(position, number, name="ALA"):
    return RawResidue("A", str(number), "A", name, (RawAtom("CA", "C", "", 1.0, position),))
