"""Matrices of scores.npz, read without NumPy: PyMOL's Python need not have it."""

from __future__ import annotations

import ast
import io
import struct
import sys
import zipfile
from array import array
from dataclasses import dataclass

_MAGIC = b"\x93NUMPY"


@dataclass(frozen=True)
class Matrix:
    """Numbers in rows and columns.

    Attributes
    ----------
    n_rows, n_columns : int
        Its shape.
    values : array of float
        Row after row.
    """

    n_rows: int
    n_columns: int
    values: array

    def row(self, number: int) -> array:
        """Return the values of a row."""
        return self.values[number * self.n_columns : (number + 1) * self.n_columns]

    def column(self, number: int) -> array:
        """Return the values of a column."""
        return self.values[number :: self.n_columns]

    def at(self, row: int, column: int) -> float:
        """Return one value."""
        return self.values[row * self.n_columns + column]


def read_matrix(data: bytes, name: str) -> Matrix:
    """Read one matrix of float32 of an .npz file.

    Parameters
    ----------
    data : bytes
        The file's content.
    name : str
        The array's name.

    Raises
    ------
    ValueError, KeyError
        The file is damaged, has no such array, or that is no matrix of float32.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _parse(archive.read(f"{name}.npy"))
    except (zipfile.BadZipFile, struct.error, SyntaxError) as error:
        raise ValueError(f"damaged array {name}: {error}") from None


def _parse(data: bytes) -> Matrix:
    if data[:6] != _MAGIC:
        raise ValueError("not an .npy file")
    size_format = "<H" if data[6] == 1 else "<I"
    begin = 8 + struct.calcsize(size_format)
    end = begin + struct.unpack(size_format, data[8:begin])[0]
    header = ast.literal_eval(data[begin:end].decode("latin-1").strip())
    if header["descr"] != "<f4" or header["fortran_order"] or len(header["shape"]) != 2:
        raise ValueError(f"a matrix of float32 is needed, this is {header}")
    values = array("f")
    values.frombytes(data[end:])
    if sys.byteorder == "big":
        values.byteswap()
    n_rows, n_columns = header["shape"]
    if len(values) != n_rows * n_columns:
        raise ValueError("the matrix is cut short")
    return Matrix(n_rows, n_columns, values)
