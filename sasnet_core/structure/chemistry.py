"""Elements, channels and residue names, and the rules on them."""

from types import MappingProxyType

#: Channels of a voxel grid, in order (paper, section 3: C, O, N and S).
CHANNELS = ("C", "O", "N", "S")

#: Row of an atom that is heavy but belongs to no channel (a metal, phosphorus, an unknown element).
NO_CHANNEL = -1

_HYDROGENS = frozenset({"H", "D", "T"})
#: Atoms that modified amino acids have too.
_BACKBONE = frozenset({"N", "CA", "C", "O", "CB"})
_AMINO_ACID_ELEMENTS = frozenset("CNOSHD")
#: Selenium replaces sulphur in MSE and SEC, so it counts in the channel of sulphur.
_CHANNEL_OF = MappingProxyType({"C": 0, "O": 1, "N": 2, "S": 3, "SE": 3})

#: Gemmi's table would not do: it lacks the names of force fields (HSD, CYX), has U and O for SEC
#: and PYL, and would be imported by commands that read no file.
_ONE_LETTER = MappingProxyType(
    {
        "ALA": "A", "ARG": "R", "ASN": "N", "ASP": "D", "CYS": "C", "GLN": "Q", "GLU": "E",
        "GLY": "G", "HIS": "H", "ILE": "I", "LEU": "L", "LYS": "K", "MET": "M", "PHE": "F",
        "PRO": "P", "SER": "S", "THR": "T", "TRP": "W", "TYR": "Y", "VAL": "V",
        "MSE": "M", "SEC": "C", "PYL": "K", "HSD": "H", "HSE": "H", "HSP": "H", "HID": "H",
        "HIE": "H", "HIP": "H", "CYX": "C", "CYM": "C", "ASH": "D", "GLH": "E", "LYN": "K",
        "CSO": "C", "SEP": "S", "TPO": "T", "PTR": "Y", "MLY": "K", "M3L": "K", "PCA": "E",
        "HYP": "P", "CME": "C", "KCX": "K", "LLP": "K", "CSD": "C", "OCS": "C",
    }
)  # fmt: skip

#: Names of four letters in Amber, CHARMM, GROMOS and OPLS, beside N or C before a usual name.
_LONG_NAMES = MappingProxyType(
    {
        "HISA": "HIS", "HISB": "HIS", "HISD": "HIS", "HISE": "HIS", "HISH": "HIS", "HISP": "HIS",
        "HIS1": "HIS", "HIS2": "HIS", "HISN": "HIS", "HISX": "HIS", "GLUP": "GLU", "GLUH": "GLU",
        "ASPP": "ASP", "ASPH": "ASP", "LYSH": "LYS", "LYSN": "LYS", "LYSP": "LYS", "ARGN": "ARG",
        "ARGP": "ARG", "CYSH": "CYS", "CYS1": "CYS", "CYS2": "CYS", "CYSS": "CYS", "CYSX": "CYS",
        "CYSN": "CYS", "CYSP": "CYS", "CYSD": "CYS", "TYRU": "TYR", "TYRN": "TYR", "GLUN": "GLU",
        "ASPN": "ASP", "SERN": "SER", "THRN": "THR",
    }
)  # fmt: skip

#: Number of heavy atoms of a complete standard residue inside a chain (without OXT).
HEAVY_ATOMS = MappingProxyType(
    {
        "ALA": 5, "ARG": 11, "ASN": 8, "ASP": 8, "CYS": 6, "GLN": 9, "GLU": 9, "GLY": 4,
        "HIS": 10, "ILE": 8, "LEU": 8, "LYS": 9, "MET": 8, "PHE": 11, "PRO": 7, "SER": 6,
        "THR": 7, "TRP": 14, "TYR": 12, "VAL": 7, "MSE": 8,
    }
)  # fmt: skip

_LARGEST_AREA = MappingProxyType(
    {
        "A": 129.0, "R": 274.0, "N": 195.0, "D": 193.0, "C": 167.0, "Q": 225.0, "E": 223.0,
        "G": 104.0, "H": 224.0, "I": 197.0, "L": 201.0, "K": 236.0, "M": 224.0, "F": 240.0,
        "P": 159.0, "S": 155.0, "T": 172.0, "W": 285.0, "Y": 263.0, "V": 174.0,
    }
)  # fmt: skip

#: The twenty standard amino acids, one-letter codes.
AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"


def is_hydrogen(element: str) -> bool:
    """Tell whether an element symbol is hydrogen or one of its isotopes."""
    return element.upper() in _HYDROGENS


def channel_of(element: str) -> int:
    """Return the row of `CHANNELS` an element counts in, or `NO_CHANNEL`.

    Examples
    --------
    >>> [channel_of(element) for element in ("C", "o", "Se", "Zn")]
    [0, 1, 3, -1]
    """
    return _CHANNEL_OF.get(element.upper(), NO_CHANNEL)


def usual_name(residue_name: str) -> str:
    """Return the name of three letters for one of four that a force field uses, or the name itself.

    Examples
    --------
    >>> [usual_name(name) for name in ("NGLY", "HISE", "CCYX", "TIP3")]
    ['GLY', 'HIS', 'CYX', 'TIP3']
    """
    name = residue_name.upper()
    if name in _LONG_NAMES:
        return _LONG_NAMES[name]
    if len(name) == 4 and name[0] in "NC" and name[1:] in _ONE_LETTER:
        return name[1:]
    return residue_name


def one_letter(residue_name: str) -> str:
    """Return the one-letter code of a residue name, or ``X`` if it has none.

    Examples
    --------
    >>> "".join(map(one_letter, ("TYR", "MSE", "HOH")))
    'YMX'
    """
    return _ONE_LETTER.get(usual_name(residue_name).upper(), "X")


def element_of(residue_name: str, atom_name: str) -> str:
    """Take the element of an amino acid's atom from its name; empty if that does not tell.

    Examples
    --------
    >>> [element_of("GLY", "CA"), element_of("MSE", "SE"), element_of("CA", "CA")]
    ['C', 'SE', '']
    """
    name = atom_name.lstrip("0123456789'\"").upper()
    if one_letter(residue_name) == "X" and (name not in _BACKBONE or name == residue_name):
        return ""
    return "SE" if name.startswith("SE") else name[:1] if name[:1] in _AMINO_ACID_ELEMENTS else ""


def largest_area(residue_name: str) -> float:
    """Return the largest solvent-exposed area that a residue can have, in square angstrom.

    Theoretical values of Tien et al. 2013 (doi 10.1371/journal.pone.0080635, table 1); their mean
    for residues without a one-letter code.

    Examples
    --------
    >>> largest_area("ALA"), largest_area("MSE")
    (129.0, 224.0)
    """
    mean = sum(_LARGEST_AREA.values()) / len(_LARGEST_AREA)
    return _LARGEST_AREA.get(one_letter(residue_name), mean)
