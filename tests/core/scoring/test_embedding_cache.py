import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.scoring.embedding_cache import Shelf


def array(number, size=100):
    return np.full((size // 4, 2), number, np.int16)


@pytest.fixture
def make(tmp_path):
    shelves = []

    def build(uses, memory=10**6, disk=10**6):
        shelves.append(Shelf(uses, tmp_path, memory, disk))
        return shelves[-1]

    yield build
    for shelf in shelves:
        shelf.__exit__(None, None, None)


def test_what_comes_once_is_not_kept(make):
    shelf = make({"a": 1, "b": 2})
    for owner in "abc":
        shelf.put(owner, 0, array(1))
    assert shelf.get("a", 0) is None and shelf.get("c", 0) is None
    np.testing.assert_array_equal(shelf.get("b", 0), array(1))


def test_what_has_come_for_the_last_time_is_forgotten(make):
    shelf = make({"a": 2}, memory=100)
    shelf.put("a", 0, array(1))
    shelf.put("a", 1, array(2))
    assert shelf.bytes_held == shelf.bytes_spilled == 100
    shelf.finish("a")
    assert shelf.get("a", 0) is not None and shelf.get("a", 1) is not None
    shelf.finish("a")
    assert shelf.get("a", 0) is None and shelf.get("a", 1) is None
    assert shelf.bytes_held == 0


def test_room_on_disk_is_used_again(make):
    shelf = make({"a": 2, "b": 2}, memory=0, disk=200)
    shelf.put("a", 0, array(1))
    shelf.put("b", 0, array(2))
    shelf.put("b", 1, array(3))  # no room
    assert shelf.get("b", 1) is None
    shelf.finish("a"), shelf.finish("a")
    shelf.put("b", 1, array(3, 60))
    shelf.put("b", 2, array(4, 40))
    assert shelf.bytes_spilled == 200
    for key, expected in enumerate((array(2), array(3, 60), array(4, 40))):
        np.testing.assert_array_equal(shelf.get("b", key), expected)


def test_bfloat16_comes_back_as_it_was(make):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    shelf, values = make({"a": 2}, memory=0), np.linspace(0, 1, 12).reshape(3, 4)
    shelf.put("a", 0, values.astype(ml_dtypes.bfloat16))
    found = shelf.get("a", 0)
    assert found.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(found, values.astype(ml_dtypes.bfloat16))


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=30),
    memory=st.integers(0, 2000),
    disk=st.integers(0, 2000),
)
def test_bounds_hold_and_what_is_there_is_right(tmp_path_factory, sizes, memory, disk):
    owners = {str(k): 2 for k in range(len(sizes))}
    with Shelf(owners, tmp_path_factory.getbasetemp(), memory, disk) as shelf:
        for number, size in enumerate(sizes):
            shelf.put(str(number), 0, array(number, 4 * size))
            assert shelf.bytes_held <= memory and shelf.bytes_spilled <= disk
            if number % 3 == 2:
                shelf.finish(str(number - 2)), shelf.finish(str(number - 2))
        for number, size in enumerate(sizes):
            found = shelf.get(str(number), 0)
            assert found is None or np.array_equal(found, array(number, 4 * size))


def test_the_file_has_no_name(make, tmp_path):
    shelf = make({"a": 2}, memory=0)
    shelf.put("a", 0, array(1))
    assert shelf.bytes_spilled and not list(tmp_path.iterdir())
