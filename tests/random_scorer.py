"""sasnet_predict with random scores in place of a network, for tests that start many processes.

``python -m tests.random_scorer`` takes the arguments of sasnet_predict. All else is as it is: how
structures are read, how results are written, and what signals do.
"""

import sys
from contextlib import contextmanager

from sasnet_core.ending import end_at_signals

if __name__ == "__main__":
    end_at_signals("sasnet_predict: stopped, no unfinished files were written")

import numpy as np

from sasnet_core.scoring.scorer import Scorer
from sasnet_core.shell import cli


class RandomScorer(Scorer):
    """Random scores, the same for the same proteins, seed and rotation."""

    precision = "float32"

    def __init__(self):
        super().__init__()
        self.scored, self.limits, self.caches = [], [], []

    def use_cache(self, cache, member=0):
        self.caches.append(cache)

    def limit_sizes(self, sizes):
        self.limits.append(sizes)

    def _rotations(self, left, right, rotations, seed):
        sizes = left.n_residues, right.n_residues
        self.scored.append(sizes)
        for rotation in range(rotations):
            rng = np.random.default_rng([seed, rotation, *sizes])
            raw = rng.uniform(0.01, 0.99, sizes).astype(np.float32)
            yield raw, [raw]


def main(arguments=None):
    """Run sasnet_predict with a `RandomScorer`."""

    @contextmanager
    def loaded(settings, info):
        yield RandomScorer()

    cli.loaded = loaded
    return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
