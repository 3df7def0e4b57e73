from pathlib import Path

import pytest

from sasnet_core.docking.agreement import Agreement
from sasnet_core.docking.quality import Quality
from sasnet_core.docking.ranking import ScoredPose


@pytest.mark.parametrize("quality", [None, Quality(0.5, 2.0, 5.0, 0.6)])
def test_a_picture_is_drawn_with_and_without_a_known_complex(tmp_path, quality):
    pytest.importorskip("matplotlib")
    from sasnet_core.docking.plot import plot

    poses = [
        ScoredPose(Path("a.pdb"), k, "a", Agreement(9.0 - k, 1.0, 1.0, 40 + k, 9, 9), quality)
        for k in range(12)
    ]
    plot(poses, tmp_path / "ranking.png")
    plot(poses[:3], tmp_path / "few.png")
    assert (tmp_path / "ranking.png").read_bytes() != (tmp_path / "few.png").read_bytes()
