import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sasnet_core.dataset.splits import (
    FEW_UNLIKE,
    LEFT_OUT,
    TRAIN,
    VALIDATION,
    connected_groups,
    hold_out_unlike,
    protein_clusters,
    split_complexes,
)
from sasnet_core.errors import DatasetError, SettingError

PAIRS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=60)


def names_of(pairs):
    return [f"{left}-{right}" for left, right in pairs]


def clusters_by_split(pairs, splits):
    found = {}
    for pair, name in zip(pairs, splits.names, strict=True):
        found.setdefault(name, set()).update(pair)
    return found


@given(
    pairs=PAIRS,
    validation=st.floats(0, 0.6),
    test=st.floats(0, 0.3),
    seed=st.integers(0, 9),
    cut=st.booleans(),
)
def test_no_two_splits_share_a_protein_cluster_and_none_is_larger_than_asked_for(
    pairs, validation, test, seed, cut
):
    shares = {"validation": validation, "test": test}
    splits = split_complexes(names_of(pairs), shares, seed, cut)
    found = clusters_by_split(pairs, splits)
    found.pop(LEFT_OUT, None)
    kept = sorted(found)
    for k, one in enumerate(kept):
        for other in kept[k + 1 :]:
            assert not found[one] & found[other]
    assert len(splits.names) == len(pairs)
    for name, share in shares.items():
        assert splits.names.count(name) <= round(share * len(pairs))
    if not cut:
        assert LEFT_OUT not in splits.names


@given(pairs=PAIRS, seed=st.integers(0, 9), cut=st.booleans())
def test_only_complexes_across_a_cut_are_left_out(pairs, seed, cut):
    splits = split_complexes(names_of(pairs), {"validation": 0.3}, seed, cut)
    found = clusters_by_split(pairs, splits)
    for pair, name in zip(pairs, splits.names, strict=True):
        if name == LEFT_OUT:
            assert len(set(pair) & found.get("validation", set())) == 1


@given(pairs=PAIRS, seed=st.integers(0, 9), order=st.randoms(use_true_random=False))
def test_the_order_of_the_complexes_changes_nothing(pairs, seed, order):
    rows = list(range(len(pairs)))
    order.shuffle(rows)
    for cut in (False, True):
        straight = split_complexes(names_of(pairs), {"validation": 0.3}, seed, cut).names
        mixed = split_complexes(
            names_of([pairs[row] for row in rows]), {"validation": 0.3}, seed, cut
        ).names
        assert [straight[row] for row in rows] == mixed


@given(pairs=PAIRS)
def test_groups_are_those_of_a_walk_from_complex_to_complex(pairs):
    groups = connected_groups([(str(a), str(b)) for a, b in pairs])
    for k, pair in enumerate(pairs):
        reached, before = set(pair), set()
        while reached != before:
            before = set(reached)
            for other in pairs:
                if reached & set(other):
                    reached |= set(other)
        for j, other in enumerate(pairs):
            assert (groups[j] == groups[k]) == bool(reached & set(other))


def test_separate_complexes_reach_the_share_exactly_and_seeds_differ():
    names = [f"{k}-{k}" for k in range(200)]
    first, second = (split_complexes(names, {"validation": 0.1}, seed).names for seed in (0, 1))
    assert first.count("validation") == second.count("validation") == 20
    assert first != second


def test_a_large_group_stays_out_of_a_small_split():
    names = ["0-0"] * 15 + [f"{k}-{k}" for k in range(1, 86)]
    for seed in range(10):
        splits = split_complexes(names, {"validation": 0.2}, seed)
        assert splits.names.count("validation") == 20
        assert splits.names[:15] == [TRAIN] * 15


def test_one_giant_group_is_kept_whole_unless_it_may_be_cut():
    chain = [f"{k}-{k + 1}" for k in range(100)]
    assert split_complexes(chain, {"validation": 0.1}, 0).names == [TRAIN] * 100
    for seed in range(5):
        names = split_complexes(chain, {"validation": 0.1}, seed, cut=True).names
        assert names.count("validation") == 10
        assert 1 <= names.count(LEFT_OUT) <= 2


