import numpy as np

from sasnet_core.results.reading import read_content
from sasnet_core.results.writing import write_prediction
from sasnet_core.structure import reading
from tests.core.build import chain_lines, random_prediction, write_pdb


def test_what_is_returned_is_what_is_read_back(tmp_path):
    lines = [*chain_lines("A", 6), *chain_lines("B", 5, start=(0, 5, 0))]
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    prediction = random_prediction((entry, ["A"]), (entry, ["B"]))
    (tmp_path / "out").mkdir()
    written = write_prediction(prediction, tmp_path / "out", 20)
    found = read_content(tmp_path / "out")
    assert written.values == found.values and len(found.values["pairs"]) == 20
    assert written.arrays.keys() == found.arrays.keys()
    for name, array in written.arrays.items():
        np.testing.assert_array_equal(array, found.arrays[name])
    for side, structure in found.structures.items():
        assert [*written.structures[side].residues()] == [*structure.residues()]
