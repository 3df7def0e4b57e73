import re
import subprocess
import sys

import numpy as np
import psutil
import pytest

from sasnet_core.results import picture
from sasnet_core.results.panels import TOUCHING
from sasnet_core.results.picture import draw
from sasnet_core.structure import reading
from tests.core.build import chain_lines, random_prediction, save_prediction, write_pdb


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
    drawn = []
    monkeypatch.setattr(picture, "PANEL", 90)
    monkeypatch.setattr(picture, "SMALL_PANEL", 60)
    compose = picture.compose
    monkeypatch.setattr(picture, "compose", lambda *args: drawn.extend(args) or compose(*args))
    draw(folder)
    heights = [one.height for one, *_ in drawn[0]]
    assert heights[:panels] == [90] * panels and set(heights[panels:]) <= {60}
    patches = sum(min(len(found), 3) for found in prediction.patches.values())
    assert len(heights) == patches + (panels == 3)
    for one, mask, title, ranks in drawn[0]:
        assert mask.shape == (one.height, one.width)
        front = int(re.search(r"patch (\d) in front", title)[1]) if ranks else 0
        codes = set(np.unique(mask).tolist())
        assert front in {code % TOUCHING for code in codes}
        assert (max(codes) >= TOUCHING) == (panels == 3)
        inked = np.asarray(one.convert("L")) < 250
        assert inked.any(axis=0).mean() > 0.8 or inked.any(axis=1).mean() > 0.8
    assert drawn[1].known == (panels == 3)
    with image.open(folder / "picture.png") as whole:
        assert whole.width >= 90 * panels * picture.LEAST_WIDTH
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
