import copy
import json

import jsonschema
import pytest

from sasnet_core.fitted import Mixture, Smoothing
from sasnet_core.network.weights import save_weights
from sasnet_core.network.weights_folder import read_info
from sasnet_core.network.weights_writing import save_ensemble
from sasnet_core.results.json_schema import schema_file, write_schema
from sasnet_core.results.prediction import JSON_SCHEMA, SCHEMA
from sasnet_core.results.reading import read_result
from sasnet_core.structure import reading
from tests.core.build import (
    chain_lines,
    random_prediction,
    save_prediction,
    tiny_model,
    tiny_network,
    write_pdb,
)


def strict(schema):
    """Allow no key that the schema does not name."""
    schema = copy.deepcopy(schema)
    parts = [schema]
    while parts:
        part = parts.pop()
        if "properties" in part:
            part["additionalProperties"] = False
            parts += part["properties"].values()
        parts += part.get("oneOf", [])
        parts += [part["items"]] if "items" in part else []
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture(scope="module")
def schema():
    return json.loads(schema_file().read_text())


def result_of(left, right, tmp_path):
    folder = save_prediction(random_prediction(left, right), tmp_path / "out")
    return json.loads((folder / "result.json").read_text())


@pytest.fixture
def values(tmp_path):
    lines = [*chain_lines("A", 3), *chain_lines("B", 2, start=(0, 5, 0))]
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    return result_of((entry, ["A"]), (entry, ["B"]), tmp_path)


def test_the_schema_is_one_and_the_result_names_it(schema, values):
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == values["$schema"] == JSON_SCHEMA
    assert schema["properties"]["schema"]["const"] == values["schema"] == SCHEMA


def test_a_result_follows_the_schema_and_has_no_key_beyond(schema, values):
    strict(schema).validate(values)
    assert values["observed_in_input"] is not None


def test_the_result_of_an_ensemble_follows_it(schema, values, tmp_path):
    for seed in (1, 2):
        save_weights(tmp_path / str(seed), tiny_network(tiny_model(16), seed))
    members = [read_info(tmp_path / str(seed)) for seed in (1, 2)]
    ensemble = save_ensemble(tmp_path / "e", members, Mixture((0.5, 0.5)), Smoothing())
    values["weights"] |= {"sha256": ensemble.sha256, "model": ensemble.sizes()}
    strict(schema).validate(json.loads(json.dumps(values)))
    hashes = [member["sha256"] for member in values["weights"]["model"]["members"]]
    assert hashes == [member.sha256 for member in members]


def test_real_structures_in_two_files_follow_it(schema, shared_data, tmp_path):
    files = [reading.read(shared_data / "db5" / f"1AHW_{s}_u.pdb.gz") for s in "rl"]
    strict(schema).validate(result_of(*((file, file.chain_ids()) for file in files), tmp_path))


def test_a_complex_whose_pairs_all_touch_follows_it(schema, tmp_path):
    lines = [*chain_lines("A", 1), *chain_lines("B", 1, start=(0, 4, 0))]
    entry = reading.read(write_pdb(tmp_path / "pair.pdb", lines))
    values = result_of((entry, ["A"]), (entry, ["B"]), tmp_path)
    assert values["observed_in_input"]["pair_auroc"] is None
    strict(schema).validate(values)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 1},
        {"threshold": 2},
        {"inputs": []},
        {"residues": [{}, {}]},
        {"surprise": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_result_does_not_follow_it(schema, values, change):
    with pytest.raises(jsonschema.ValidationError):
        strict(schema).validate({**values, **change})


def test_every_key_is_described(schema):
    parts = [schema]
    while parts:
        part = parts.pop()
        for key, value in part.get("properties", {}).items():
            assert value.get("description"), key
            parts.append(value)
        parts += [part["items"]] if "items" in part else []


def test_the_schema_comes_along_on_request(values, tmp_path, schema):
    write_schema(read_result(tmp_path / "out"), tmp_path)
    assert json.loads((tmp_path / "result.schema.json").read_text()) == schema