def test_a_cut_leaves_out_far_less_than_a_random_one_on_a_graph_with_communities():
    rng = np.random.default_rng(0)
    pairs = [tuple(10 * g + rng.integers(10, size=2)) for g in range(20) for _ in range(30)]
    pairs += [(10 * g, 10 * g + 10) for g in range(19)]
    splits = split_complexes(names_of(pairs), {"validation": 0.2}, 0, cut=True)
    assert splits.names.count("validation") > 0.19 * len(pairs)
    assert splits.names.count(LEFT_OUT) < 0.05 * len(pairs)


@pytest.mark.parametrize("cluster", ["1A2K", "", "-3", "3-", "1-2-3"])
def test_a_cluster_that_is_no_pair_is_refused(cluster):
    with pytest.raises(DatasetError, match=r"two protein clusters like 12-57"):
        protein_clusters(cluster)


@pytest.mark.parametrize("shares", [{"validation": -0.1}, {"validation": 0.6, "test": 0.4}])
def test_shares_out_of_range_are_refused(shares):
    with pytest.raises(SettingError, match="less than 1 together"):
        split_complexes(["0-1"], shares, 0)


def test_a_negative_seed_is_refused():
    with pytest.raises(SettingError, match="seed must be 0 or more"):
        split_complexes(["0-1"], {}, -1)


@given(pairs=PAIRS, seen=st.lists(st.booleans(), min_size=60, max_size=60),
       count=st.integers(1, 30), seed=st.integers(0, 9))  # fmt: skip
def test_unlike_partners_of_unseen_groups_are_held_out(pairs, seen, count, seed):
    seen = seen[: len(pairs)]
    splits = hold_out_unlike(names_of(pairs), seen, count, seed)
    groups = splits.groups.tolist()
    held_out = {g for g, name in zip(groups, splits.names, strict=True) if name != TRAIN}
    assert not held_out & {g for g, one in zip(groups, seen, strict=True) if one}
    for (left, right), group, name in zip(pairs, groups, splits.names, strict=True):
        expected = (VALIDATION if left != right else LEFT_OUT) if group in held_out else TRAIN
        assert name == expected
    unlike = {g: sum(a != b for (a, b), h in zip(pairs, groups, strict=True) if h == g)
              for g in set(groups)}  # fmt: skip
    free = set(groups) - {g for g, one in zip(groups, seen, strict=True) if one}
    found = splits.names.count(VALIDATION)
    assert found >= min(count, sum(unlike[g] for g in free))
    if held_out:
        assert all(unlike[g] for g in held_out)
        assert found - max(unlike[g] for g in held_out) < count, "the last group was needed"


def test_groups_of_many_unlike_partners_are_held_out_last():
    star = [f"0-{k}" for k in range(1, FEW_UNLIKE + 2)]
    names = [*star, *(f"{k}-{k + 1}" for k in range(100, 140, 2))]
    for seed in range(5):
        splits = hold_out_unlike(names, [False] * len(names), 20, seed)
        assert splits.names == [TRAIN] * len(star) + [VALIDATION] * 20
        assert TRAIN not in hold_out_unlike(names, [False] * len(names), 21, seed).names


def test_another_seed_holds_out_other_complexes():
    names = [f"{k}-{k + 1}" for k in range(0, 100, 2)]
    one, other = (hold_out_unlike(names, [False] * 50, 10, seed).names for seed in (0, 1))
    assert one != other


@pytest.mark.parametrize(("count", "seed"), [(0, 0), (1, -1)])
def test_a_count_or_seed_out_of_range_is_refused(count, seed):
    with pytest.raises(SettingError, match="count must be 1 or more and seed 0 or more"):
        hold_out_unlike(["0-1"], [False], count, seed)
