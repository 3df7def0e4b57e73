"""The steps of mining with Biopython, and with atom3d: run by the Python that has them.

    .venv-peers/bin/python benchmarks/mining_peers.py ROUTE RADII POINTS OUTPUT FILE...

ROUTE is biopython or atom3d. Imports nothing of sasnet. benchmarks/mining.py calls it.
"""

from __future__ import annotations

import gzip
import itertools
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np

CUTOFF = 6.0
MIN_CONTACTS = 20
#: Pairs of a structure whose buried area is computed: all would take hours.
AREAS = 2


class Biopython:
    """PDBParser, NeighborSearch and ShrakeRupley."""

    def __init__(self, radii: dict[str, float], points: int) -> None:
        from Bio.PDB import NeighborSearch, PDBParser
        from Bio.PDB.Polypeptide import is_aa
        from Bio.PDB.SASA import ShrakeRupley

        self._is_aa, self._search = is_aa, NeighborSearch
        self._parser = PDBParser(QUIET=True)
        self._areas = ShrakeRupley(n_points=points, radii_dict=radii)

    def read(self, path: Path):
        """Return the heavy atoms of each chain's amino acids."""
        with gzip.open(path, "rt") as stream:
            model = self._parser.get_structure(path.name, stream)[0]
        chains = {}
        for chain in model:
            residues = [r for r in chain if self._is_aa(r, standard=False) and "CA" in r]
            atoms = [a for r in residues for a in r if a.element not in ("H", "D")]
            if atoms:
                chains[chain.id] = atoms
        return chains

    def prepare(self, chains):
        """Make what serves every pair."""
        return {name: (atoms, self._search(atoms)) for name, atoms in chains.items()}

    def contacts(self, left, right):
        """Return the residues in contact, as pairs of numbers with insertion codes."""
        pairs = set()
        for atom in left[0]:
            for residue in right[1].search(atom.coord, CUTOFF, "R"):
                pairs.add((_label(atom.get_parent()), _label(residue)))
        return pairs

    def buried_area(self, left, right):
        """Return the buried surface area."""
        return self._area(left[0]) + self._area(right[0]) - self._area(left[0] + right[0])

    def _area(self, atoms):
        self._areas.compute(_Atoms(atoms), level="A")
        return sum(atom.sasa for atom in atoms)


class _Atoms:
    """What ShrakeRupley asks of an entity."""

    level = "C"

    def __init__(self, atoms):
        self._atoms = atoms

    def get_atoms(self):
        return iter(self._atoms)


def _label(residue) -> str:
    _, number, code = residue.id
    return f"{number}{code.strip()}"


class Atom3d:
    """Dataframes of atom3d, dense distance matrices, and freesasa, which atom3d depends on.

    The package holds no code for contacts or areas; these steps are done on its dataframes in the
    way of the examples in its repository.
    """

    RESIDUE = ["chain", "residue", "insertion_code"]

    def __init__(self, radii: dict[str, float], points: int) -> None:
        import freesasa
        from atom3d.filters import filters
        from atom3d.util import formats

        self._formats, self._filters, self._freesasa = formats, filters, freesasa
        freesasa.setVerbosity(freesasa.nowarnings)
        self._radii = radii
        self._settings = freesasa.Parameters(
            {"algorithm": freesasa.ShrakeRupley, "n-points": points, "probe-radius": 1.4}
        )

    def read(self, path: Path):
        """Return a dataframe for each chain."""
        atoms = self._formats.bp_to_df(self._formats.read_any(str(path)))
        atoms = self._filters.first_model_filter(atoms)
        atoms = atoms[~atoms["element"].isin(["H", "D"])]
        center = (atoms["name"] == "CA") & (atoms["element"] == "C")  # "CA" names calcium too
        with_center = atoms[center].set_index(self.RESIDUE).index
        atoms = atoms[atoms.set_index(self.RESIDUE).index.isin(with_center)]
        return {name: chain for (name,), chain in self._formats.split_df(atoms, ["chain"])}

    def prepare(self, chains):
        """Make what serves every pair: nothing."""
        return chains

    def contacts(self, left, right):
        """Return the residues in contact, as pairs of numbers with insertion codes."""
        import pandas as pd
        from scipy.spatial.distance import cdist

        near = cdist(left[["x", "y", "z"]], right[["x", "y", "z"]]) <= CUTOFF
        rows, columns = np.nonzero(near)
        pairs = pd.concat(
            [
                left.iloc[rows][self.RESIDUE].reset_index(drop=True).add_suffix("0"),
                right.iloc[columns][self.RESIDUE].reset_index(drop=True).add_suffix("1"),
            ],
            axis=1,
        ).drop_duplicates()
        return {
            (f"{a}{b.strip()}", f"{c}{d.strip()}")
            for _, a, b, _, c, d in pairs.itertuples(index=False)
        }

    def buried_area(self, left, right):
        """Return the buried surface area."""
        import pandas as pd

        return self._area(left) + self._area(right) - self._area(pd.concat([left, right]))

    def _area(self, atoms):
        structure = self._freesasa.Structure()
        for _, atom in atoms.iterrows():
            structure.addAtom(
                atom["name"], atom["resname"], atom["residue"], atom["chain"],
                atom["x"], atom["y"], atom["z"],
            )  # fmt: skip
        structure.setRadii([self._radii[element] for element in atoms["element"]])
        return self._freesasa.calc(structure, self._settings).totalArea()


def measure(route, path: Path) -> dict:
    """Take one file through the steps; CPU seconds and results."""
    seconds, contacts, areas = {}, {}, {}
    start = time.process_time()
    chains = route.read(path)
    seconds["reading"] = time.process_time() - start
    start = time.process_time()
    ready = route.prepare(chains)
    for left, right in itertools.combinations(ready, 2):
        found = route.contacts(ready[left], ready[right])
        if found:
            contacts[f"{left} {right}"] = sorted(found)
    seconds["contacts"] = time.process_time() - start
    start = time.process_time()
    large = [name for name, found in contacts.items() if len(found) >= MIN_CONTACTS]
    for name in large[:AREAS]:
        left, right = name.split(" ")
        areas[name] = route.buried_area(ready[left], ready[right])
    seconds["area"] = time.process_time() - start
    return {"seconds": seconds, "contacts": contacts, "areas": areas}


def main() -> None:
    """Run the command."""
    warnings.filterwarnings("ignore")
    name, radii, points, output, *files = sys.argv[1:]
    route = {"biopython": Biopython, "atom3d": Atom3d}[name](json.loads(radii), int(points))
    route.read(Path(files[0]))  # loads what is loaded once
    found = {}
    for file in files:
        found[Path(file).name] = measure(route, Path(file))
        print(name, Path(file).name, found[Path(file).name]["seconds"], file=sys.stderr)
    Path(output).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
