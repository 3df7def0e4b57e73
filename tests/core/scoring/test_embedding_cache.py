import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.scoring.embedding_cache import EmbeddingCache


def array(number, size=100):
    return np.full((size // 4, 2), number, np.int16)


@pytest.fixture
def make(tmp_path):
    caches = []

    def build(uses, memory=10**6, disk=10**6):
        caches.append(EmbeddingCache(uses, tmp_path, memory, disk))
        return caches[-1]

    yield build
    for cache in caches:
        cache.__exit__(None, None, None)


def test_an_owner_that_occurs_once_is_not_stored(make):
    cache = make({"a": 1, "b": 2})
    for owner in "abc":
        cache.put(owner, 0, array(1))
    assert cache.get("a", 0) is None and cache.get("c", 0) is None
    np.testing.assert_array_equal(cache.get("b", 0), array(1))


def test_an_owner_is_forgotten_after_its_last_use(make):
    cache = make({"a": 2}, memory=100)
    cache.put("a", 0, array(1))
    cache.put("a", 1, array(2))
    assert cache.bytes_in_memory == cache.bytes_on_disk == 100
    cache.finish("a")
    assert cache.get("a", 0) is not None and cache.get("a", 1) is not None
    cache.finish("a")
    assert cache.get("a", 0) is None and cache.get("a", 1) is None
    assert cache.bytes_in_memory == 0


def test_free_ranges_of_the_file_are_used_again(make):
    cache = make({"a": 2, "b": 2}, memory=0, disk=200)
    cache.put("a", 0, array(1))
    cache.put("b", 0, array(2))
    cache.put("b", 1, array(3))  # no room
    assert cache.get("b", 1) is None
    cache.finish("a"), cache.finish("a")
    cache.put("b", 1, array(3, 60))
    cache.put("b", 2, array(4, 40))
    assert cache.bytes_on_disk == 200
    for key, expected in enumerate((array(2), array(3, 60), array(4, 40))):
        np.testing.assert_array_equal(cache.get("b", key), expected)


def test_bfloat16_comes_back_as_it_was(make):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    cache, values = make({"a": 2}, memory=0), np.linspace(0, 1, 12).reshape(3, 4)
    cache.put("a", 0, values.astype(ml_dtypes.bfloat16))
    found = cache.get("a", 0)
    assert found.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(found, values.astype(ml_dtypes.bfloat16))


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=30),
    memory=st.integers(0, 2000),
    disk=st.integers(0, 2000),
)
def test_the_bounds_hold_and_stored_arrays_are_unchanged(tmp_path_factory, sizes, memory, disk):
    owners = {str(k): 2 for k in range(len(sizes))}
    with EmbeddingCache(owners, tmp_path_factory.getbasetemp(), memory, disk) as cache:
        for number, size in enumerate(sizes):
            cache.put(str(number), 0, array(number, 4 * size))
            assert cache.bytes_in_memory <= memory and cache.bytes_on_disk <= disk
            if number % 3 == 2:
                cache.finish(str(number - 2)), cache.finish(str(number - 2))
        for number, size in enumerate(sizes):
            found = cache.get(str(number), 0)
            assert found is None or np.array_equal(found, array(number, 4 * size))


def test_the_file_has_no_name(make, tmp_path):
    cache = make({"a": 2}, memory=0)
    cache.put("a", 0, array(1))
    assert cache.bytes_on_disk and not list(tmp_path.iterdir())
