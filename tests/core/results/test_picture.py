import itertools
import subprocess
import sys

import numpy as np
import psutil
import pytest

from sasnet_core.results import picture
from sasnet_core.results.picture import (
    SCALE,
    SPECTRUM_STEPS,
    draw,
    facing_rotation,
    likely_direction,
    spectrum_colours,
    unit,
)
from sasnet_core.structure import reading
from tests.core.build import chain_lines, random_prediction, save_prediction, write_pdb


def test_the_even_steps_meet_every_stop_of_the_scale():
    colours = list(spectrum_colours().values())
    assert len(colours) == SPECTRUM_STEPS + 1
    for stop, *rgb in SCALE:
        assert colours[round(stop * SPECTRUM_STEPS)] == pytest.approx(rgb, abs=1e-4)


def test_the_scale_gets_darker_from_where_residues_begin_to_be_likely():
    lightness = [np.dot(rgb, (0.2126, 0.7152, 0.0722)) for stop, *rgb in SCALE if stop >= 0.2]
    assert all(one > other for one, other in itertools.pairwise(lightness))


def test_the_likely_direction_points_to_the_likely_points():
    points = np.array([[0.0, 0, 0], [10, 0, 0], [0, 10, 0], [0, 0, 10]])
    found = likely_direction(points, np.array([0.0, 0.9, 0, 0]))
    expected = points[1] - points.mean(axis=0)
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-4)


def test_a_direction_of_no_length_is_z():
    assert unit(np.zeros(3)).tolist() == [0, 0, 1]
    assert unit(np.array([0.0, 2, 0])).tolist() == [0, 1, 0]


@pytest.mark.parametrize("direction", [(0, 0, 1), (1, 0, 0), (0.6, -0.8, 0), (-0.6, 0, 0.8)])
def test_facing_turns_a_direction_to_the_viewer(direction):
    rotation = facing_rotation(np.array(direction, float))
    np.testing.assert_allclose(rotation @ direction, (0, 0, 1), atol=1e-12)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)


@pytest.mark.pymol
@pytest.mark.parametrize(("chains", "panels"), [(("A", "B"), 3), (("A", "A"), 2)])
def test_each_partner_has_a_panel_and_a_complex_one_more(tmp_path, monkeypatch, chains, panels):
    pymol2 = pytest.importorskip("pymol2", reason="PyMOL is not installed")
    image = pytest.importorskip("PIL.Image")
    lines = [*chain_lines("A", 4), *chain_lines("B", 3, start=(0, 5, 0))]
    path = write_pdb(tmp_path / "pair.pdb", lines)
    left = reading.read(path)
    right = left if panels == 3 else reading.read(path)
    prediction = random_prediction((left, [chains[0]]), (right, [chains[1]]))
    folder = save_prediction(prediction, tmp_path / "out")
    monkeypatch.setattr(picture, "PANEL", 60)
    draw(folder)
    with image.open(folder / "picture.png") as drawn:
        assert drawn.size == (60 * panels, 60 + picture.MARGIN)
    with pymol2.PyMOL() as session:
        session.cmd.load(str(folder / "session.pse"))
        assert sorted(session.cmd.get_object_list()) == ["sasnet_left", "sasnet_right"]
        found = []
        session.cmd.iterate("sasnet_left and name CA", "found.append(b)", space={"found": found})
    assert found == pytest.approx(prediction.probabilities("left")[0], abs=1e-3)


def test_a_drawing_process_ends_when_its_parent_is_killed():
    child = "from sasnet_core.results.picture import *; import time; end_with_parent(0.05); "
    child += "print(os.getpid(), flush=True); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    command = [sys.executable, "-c", parent]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        drawing = psutil.Process(int(process.stdout.readline()))
        process.kill()
    drawing.wait(10)
