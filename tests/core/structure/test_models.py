import gzip

import gemmi
import pytest

from sasnet_core.errors import StructureError
from sasnet_core.structure import reading
from sasnet_core.structure.models import read_models
from tests.core.build import chain_lines, write_cif, write_pdb


def models_text(*shifts):
    lines = ["TITLE     POSES"]
    for number, shift in enumerate(shifts, 1):
        lines += [f"MODEL     {number:4d}", *chain_lines("A", 3, start=(0, shift, 0)), "ENDMDL"]
    return "\n".join([*lines, "END", ""])


def heights(models):
    return [float(m.structure().protein(["A"]).centers[0, 1]) for m in models]


def test_each_model_of_a_pdb_file_is_read_alone_plain_and_gzipped(tmp_path):
    path = tmp_path / "poses.pdb"
    path.write_text(models_text(1, 2, 3))
    packed = tmp_path / "poses.pdb.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for file in (path, packed):
        models = list(read_models(file))
        assert [model.label for model in models] == [f"{file}:{k}" for k in (1, 2, 3)]
        assert heights(models) == [1, 2, 3]
        assert all(b"TITLE" in model.text for model in models)


def test_a_file_of_one_model_is_named_without_a_number(tmp_path):
    path = write_pdb(tmp_path / "one.pdb", chain_lines("A", 3))
    (model,) = read_models(path)
    assert model.alone and model.label == str(path)
    assert model.own_text() == path.read_bytes()


def test_concatenated_files_are_models(tmp_path):
    path = tmp_path / "cat.pdb"
    one, two = (["REMARK", *chain_lines("A", 3, start=(0, y, 0)), "END"] for y in (4, 5))
    path.write_text("\n".join([*one, *two, ""]))
    assert heights(read_models(path)) == [4, 5]


def test_each_model_of_an_mmcif_file_can_be_read_and_written_alone(tmp_path):
    structure = gemmi.read_pdb_string(models_text(1, 2))
    structure.setup_entities()
    path = tmp_path / "poses.cif"
    structure.make_mmcif_document().write_file(str(path))
    models = list(read_models(path))
    assert heights(models) == [1, 2] and not models[0].is_pdb
    alone = tmp_path / "alone.cif"
    alone.write_bytes(models[1].own_text())
    assert len(reading.read(alone).gemmi_structure) == 1
    assert heights(read_models(alone)) == [2]


def test_an_mmcif_file_of_one_model_is_written_as_it_came(tmp_path):
    path = write_cif(tmp_path / "one.cif", chain_lines("A", 3))
    (model,) = read_models(path)
    assert model.own_text() == path.read_bytes()


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(StructureError, match="does not exist"):
        list(read_models(tmp_path / "none.pdb"))
