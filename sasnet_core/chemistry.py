"""Elements, channels and residue names: each rule on them stands here once."""

from types import MappingProxyType

#: Channels of a voxel grid, in order (paper, section 3: C, O, N and S).
CHANNELS = ("C", "O", "N", "S")

#: Row of an atom that is heavy but belongs to no channel (a metal, phosphorus, an unknown element).
NO_CHANNEL = -1

_HYDROGENS = frozenset({"H", "D", "T"})
#: Selenium takes sulphur's place in MSE and SEC, so it takes sulphur's channel too.
_CHANNEL_OF = MappingProxyType({"C": 0, "O": 1, "N": 2, "S": 3, "SE": 3})

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

#: Standard residues: heavy atoms of the complete residue inside a chain (no OXT).
HEAVY_ATOMS = MappingProxyType(
    {
        "ALA": 5, "ARG": 11, "ASN": 8, "ASP": 8, "CYS": 6, "GLN": 9, "GLU": 9, "GLY": 4,
        "HIS": 10, "ILE": 8, "LEU": 8, "LYS": 9, "MET": 8, "PHE": 11, "PRO": 7, "SER": 6,
        "THR": 7, "TRP": 14, "TYR": 12, "VAL": 7, "MSE": 8,
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


def one_letter(residue_name: str) -> str:
    """Return the one-letter code of a residue name, ``X`` when it has none.

    Examples
    --------
    >>> "".join(map(one_letter, ("TYR", "MSE", "HOH")))
    'YMX'
    """
    return _ONE_LETTER.get(residue_name.upper(), "X")
