"""What is in a structure file: atoms and residues, read and written, and where proteins touch.

`reading` turns a file into a `Structure`, and `writing` turns one into a file. `protein` defines
`Protein`, the data type that all other rooms use. Rules on atoms and elements are in `chemistry`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sasnet_core.structure.reading import Structure, read

__all__ = ["Structure", "read"]


def __getattr__(name: str) -> Any:
    """Import the reader on first use, because it needs gemmi."""
    if name in __all__:
        from sasnet_core.structure import reading

        return getattr(reading, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
