import json

import numpy as np
import pytest
from PIL import Image

from sasnet_core.dataset.complexes import MANIFEST, save_complex
from sasnet_core.dataset.overview import _edges, draw_overview, read_overview, typical
from sasnet_core.errors import DatasetError
from sasnet_core.files import write_table
from sasnet_core.results import picture
from sasnet_core.results.picture import draw_complex
from tests.core.build import random_complex

MINED = ("id", "assembly", "n_left", "n_right", "method", "resolution", "buried_area",
         "n_contacts", "cluster", "split", "file")  # fmt: skip


def mined_row(k):
    return {
        "id": f"c{k}",
        "assembly": "1",
        "n_left": 100 + k,
        "n_right": 60,
        "method": "X-RAY DIFFRACTION" if k else "",
        "resolution": f"{1 + k / 10:.1f}" if k else "",
        "buried_area": 500 + k,
        "n_contacts": 20 + k,
        "cluster": f"{k}-{k}",
        "split": "train" if k % 2 else "validation",
        "file": f"{k}.npz",
    }


@pytest.fixture
def mined(tmp_path):
    write_table([mined_row(k) for k in range(21)], tmp_path / MANIFEST, MINED)
    rejected = [("a", "residues", "12"), ("b", "copy", "x"), ("c", "copy", "y")]
    columns = ("candidate", "rule", "value")
    write_table([dict(zip(columns, r, strict=True)) for r in rejected],
                tmp_path / "rejected.csv", columns)  # fmt: skip
    rules = {"min_residues": 50, "max_resolution": 3.5, "min_buried_area": 500.0}
    (tmp_path / "dataset.json").write_text(json.dumps({"settings": {"rules": rules}}))
    return tmp_path


def test_counts_distributions_and_reasons_of_a_mined_dataset(mined):
    overview = read_overview(mined)
    by_label = {shown.label: shown for shown in overview.histograms}
    assert list(by_label) == [
        "residues of a protein",
        "resolution (A)",
        "buried surface area (A^2)",
        "contacts of a complex",
    ]
    proteins, resolution = by_label["residues of a protein"], by_label["resolution (A)"]
    assert (len(proteins.values), proteins.limit) == (42, 50)
    assert sorted(proteins.values)[-1] == 120
    assert (len(resolution.values), resolution.unknown, resolution.limit) == (20, 1, 3.5)
    assert by_label["contacts of a complex"].limit is None
    assert overview.rejections == {"copy": 2, "residues": 1}
    text = "\n".join(overview.lines())
    assert f"21 complexes, {sum(range(20, 41))} positives" in text
    assert "method: X-RAY DIFFRACTION 20, unknown 1" in text
    assert "split: validation 11, train 10" in text
    assert "rejected: 3 (copy 2, residues 1)" in text
    assert typical(overview.rows)["id"] == "c10"


def test_of_a_benchmark_the_unbound_complexes_are_counted(tmp_path):
    rows = [
        {"id": "1ABC", "state": state, "n_left": 10, "n_right": 9, "n_contacts": count,
         "unmapped_contacts": 3, "cluster": "1ABC", "split": "DB3", "file": "x.npz"}
        for state, count in (("unbound", 5), ("bound", 8))
    ]  # fmt: skip
    write_table(rows, tmp_path / MANIFEST, list(rows[0]))
    overview = read_overview(tmp_path)
    assert [row["state"] for row in overview.rows] == ["unbound"]
    assert overview.lines()[0].endswith("1 complexes, 5 positives (5.56% of 90 pairs)")
    assert overview.histograms[-1].values.tolist() == [3]


def test_the_picture_shows_every_panel_and_the_drawing(mined, tmp_path):
    overview = read_overview(mined)
    drawing = tmp_path / "drawing.png"
    Image.new("RGB", (300, 100), (1, 200, 3)).save(drawing)
    draw_overview(overview, tmp_path / "with.png", drawing)
    draw_overview(overview, tmp_path / "without.png")
    with Image.open(tmp_path / "with.png") as image, Image.open(tmp_path / "without.png") as plain:
        pixels = np.asarray(image.convert("RGB"))
        assert (pixels == (1, 200, 3)).all(axis=-1).sum() > 10_000
        bars = (np.asarray(plain.convert("RGB")) == (0, 114, 178)).all(axis=-1)
        assert bars.any(axis=1).sum() > 300, "two rows of panels"
        assert image.height > plain.height


@pytest.mark.parametrize("text", ["id,n_contacts\n", "id,n_contacts,cluster\na,many,1-1\n"])
def test_an_empty_or_damaged_manifest_is_refused(tmp_path, text):
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(DatasetError):
        read_overview(tmp_path).lines()


@pytest.mark.pymol
def test_a_complex_is_drawn_with_both_partners_and_their_contacts(tmp_path, monkeypatch):
    pytest.importorskip("pymol2")
    item = random_complex(3, 12, 12)
    save_complex(item, tmp_path / "c.npz")
    drawn, compose = [], picture.compose
    monkeypatch.setattr(picture, "compose", lambda panels: drawn.extend(panels) or compose(panels))
    draw_complex(item, tmp_path / "c.png")
    panels = [np.asarray(image).astype(int) for image, *_ in drawn]
    with Image.open(tmp_path / "c.png") as image:
        assert image.width > sum(panel.shape[1] for panel in panels)
    blue = [(p[..., 2] - p[..., 0] > 60).sum() for p in panels]
    orange = [(p[..., 0] - p[..., 2] > 60).sum() for p in panels]
    assert blue[0] and orange[0]
    assert blue[1] > 5000 and orange[1] == 0
    assert orange[2] > 5000 and blue[2] == 0


def test_a_value_on_an_edge_counts_above_it():
    values = np.arange(8, 36) / 10
    edges = _edges(values)
    assert {round(float(edge), 9) for edge in edges} >= {1.7, 1.9, 2.4}
    counts, _ = np.histogram(values[:-1], bins=edges)
    assert counts.max() == counts[0] == 1
