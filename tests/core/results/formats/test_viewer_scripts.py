import re
from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.results.colours import scale_to, scale_top
from sasnet_core.results.formats.viewer_scripts import residue_spec, write_chimerax, write_pymol
from sasnet_core.results.reading import read_result
from sasnet_core.structure import reading
from tests.core.build import (
    atom_line,
    chain_lines,
    random_prediction,
    residue_lines,
    save_prediction,
    write_cif,
    write_pdb,
)


@pytest.fixture
def lines():
    return [
        *chain_lines("A", 6, first=-2),
        *residue_lines("A", 3, (22.8, 0, 0), icode="A"),
        atom_line("N", "CYS", "A", 9, (30, 0, 0)),
        *chain_lines("B", 5, start=(0, 5, 0)),
    ]


def saved(entries, chains, tmp_path):
    prediction = random_prediction(*zip(entries, chains, strict=True))
    return read_result(save_prediction(prediction, tmp_path / "out"))


@pytest.fixture
def whole(lines, tmp_path):
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    return saved((entry, entry), (["A"], ["B"]), tmp_path)


@pytest.fixture
def apart(lines, tmp_path):
    """Both partners are chain A of the same file, read twice."""
    path = write_pdb(tmp_path / "pair.pdb", lines)
    return saved((reading.read(path), reading.read(path)), (["A"], ["A"]), tmp_path)


def read_defattr(path):
    """Read an attribute file as its documentation describes it: {attribute: {spec: value}}."""
    found, recipients, current = {}, {}, None
    for line in path.read_text().splitlines():
        if line.startswith("\t"):
            _, spec, value = line.split("\t")
            assert spec not in found[current]
            found[current][spec] = float(value)
            continue
        word, value = line.split(": ")
        assert word in ("attribute", "recipient", "match mode")
        if word == "attribute":
            current = value
            assert re.fullmatch(r"[a-z]\w*", value)
            found[current] = {}
        recipients.setdefault(current, []).append(value)
    assert all("residues" in controls and "1-to-1" in controls for controls in recipients.values())
    return found


def test_the_attributes_are_those_of_the_tables(whole, tmp_path):
    write_chimerax(whole, tmp_path)
    found = read_defattr(tmp_path / "chimerax.defattr")
    assert set(found) == {"sasnet_probability", "sasnet_spread"}
    for name, values in found.items():
        kind = name.removeprefix("sasnet_")
        expected = np.concatenate([getattr(side, kind) for side in whole.sides])
        np.testing.assert_allclose(list(values.values()), expected, atol=6e-5)
    specs = list(found["sasnet_probability"])
    assert specs[0] == "#1/A:-2" and "#1/A:3A" in specs and specs[-1] == "#1/B:5"
    assert "#1/A:9" not in specs


def test_two_files_are_two_models(apart, tmp_path):
    write_chimerax(apart, tmp_path)
    specs = list(read_defattr(tmp_path / "chimerax.defattr")["sasnet_probability"])
    assert specs[0] == "#1/A:-2" and specs[-1] == "#2/A:3A"
    script = (tmp_path / "chimerax.cxc").read_text()
    assert script.index("open left.cif") < script.index("open right.cif")


def test_a_chain_with_a_hyphen_is_no_range(lines, tmp_path):
    entry = reading.read(write_cif(tmp_path / "pair.cif", lines, {"A": "A-2"}))
    result = saved((entry, entry), (["A-2"], ["B"]), tmp_path)
    assert residue_spec(1, result.left, 0) == '#1//chain_id="A-2":-2'


def scale(result):
    return scale_to(scale_top(side.probability.max() for side in result.sides))


def test_the_chimerax_script_has_the_picture_s_scale(whole, tmp_path):
    write_chimerax(whole, tmp_path)
    lines = (tmp_path / "chimerax.cxc").read_text().splitlines()
    assert [line for line in lines if line.startswith("open")] == [
        "open complex.cif",
        "open chimerax.defattr",
    ]
    coloured = [line for line in lines if line.startswith("color ")]
    assert coloured[0] == "color all gray" and coloured[1].startswith("color byattribute r:")
    assert not any(";" in line for line in lines)
    palette = next(line for line in lines if line.startswith("color byattribute")).split()[-1]
    stops = [pair.split(",") for pair in palette.split(":")]
    for (stop, *rgb), (value, colour) in zip(scale(whole), stops, strict=True):
        assert float(value) == pytest.approx(stop)
        channels = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
        assert channels == [round(255 * value) for value in rgb]


def test_a_residue_at_the_threshold_is_likely(whole, tmp_path):
    threshold = float(whole.left.probability[0])
    write_pymol(replace(whole, threshold=threshold), tmp_path)
    text = (tmp_path / "pymol.pml").read_text()
    limit = float(re.search(r"select sasnet_likely, .+ b > ([\d.]+)", text)[1])
    assert threshold - 2e-6 < limit <= threshold


@pytest.mark.pymol
@pytest.mark.parametrize("kind", ["whole", "apart"])
def test_pymol_runs_the_script_anywhere(kind, request, tmp_path, monkeypatch, capfd):
    pymol2 = pytest.importorskip("pymol2", reason="PyMOL is not installed")
    result = request.getfixturevalue(kind)
    write_pymol(result, result.folder)
    monkeypatch.chdir(tmp_path)
    with pymol2.PyMOL() as session:
        session.cmd.load(str(result.folder / "pymol.pml"))
        stems = [file.path.stem for file in result.structures]
        assert session.cmd.get_object_list() == [f"sasnet_{stem}" for stem in stems]
        atoms = []
        session.cmd.iterate(
            "all", "atoms.append((model, chain, resi, b, color))", space={"atoms": atoms}
        )
        colours = {colour: session.cmd.get_color_tuple(colour) for *_, colour in atoms}
        likely = session.cmd.count_atoms("sasnet_likely and name CA")
        first = session.cmd.count_atoms("sasnet_patch_1 and name CA")
    assert "Error" not in "".join(capfd.readouterr())
    stops, *channels = zip(*scale(result), strict=True)
    for *_, b, colour in atoms:
        wanted = [np.interp(b, stops, channel) for channel in channels] if b >= 0 else [0.5] * 3
        assert colours[colour] == pytest.approx(wanted, abs=0.02)
    assert {b for *_, b, _ in atoms if b < 0} == {-1}
    assert first == sum(len(patches[0].rows) for patches in result.patches.values())
    assert likely == sum((side.probability >= result.threshold).sum() for side in result.sides)
