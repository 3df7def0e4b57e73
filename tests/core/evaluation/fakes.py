"""A small benchmark, weights that are never loaded, and a scorer without a network."""

import numpy as np

from sasnet_core.dataset.complexes import MANIFEST, save_complex
from sasnet_core.files import write_table
from sasnet_core.network.weights_writing import write_config
from sasnet_core.scoring.scorer import Scorer
from tests.core.build import random_complex


class RandomScorer(Scorer):
    """Scores pairs at random; a folder of weights decides how."""

    precision = "float32"

    def __init__(self, folder=None):
        super().__init__()
        self.seed = 0 if folder is None else sum(folder.name.encode())

    def use_cache(self, cache, member=0): ...

    def limit_sizes(self, sizes): ...

    def _rotations(self, left, right, rotations, seed):
        rng = np.random.default_rng([self.seed, seed, left.n_residues, int(left.coords.sum() ** 2)])
        for _ in range(rotations):
            raw = rng.random((left.n_residues, right.n_residues)).astype(np.float32)
            yield raw, [raw]


def write_benchmark(folder, splits):
    """Write a complex for each split, unbound and bound."""
    rows = []
    for number, split in enumerate(splits):
        for state in ("unbound", "bound"):
            item = random_complex([number, state == "bound"], 40, 30, name=f"C{number}")
            file = f"{state}/C{number}.npz"
            save_complex(item, folder / file)
            rows.append(
                {"id": f"C{number}", "state": state, "n_left": 40, "n_right": 30,
                 "n_contacts": len(item.contacts), "category": "OX", "difficulty": "rigid",
                 "cluster": f"C{number}", "split": split, "file": file}
            )  # fmt: skip
    write_table(rows, folder / MANIFEST, list(rows[0]))
    return folder


def fake_weights(folder, model):
    """Write a weights folder whose arrays are no weights."""
    folder.mkdir()
    (folder / "weights.npz").write_bytes(folder.name.encode())
    write_config(folder, model, None)
    return folder
