import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.grouping import connected

LINKS = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=25)


def links_of(pairs):
    return np.array(pairs, int).reshape(-1, 2)


@given(pairs=LINKS)
def test_things_share_a_group_if_links_lead_from_one_to_the_other(pairs):
    labels = connected(links_of(pairs), 20)
    for start in range(20):
        reached, before = {start}, set()
        while reached != before:
            before = set(reached)
            reached |= {end for pair in pairs if reached & set(pair) for end in pair}
        assert set(np.flatnonzero(labels == labels[start]).tolist()) == reached


@given(pairs=LINKS)
def test_groups_are_numbered_in_order_of_their_first_member(pairs):
    labels = connected(links_of(pairs), 20).tolist()
    assert list(dict.fromkeys(labels)) == list(range(len(set(labels))))


def test_things_without_links_are_alone():
    assert connected(links_of([]), 3).tolist() == [0, 1, 2]
    assert connected(links_of([]), 0).tolist() == []
