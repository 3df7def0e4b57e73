import threading

import pytest

from sasnet_core.ahead import Ahead


class Squares:
    """Squares of the numbers in lists, and in which thread each was made."""

    def __init__(self):
        self.threads = {}

    def __call__(self, numbers):
        self.threads[numbers[0]] = threading.current_thread()
        return numbers[0] ** 2


def test_the_next_call_is_begun_in_a_thread_and_made_once():
    squares = Squares()
    ahead, asked = Ahead(squares), [[k] for k in range(5)]
    found = [ahead(one, then) for one, then in zip(asked, [*asked[1:], None], strict=True)]
    assert found == [0, 1, 4, 9, 16] and list(squares.threads) == [0, 1, 2, 3, 4]
    here = threading.current_thread()
    assert [thread is here for thread in squares.threads.values()] == [True] + 4 * [False]


def test_what_was_begun_for_another_object_is_not_taken():
    ahead = Ahead(Squares())
    assert ahead([2], then=[3]) == 4
    assert ahead([5], then=[6]) == 25
    assert ahead([6]) == 36


def test_an_error_of_the_thread_reaches_the_caller_who_asks_for_it():
    ahead, bad = Ahead(lambda numbers: 1 / numbers[0]), [0]
    assert ahead([1], then=bad) == 1
    with pytest.raises(ZeroDivisionError):
        ahead(bad)
    assert ahead([2]) == 0.5
