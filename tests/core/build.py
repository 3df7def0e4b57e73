"""Small proteins, structure files, networks and datasets that tests are made of."""

import csv
from pathlib import Path
from typing import NamedTuple

import gemmi
import numpy as np

from sasnet_core.config import ModelConfig
from sasnet_core.dataset.complexes import MANIFEST, Complex, save_complex
from sasnet_core.files import write_table
from sasnet_core.fitted import Calibration, Smoothing
from sasnet_core.network.weights_folder import WeightsInfo
from sasnet_core.results.partner import InputPartner
from sasnet_core.results.prediction import Prediction
from sasnet_core.results.writing import write_prediction
from sasnet_core.scoring.pair_scores import PairScores
from sasnet_core.structure import protein as rules
from sasnet_core.structure.contacts import contacts
from sasnet_core.structure.protein import Protein, RawResidues
from sasnet_core.structure.reading import Structure

ELEMENTS = {"N": "N", "CA": "C", "C": "C", "O": "O", "CB": "C", "SG": "S"}


class RawAtom(NamedTuple):
    """One atom as it stands in a file."""

    name: str
    element: str
    altloc: str
    occupancy: float
    position: tuple[float, float, float]


class RawResidue(NamedTuple):
    """One residue as it stands in a file."""

    chain_id: str
    residue_id: str
    segment_id: str
    name: str
    atoms: tuple[RawAtom, ...]


def build_protein(name: str, residues: list[RawResidue]) -> Protein:
    """Make a protein of residues given one by one."""
    atoms = [atom for residue in residues for atom in residue.atoms]
    raw = RawResidues(
        chain_ids=np.array([r.chain_id for r in residues]),
        residue_ids=np.array([r.residue_id for r in residues]),
        segment_ids=np.array([r.segment_id for r in residues]),
        names=np.array([r.name for r in residues]),
        atom_residues=np.repeat(np.arange(len(residues)), [len(r.atoms) for r in residues]),
        atom_names=np.array([a.name for a in atoms], "S8"),
        elements=np.array([a.element for a in atoms], "S2"),
        has_altloc=np.array([bool(a.altloc) for a in atoms]),
        occupancies=np.array([a.occupancy for a in atoms]),
        positions=np.array([a.position for a in atoms], float),
    )
    return rules.build_protein(name, raw)


def atom_line(
    name="CA",
    residue="GLY",
    chain="A",
    number=1,
    xyz=(0.0, 0.0, 0.0),
    *,
    icode=" ",
    altloc=" ",
    occupancy=1.0,
    element=None,
    segment="",
    record="ATOM",
    charge="  ",
) -> str:
    """Write one atom record of a PDB file, 80 columns."""
    element = ELEMENTS.get(name, name[0]) if element is None else element
    field = name if len(name) == 4 or len(element) == 2 else f" {name}"
    place = "".join(f"{value:8.3f}" for value in xyz)
    return (
        f"{record:<6}{1:5d} {field:<4}{altloc}{residue:>3} {chain}{number:4d}{icode}   {place}"
        f"{occupancy:6.2f}{0.0:6.2f}      {segment:<4}{element:>2}{charge}"
    )


def residue_lines(chain="A", number=1, xyz=(0.0, 0.0, 0.0), residue="CYS", **columns) -> list[str]:
    """Write a cysteine-shaped residue around a CA position."""
    shifts = {
        "N": (-1.2, 0.8, 0.0),
        "CA": (0.0, 0.0, 0.0),
        "C": (1.2, 0.9, 0.0),
        "O": (1.2, 2.1, 0.0),
        "CB": (0.0, -0.9, 1.2),
        "SG": (0.0, -0.1, 2.8),
    }
    return [
        atom_line(name, residue, chain, number, np.add(xyz, shift), **columns)
        for name, shift in shifts.items()
    ]


def chain_lines(chain="A", count=3, first=1, start=(0.0, 0.0, 0.0), **columns) -> list[str]:
    """Write a straight chain along x, 3.8 A from CA to CA."""
    return [
        line
        for k in range(count)
        for line in residue_lines(chain, first + k, np.add(start, (3.8 * k, 0, 0)), **columns)
    ]


def write_pdb(path: Path, lines: list[str]) -> Path:
    """Write records and END."""
    path.write_text("\n".join([*lines, "END", ""]))
    return path


def write_cif(path: Path, lines: list[str], rename: dict[str, str] | None = None) -> Path:
    """Write PDB records as mmCIF, chains renamed."""
    structure = gemmi.read_pdb_string("\n".join([*lines, "END", ""]))
    for chain in structure[0]:
        chain.name = (rename or {}).get(chain.name, chain.name)
    structure.setup_entities()
    structure.make_mmcif_document().write_file(str(path))
    return path


def cubes(reads):
    """Compose a layer's tables: which rows of the level before each row reads, all at once."""
    z, y, x = reads
    return z[y[x]].reshape(len(x), -1)


