"""Random protein sequences, and mutated ones."""

import numpy as np

LETTERS = "ACDEFGHIKLMNPQRSTVWY"


def random_sequence(seed, length=200):
    """Draw a sequence."""
    return "".join(np.random.default_rng(seed).choice(list(LETTERS), length))


def mutated(sequence, share, seed=0):
    """Put other letters at a share of the places."""
    rng = np.random.default_rng(seed)
    letters = list(sequence)
    for place in rng.choice(len(letters), round(share * len(letters)), replace=False):
        letters[place] = rng.choice([x for x in LETTERS if x != letters[place]])
    return "".join(letters)
