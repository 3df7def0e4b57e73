from tests.fuzz_structures import LIMIT, run


def test_files_changed_at_random_are_read_or_refused_and_come_back_after_writing(tmp_path):
    outcomes, failures, slowest = run(0, 200, tmp_path)
    assert not failures
    assert outcomes["read"] > 40
    assert slowest < LIMIT
