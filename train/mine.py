"""Mine complexes from a folder of structures.

    python -m train.mine ../shared/data/complexes -o DATASET \
        --facts ../shared/data/complexes.csv --exclude-similar-to ../shared/data/db5

Chain pairs as deposited that are in contact, under the rules of MiningConfig; no protein over
30 % identical to a protein of the folders given by --exclude-similar-to. Writes one .npz per
complex, manifest.csv, rejected.csv and dataset.json.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from tqdm import tqdm

from sasnet_core import homology, mining, structure
from sasnet_core.complexes import MANIFEST, Complex, save_complex
from sasnet_core.config import MiningConfig
from sasnet_core.errors import SasnetError
from sasnet_core.files import write_json, write_table

COLUMNS = (
    "id", "entry", "left_chains", "right_chains", "n_left", "n_right", "n_contacts",
    "cluster", "split", "file", "sha256",
)  # fmt: skip


def held_out_sequences(folders: list[Path]) -> list[str]:
    """Read every distinct protein sequence of some folders, each chain on its own."""
    sequences = set()
    for folder in folders:
        for path in tqdm(mining.structure_files(folder), desc="held out", disable=None):
            entry = structure.read(path)
            sequences |= {entry.protein([chain]).sequence for chain in entry.chain_ids()}
    return sorted(sequences)


def exclude_similar(
    complexes: list[Complex], held_out: list[str], limit: float
) -> tuple[list[Complex], list[mining.Rejection]]:
    """Leave out complexes with a protein over an identity to any held-out sequence."""
    sequences = sorted({p.sequence for c in complexes for p in (c.left, c.right)})
    worst: dict[str, float] = {}
    for hit in homology.find_similar(sequences, held_out, limit):
        sequence = sequences[hit.query]
        worst[sequence] = max(worst.get(sequence, 0.0), hit.identity)
    kept, rejections = [], []
    for item in complexes:
        identity = max(worst.get(p.sequence, 0.0) for p in (item.left, item.right))
        if identity > limit:
            rejections.append(mining.Rejection(item.name, "identity", f"{identity:.3f}"))
        else:
            kept.append(item)
    return kept, rejections


def pair_clusters(complexes: list[Complex], limit: float) -> list[str]:
    """Name the cluster of each complex: the unordered pair of its proteins' clusters."""
    sequences = sorted({p.sequence for c in complexes for p in (c.left, c.right)})
    labels = dict(zip(sequences, homology.cluster(sequences, limit).tolist(), strict=True))
    pairs = [sorted((labels[c.left.sequence], labels[c.right.sequence])) for c in complexes]
    return [f"{a}-{b}" for a, b in pairs]


def write_dataset(complexes: list[Complex], clusters: list[str], output: Path) -> None:
    """Write the complexes and their manifest."""
    rows = []
    for item, name in zip(complexes, clusters, strict=True):
        file = Path(item.name[1:3]) / f"{item.name}.npz"
        save_complex(item, output / file)
        rows.append(
            {
                "id": item.name,
                "entry": item.name.split("_")[0],
                "left_chains": item.left.chain_ids[0],
                "right_chains": item.right.chain_ids[0],
                "n_left": item.left.n_residues,
                "n_right": item.right.n_residues,
                "n_contacts": len(item.contacts),
                "cluster": name,
                "split": "train",
                "file": file.as_posix(),
                "sha256": hashlib.sha256((output / file).read_bytes()).hexdigest(),
            }
        )
    write_table(rows, output / MANIFEST, COLUMNS)


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structures", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--facts", type=Path, help="table with id, method, resolution_angstrom")
    parser.add_argument("--exclude-similar-to", type=Path, action="append", default=[])
    parser.add_argument(
        "--keep-unknown", action="store_true", help="keep entries of unknown resolution"
    )
    options = parser.parse_args(arguments)
    config = MiningConfig(keep_unknown=options.keep_unknown)
    facts = mining.read_facts(options.facts) if options.facts else {}
    complexes, rejections = [], []
    for path in tqdm(mining.structure_files(options.structures), desc="mining", disable=None):
        found, left_out = mining.mine_entry(path, facts.get(path.name.split(".")[0]), config)
        complexes += found
        rejections += left_out
    held_out = held_out_sequences(options.exclude_similar_to)
    complexes, similar = exclude_similar(complexes, held_out, config.max_identity)
    rejections += similar
    options.output.mkdir(parents=True, exist_ok=True)
    write_dataset(complexes, pair_clusters(complexes, config.max_identity), options.output)
    write_table([vars(r) for r in rejections], options.output / "rejected.csv",
                ("candidate", "rule", "value"))  # fmt: skip
    counts = {
        "complexes": len(complexes),
        "positives": int(sum(len(c.contacts) for c in complexes)),
        "rejections": len(rejections),
    }
    write_json({"settings": config.to_dict(), "counts": counts}, options.output / "dataset.json")
    print(counts)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SasnetError as error:
        sys.exit(f"train.mine: {error}")
