import json
import os
import subprocess
import sys

import pytest

from sasnet_core.errors import SettingError
from sasnet_core.network.lattice import TILE_VOXELS
from sasnet_core.scoring.memory import PAIRS_LISTED, cache_bytes, sizes_within
from tests.conftest import ROOT


def test_without_a_limit_pieces_are_largest():
    sizes = sizes_within(None, 5000, 5000, None)
    assert (sizes.tile_voxels, sizes.pairs_listed) == (TILE_VOXELS, PAIRS_LISTED)
    assert sizes_within(1000, 300, 300, 1000) == sizes


def test_less_memory_means_smaller_pieces():
    limits = [100, 4, 3, 2.5, 2.2]
    sizes = [sizes_within(limit, 1500, 1500, 1000) for limit in limits]
    tiles = [size.tile_voxels for size in sizes]
    assert tiles == sorted(tiles, reverse=True) and tiles[-1] < tiles[0] / 2


def test_what_cannot_fit_is_refused_with_what_would_do():
    with pytest.raises(SettingError, match=r"--memory 2 is too little .* ([\d.]+) GB are") as found:
        sizes_within(2, 5000, 5000, 1000)
    needed = float(str(found.value).split(", ")[1].split()[0])
    assert sizes_within(needed + 0.06, 5000, 5000, 1000)
    with pytest.raises(SettingError):
        sizes_within(needed - 0.06, 5000, 5000, 1000)


def test_all_pairs_in_the_tables_take_memory():
    with pytest.raises(SettingError):
        sizes_within(4, 1500, 1500, None)


def test_kept_embeddings_take_their_part():
    assert cache_bytes(None, 10**9) == 10**9
    assert cache_bytes(4, 10**9) == 5 * 10**8
    assert cache_bytes(100, 10**9) == 10**9


CHILD = """
import json, resource, sys
from benchmarks.proteins import ball
from sasnet_core.scoring.memory import sizes_within
from sasnet_core.scoring.predictor import load_predictor
from sasnet_core.network.weights_folder import default_folder
limit = float(sys.argv[1]) or None
left, right = ball(1200, 1), ball(900, 2)
predictor = load_predictor(default_folder())
sizes = sizes_within(limit, left.n_residues, right.n_residues, 1000)
predictor.limit_sizes(sizes)
predictor.score(left, right, rotations=3)  # the first is computed alone
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
print(json.dumps([peak, sizes.tile_voxels]))
"""


@pytest.mark.slow
def test_a_process_stays_within_its_memory():
    limit = 2.2
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(limit)], cwd=ROOT, env=dict(os.environ),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    peak, voxels = json.loads(done.stdout.splitlines()[-1])
    assert voxels < TILE_VOXELS
    assert peak < limit
