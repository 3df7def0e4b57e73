"""Voxel grids with atom3d: reads atoms and centres as JSON, prints grids per second.

    .venv-peers/bin/python benchmarks/voxel_peers.py < ATOMS

Imports nothing of sasnet. benchmarks/prediction.py calls it.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import pandas as pd
from atom3d.util import voxelize


def main() -> None:
    """Run the command."""
    coords, elements, centers = json.load(sys.stdin)
    atoms = pd.DataFrame(coords, columns=["x", "y", "z"])
    atoms["element"] = np.array(["C", "O", "N", "S"])[elements]
    config = voxelize.dotdict(
        radius=17.0,
        resolution=1.0,
        num_directions=20,
        num_rolls=20,
        element_mapping={"C": 0, "O": 1, "N": 2, "S": 3},
    )
    for _ in range(2):
        started = time.perf_counter()
        for center in centers:
            grid = voxelize.get_grid(atoms, np.array(center), config, np.eye(3))
        seconds = time.perf_counter() - started
    assert grid.shape == (35, 35, 35, 4)
    print(len(centers) / seconds)


if __name__ == "__main__":
    main()
