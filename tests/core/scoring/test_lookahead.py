import threading
import time

import pytest

from sasnet_core.scoring.lookahead import in_order


def test_results_come_in_order_whichever_is_made_first():
    def slow_at_first(number):
        time.sleep(0.05 if number == 0 else 0)
        return number**2

    assert list(in_order(slow_at_first, range(7), threads=3)) == [0, 1, 4, 9, 16, 25, 36]


def test_without_threads_each_is_made_when_it_is_asked_for():
    made = []
    results = in_order(lambda n: made.append((n, threading.current_thread())), range(3), threads=0)
    assert made == []
    next(results)
    assert made == [(0, threading.current_thread())]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_so_many_are_worked_on_at_once(threads):
    together = threading.Barrier(threads)  # breaks if fewer come within its time
    found = list(in_order(lambda _: together.wait(10), range(2 * threads), threads))
    assert sorted(found) == sorted([*range(threads), *range(threads)])


def test_nothing_is_begun_that_nobody_has_room_for():
    begun = []
    results = in_order(begun.append, range(100), threads=2)
    next(results)
    results.close()
    assert 1 <= len(begun) <= 3
    assert not [t for t in threading.enumerate() if "ThreadPool" in t.name]


def test_what_fails_fails_where_it_is_asked_for():
    results = in_order(lambda number: 1 / number, [2, 0, 4], threads=2)
    assert next(results) == 0.5
    with pytest.raises(ZeroDivisionError):
        next(results)
