"""Describe a dataset: counts, distributions, reasons of rejection, one complex.

    python -m train.inspect DATASET

Prints the counts and writes DATASET/overview.png. If PyMOL is installed, it draws the complex with
the median number of contacts, or --complex ID. In docking benchmark 5, unbound complexes are
counted.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from sasnet_core.dataset.complexes import load_complex
from sasnet_core.dataset.overview import Overview, draw_overview, read_overview, typical
from sasnet_core.errors import DatasetError, OutputError, run_script


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path, help="made by train.mine or train.db5")
    parser.add_argument("-o", "--output", type=Path, metavar="PNG",
                        help="picture to write (default: overview.png in the dataset)")  # fmt: skip
    parser.add_argument("--complex", metavar="ID", help="complex to draw")
    return parser.parse_args(arguments)


def chosen_complex(overview: Overview, name: str | None) -> dict[str, str]:
    """Return the row of the complex to draw."""
    if name is None:
        return typical(overview.rows)
    for row in overview.rows:
        if row["id"] == name:
            return row
    raise DatasetError(
        f"{overview.name}: no complex {name!r}; the ids are in manifest.csv, "
        f"like {overview.rows[0]['id']}"
    )


def draw_complex(complex_file: Path, picture: Path) -> bool:
    """Draw a complex in a separate process; return whether it was drawn."""
    if importlib.util.find_spec("pymol2") is None:
        print("no complex is drawn: PyMOL is not installed (pip install 'sasnet[pymol]')")
        return False
    command = [sys.executable, "-m", "sasnet_core.results.picture", str(complex_file), str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip() or "no message").splitlines()[-1]
        print(f"no complex is drawn: PyMOL failed ({reason})")
    return done.returncode == 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    overview = read_overview(options.dataset)
    row = chosen_complex(overview, options.complex)
    load_complex(options.dataset / row["file"])  # a damaged file is not an error of PyMOL
    output = options.output or options.dataset / "overview.png"
    print(*overview.lines(), sep="\n")
    try:
        with tempfile.TemporaryDirectory() as folder:
            drawing = Path(folder) / "complex.png"
            drawn = draw_complex(options.dataset / row["file"], drawing)
            draw_overview(overview, output, drawing if drawn else None)
    except OSError as error:
        raise OutputError(
            f"{output}: cannot be written ({error.strerror}); name another file with -o"
        ) from None
    print(output)
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.inspect", main))