def random_protein(seed=0, n_residues=8, chain="A", at=(0.0, 0.0, 0.0), name="protein") -> Protein:
    """Make a compact chain: a random walk of CA, side atoms within 2.5 A."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(n_residues, 3))
    walk = np.cumsum(3.8 * steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0)
    walk += np.asarray(at) - walk.mean(axis=0)
    residues = []
    for row, center in enumerate(walk):
        atoms = []
        for atom_name, element in ELEMENTS.items():
            shift = np.zeros(3) if atom_name == "CA" else rng.uniform(-1.5, 1.5, 3)
            atoms.append(RawAtom(atom_name, element, "", 1.0, tuple(center + shift)))
        residues.append(RawResidue(chain, str(row + 1), "", "CYS", tuple(atoms)))
    return build_protein(name, residues)


def random_complex(seed=0, n_left=8, n_right=7, name="pair") -> Complex:
    """Make two touching proteins."""
    left = random_protein([seed, 0], n_left, "A", name=f"{name}:A")
    right = random_protein([seed, 1], n_right, "B", at=(6.0, 0.0, 0.0), name=f"{name}:B")
    return Complex(name, left, right, contacts(left, right))


def moved(protein: Protein, rotation: np.ndarray, shift=(0.0, 0.0, 0.0)) -> Protein:
    """Rotate, then move."""
    return protein.with_coordinates(
        protein.coords @ rotation.T + np.asarray(shift),
        protein.centers @ rotation.T + np.asarray(shift),
    )


def tiny_model(edge=20, normalization="batch", context_layers=0) -> ModelConfig:
    """Return the paper's layers with few outputs each."""
    return ModelConfig(
        edge=edge,
        filters=(4, 5, 6, 7),
        embedding_size=12,
        head_sizes=(10, 9),
        normalization=normalization,
        context_layers=context_layers,
        context_size=8,
        neighbours=5,
    )


def tiny_network(config: ModelConfig, seed=0, dtype="float32"):
    """Build a network with random weights, normalization statistics included."""
    from sasnet_core.network.network import build_network

    network = build_network(config, dtype)
    rng = np.random.default_rng(seed)
    for variable in [v for part in network.parts for v in part.weights]:
        kind, shape = variable.path.rsplit("/", 1)[-1], tuple(variable.shape)
        if kind == "kernel":
            value = rng.normal(size=shape) * np.sqrt(2 / np.prod(shape[:-1]))
        elif kind in ("gamma", "moving_variance"):
            value = rng.uniform(0.5, 1.5, shape)
        else:
            value = rng.normal(scale=0.3, size=shape)
        variable.assign(value.astype(np.float32))
    return network


def write_dataset(folder: Path, complexes: list[Complex], clusters: list[str]) -> Path:
    """Write complexes with the manifest that training reads."""
    rows = []
    for item, cluster in zip(complexes, clusters, strict=True):
        save_complex(item, folder / f"{item.name}.npz")
        rows.append(
            {"id": item.name, "cluster": cluster, "split": "train", "file": f"{item.name}.npz"}
        )
    write_table(rows, folder / MANIFEST, ["id", "cluster", "split", "file"])
    return folder


def write_benchmark(folder: Path, splits: dict[str, str]) -> Path:
    """Write complexes as train.db5 does: the left protein has 6 residues unbound and 7 bound."""
    rows = []
    for seed, (name, split) in enumerate(splits.items()):
        for state, size in (("unbound", 6), ("bound", 7)):
            file = f"{state}/{name}.npz"
            save_complex(random_complex(seed, size, name=name), folder / file)
            rows.append({"id": name, "state": state, "cluster": name, "split": split, "file": file})
    write_table(rows, folder / MANIFEST, list(rows[0]))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def table(path: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def random_prediction(
    left: tuple[Structure, list[str]], right: tuple[Structure, list[str]], seed=0
) -> Prediction:
    """Make a prediction of random pair scores, each partner given as a file and its chains."""
    sides = [
        InputPartner(side, file, file.protein(chains), {"model": 1, "assembly": None})
        for side, (file, chains) in (("left", left), ("right", right))
    ]
    rng = np.random.default_rng(seed)
    shape = [side.protein.n_residues for side in sides]
    log_odds = rng.normal(-2, 1.5, shape) + rng.normal(0, 0.3, (3, *shape))
    rotations = (1 / (1 + np.exp(-log_odds))).astype(np.float32)
    scores = PairScores(
        *(side.protein for side in sides),
        rotations.mean(axis=0),
        rotations.std(axis=0),
        rotations.max(axis=2),
        rotations.max(axis=1),
    )
    info = WeightsInfo(Path("w"), tiny_model(), "0" * 64, Calibration(), Smoothing())
    settings = {"rotations": 3, "seed": seed, "precision": "float32"}
    return Prediction(*sides, scores, info, info.calibration, settings)


def save_prediction(prediction: Prediction, folder: Path, pair_count=20) -> Path:
    """Write a prediction as `sasnet_predict` does; returns the folder."""
    folder.mkdir(parents=True)
    write_prediction(prediction, folder, pair_count)
    return folder


def assert_alive(embeddings):
    """Refuse a network that gives the same for everything."""
    assert embeddings.std(axis=0).max() > 1e-3, "a dead network would make any two equal"


def assert_close(one, two):
    """Compare what two routes of float32 arithmetic give."""
    np.testing.assert_allclose(one, two, rtol=2e-4, atol=2e-4)
