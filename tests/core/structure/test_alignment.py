import pytest

pytest.importorskip("pyopal")

from sasnet_core.structure.alignment import cluster, find_similar, map_sequence  # noqa: E402
from tests.core.sequences import mutated, random_sequence  # noqa: E402


def test_identical_sequences_have_identity_one():
    (hit,) = find_similar([random_sequence(1)], [random_sequence(1)], 0.3)
    assert (hit.query, hit.target, hit.identity, hit.columns) == (0, 0, 1.0, 200)


def test_mutated_sequences_have_the_identity_that_is_left():
    sequence = random_sequence(1)
    (hit,) = find_similar([sequence], [mutated(sequence, 0.4)], 0.3)
    assert hit.identity == pytest.approx(0.6, abs=0.05)


def test_unrelated_sequences_do_not_hit():
    queries = [random_sequence(k) for k in range(5)]
    targets = [random_sequence(k) for k in range(10, 40)]
    assert find_similar(queries, targets, 0.0) == []


def test_a_shared_domain_counts_over_its_own_columns():
    domain = random_sequence(1, 80)
    one = random_sequence(2, 150) + domain
    two = domain + random_sequence(3, 200)
    (hit,) = find_similar([one], [two], 0.3)
    assert hit.identity > 0.9 and 75 <= hit.columns <= 95


def test_a_short_match_in_long_chains_does_not_count():
    peptide = random_sequence(1, 30)
    one, two = random_sequence(2, 150) + peptide, peptide + random_sequence(3, 200)
    assert find_similar([one], [two], 0.3) == []
    assert len(find_similar([peptide], [two], 0.3)) == 1


def test_gaps_count_as_columns():
    sequence = random_sequence(1)
    (hit,) = find_similar([sequence], [sequence[:100] + sequence[110:]], 0.3)
    assert (hit.columns, hit.identity) == (200, pytest.approx(0.95))


def test_hits_lie_above_the_limit_and_keep_their_rows():
    sequence = random_sequence(1)
    targets = [random_sequence(7), mutated(sequence, 0.5), sequence]
    assert [hit.target for hit in find_similar([sequence], targets, 0.7)] == [2]
    assert {hit.target for hit in find_similar([sequence], targets, 0.3)} == {1, 2}


def test_nothing_is_similar_to_nothing():
    assert find_similar([random_sequence(1)], [], 0.3) == []
    assert find_similar([], [random_sequence(1)], 0.3) == []
    assert find_similar([""], [random_sequence(1)], 0.3) == []


def test_unknown_letters_are_read_as_x():
    sequence = random_sequence(1)
    assert len(find_similar([sequence[:-2] + "U?"], [sequence], 0.3)) == 1


def test_a_careful_search_finds_the_more_identical_of_two_domains():
    domain = random_sequence(1, 120)
    near, far = mutated(domain[:70], 0.45), mutated(domain, 0.6, 5)
    pairs = [([far + random_sequence(2, 50) + near], [domain]),
             ([domain], [near + random_sequence(3, 50) + far])]  # fmt: skip
    for query, target in pairs:
        assert find_similar(query, target, 0.0)[0].identity < 0.5
        assert find_similar(query, target, 0.0)[0].columns > 100
        (hit,) = find_similar(query, target, 0.5, careful=True)
        assert hit.identity > 0.5


def test_threads_find_the_same():
    sequences = [mutated(random_sequence(k // 3), 0.3, k) for k in range(9)]
    alone = find_similar(sequences, sequences, 0.3)
    assert find_similar(sequences, sequences, 0.3, threads=3) == alone and len(alone) > 9


def test_clusters_are_joined_by_chains_of_similarity():
    first, other = random_sequence(1), random_sequence(2)
    middle = mutated(first, 0.35, 3)
    last = mutated(middle, 0.35, 4)
    labels = cluster([first, other, middle, last], 0.5)
    assert labels.tolist() == [0, 1, 0, 0]


def test_mapping_follows_a_gap_and_a_tail():
    target = random_sequence(1, 60)
    source = target[5:20] + target[28:] + "GG"
    rows, identity = map_sequence(source, target)
    expected = [*range(5, 20), *range(28, 60), -1, -1]
    assert rows.tolist() == expected
    assert identity == pytest.approx(47 / 49)


def test_mapping_goes_over_a_mutation():
    target = random_sequence(1, 60)
    source = target[:30] + ("A" if target[30] != "A" else "G") + target[31:]
    rows, identity = map_sequence(source, target)
    assert rows.tolist() == list(range(60))
    assert identity == pytest.approx(59 / 60)
