import pytest

from sasnet_core.shell import progress
from sasnet_core.shell.progress import ListProgress, Pace, Work, duration, rotation_progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "about 1 s"), (80, "about 80 s"), (100, "about 2 min"), (3000, "about 50 min"),
     (5500, "about 2 h"), (200_000, "about 2 d")],
)  # fmt: skip
def test_durations_are_round(seconds, text):
    assert duration(seconds) == text


def test_the_pace_tells_residues_and_pairs_apart():
    pace = Pace()
    for residues, pairs in ((300, 20_000), (0, 20_000), (100, 50_000), (500, 9_000)):
        pace.add(residues, pairs, 0.01 * residues + 2e-5 * pairs)
    assert pace.seconds(200, 30_000) == pytest.approx(2 + 0.6)
    assert pace.seconds(0, 10_000) == pytest.approx(0.2)


def test_the_pace_of_one_lap_is_that_lap():
    pace = Pace()
    assert pace.seconds(10, 10) == 0
    pace.add(100, 6_000, 5.0)
    assert pace.seconds(100, 6_000) == pytest.approx(5.0)
    assert pace.seconds(50, 3_000) == pytest.approx(2.5)


def test_costs_are_never_below_nothing():
    pace = Pace()
    pace.add(100, 30_000, 1.0)
    pace.add(100, 60_000, 0.5)
    assert pace.seconds(10, 100_000) > 0


def test_the_time_left_of_a_list_is_measured(clock):
    work = [Work(200, 10_000), Work(100, 10_000), Work(100, 10_000)]
    with ListProgress(work, 0, 2, "none") as shown:
        for residues in (200, 100):
            clock[0] += 1.0  # reading
            shown.rotation(0)
            for done in (1, 2):
                clock[0] += 0.01 * residues + 0.5
                shown.rotation(done)
            clock[0] += 2.0  # writing
            shown.row_done()
        assert shown.seconds_left() == pytest.approx(2 * 1.5 + 3.0)
        shown.rotation(0)
        clock[0] += 1.5
        shown.rotation(1)
        assert shown.seconds_left(1) == pytest.approx(1.5 + 3.0, abs=0.6)


def test_a_note_says_how_long_a_long_run_takes(clock, capsys):
    with rotation_progress(20, "bar") as show:
        clock[0] += 100.0  # loading
        show(0)
        clock[0] += 19.0
        show(1)  # two at once
        clock[0] += 1.0
        show(2)
        show(3)
    shown = capsys.readouterr().err
    assert shown.count("note: about 3 min for the other rotations") == 1


def test_a_short_run_has_no_note(clock, capsys):
    with rotation_progress(20, "bar") as show:
        show(0)
        clock[0] += 0.5
        show(1)
        show(2)
    assert "note:" not in capsys.readouterr().err


def test_a_long_list_has_one_note(clock, capsys):
    with ListProgress([Work(100, 1000)] * 50, 3, 2, "bar") as progress:
        for _ in range(3):
            progress.rotation(0)
            for done in (1, 2):
                clock[0] += 10.0
                progress.rotation(done)
            progress.row_done()
    shown = capsys.readouterr().err
    assert shown.count("note: about ") == 1 and "for the list" in shown
    assert "6/53" in shown and "left" in shown
