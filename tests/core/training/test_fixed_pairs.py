import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.config import TrainConfig
from sasnet_core.errors import DatasetError
from sasnet_core.files import write_table
from sasnet_core.training.batches import stream_batches
from sasnet_core.training.fixed_pairs import choose_complexes, fixed_pairs
from sasnet_core.training.stream import ComplexStream, Source
from tests.core.build import random_complex, tiny_model, write_dataset

ROWS = [
    {"id": f"c{k}", "cluster": str(k % 4), "n_contacts": str(5 + k), "split": "train"}
    for k in range(12)
]


@given(pairs=st.integers(1, 63).map(lambda n: 2 * n), seed=st.integers(0, 5))
def test_complexes_hold_the_number_of_pairs_exactly(pairs, seed):
    chosen = choose_complexes(ROWS, pairs, seed)
    assert sum(contacts for _, contacts in chosen) == pairs // 2
    assert all(contacts == int(row["n_contacts"]) for row, contacts in chosen[:-1])
    clusters = [row["cluster"] for row, _ in chosen]
    assert len(set(clusters)) == min(4, len(chosen)), "a complex of every cluster first"


def test_the_order_is_of_the_seed():
    first, again, other = (
        [row["id"] for row, _ in choose_complexes(ROWS, 60, seed)] for seed in (0, 0, 1)
    )
    assert first == again != other


def test_a_round_shows_every_complex_that_holds_pairs(tmp_path):
    """Two complexes of one cluster are two visits; like partners that are not shown hold none."""
    items = [random_complex(seed, name=f"c{seed}") for seed in range(3)]
    folder = write_dataset(tmp_path, items, ["0-1", "0-1", "2-2"])
    rows = [
        {"id": item.name, "cluster": cluster, "split": "train", "file": f"{item.name}.npz",
         "n_contacts": len(item.contacts)}
        for item, cluster in zip(items, ("0-1", "0-1", "2-2"), strict=True)
    ]  # fmt: skip
    write_table(rows, folder / "manifest.csv", list(rows[0]))
    pairs = 2 * (len(items[0].contacts) + len(items[1].contacts))
    stream = ComplexStream([Source(folder)], 0, pairs, like_repeats=0)
    assert {stream.complex_at(place).name for place in range(len(stream))} == {"c0", "c1"}


def test_too_many_pairs_are_refused():
    assert choose_complexes(ROWS, 2 * 126, 0)
    with pytest.raises(DatasetError, match="at most 252 pairs"):
        choose_complexes(ROWS, 2 * 127, 0)


def test_pairs_are_different_and_always_the_same():
    item = random_complex(1, 20, 15)
    positives, negatives = fixed_pairs(item, 6, 0)
    contacts = set(map(tuple, item.contacts.tolist()))
    assert len(positives) == len(set(map(tuple, positives.tolist())) & contacts) == 6
    assert len(set(map(tuple, negatives.tolist())) - contacts) == 6
    for one, two in zip((positives, negatives), fixed_pairs(item, 6, 0), strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(fixed_pairs(item, 6, 1)[1], negatives)


def test_a_run_sees_its_pairs_and_no_others(tmp_path):
    items = [random_complex(k, name=f"c{k}") for k in range(3)]
    folder = write_dataset(tmp_path, items, ["0", "1", "2"])
    rows = [
        {"id": item.name, "cluster": str(k), "split": "train", "file": f"{item.name}.npz",
         "n_contacts": len(item.contacts)} for k, item in enumerate(items)
    ]  # fmt: skip
    write_table(rows, folder / "manifest.csv", list(rows[0]))
    wanted = 2 * (len(items[0].contacts) + 2)
    stream = ComplexStream([Source(folder)], 0, wanted)
    config = TrainConfig(complexes_per_step=1, distinct_pairs=wanted, auxiliary=1.0)  # all residues
    batches = stream_batches(stream, tiny_model(16), config, 0)
    seen = set()
    for place in range(20 * len(stream)):
        batch, item = next(batches), stream.complex_at(place)
        n_left = item.left.n_residues
        for (one, two), label in zip(batch.pairs.tolist(), batch.labels, strict=True):
            left, right = min(one, two), max(one, two) - n_left
            seen.add((item.name, left, right, bool(label)))
    assert sum(label for *_, label in seen) == wanted // 2
    assert len(seen) <= wanted
    assert len(seen) > 0.8 * wanted, "non-contacts may be fewer than contacts here"
