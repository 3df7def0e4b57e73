import gzip
import json
import subprocess
import sys

import pytest

from sasnet_core.errors import SettingError
from sasnet_core.shell import fetch
from sasnet_core.shell.archives import ALPHAFOLD, PDB
from sasnet_core.shell.cli import main
from sasnet_core.shell.fetch import CACHE_VARIABLE, make_sources
from sasnet_core.structure import reading
from tests.core.shell.mirror import refused

CLOSED = "http://127.0.0.1:9/{id}"  # the discard port: nobody listens


def test_an_entry_is_downloaded_once(make, mirror, entry):
    mirror.give("/br/1brs.cif.gz", gzip.compress(entry))
    found = make(mirror.divided).find("1BRS")
    assert (found.id, found.origin) == ("1brs", f"{mirror.url}/br/1brs.cif.gz")
    assert reading.read(found.path).chain_ids() == ["A", "D"]
    assert make(CLOSED).find("1brs") == found
    assert mirror.requests == ["/br/1brs.cif.gz"]


def test_a_file_of_that_name_wins(make, mirror, tmp_path):
    (tmp_path / "here" / "1brs").write_text("a file")
    found = make(mirror.divided).find("1brs")
    assert (found.path, found.id) == (tmp_path / "here" / "1brs", None)
    assert mirror.requests == []


def test_a_folder_of_that_name_does_not(make, mirror, entry, tmp_path):
    (tmp_path / "here" / "1brs").mkdir()
    mirror.give("/br/1brs.cif.gz", entry)
    assert make(mirror.divided).find("1brs").id == "1brs"


def test_a_name_that_is_no_id_is_left_to_the_reader(make, tmp_path):
    assert make(CLOSED).find("complex.pdb").path == tmp_path / "here" / "complex.pdb"


@pytest.mark.parametrize(
    "place",
    ["ab/1abc.cif.gz", "ab/pdb1abc.ent.gz", "1abc.pdb", "1abc.cif", "1ABC.cif", "1ABC.pdb.gz",
     "ab/pdb_00001abc.cif.gz", "ab/pdb_00001abc/pdb_00001abc_xyz_v1-2.cif.gz",
     "pdb_00001abc.pdb.gz"],
)  # fmt: skip
def test_a_folder_may_be_a_mirror(make, tmp_path, place):
    file = tmp_path / "pdb" / place
    file.parent.mkdir(parents=True)
    file.write_bytes(b"content")
    found = make(str(tmp_path / "pdb")).find("1ABC")
    assert (found.path, found.id, found.origin) == (file, "1abc", str(file))
    assert not (tmp_path / "cache").exists()


def test_a_real_mirror_of_the_pdb_is_read(make, shared_data):
    file = next((shared_data / "complexes").glob("a?/*.pdb.gz"))
    found = make(str(shared_data / "complexes")).find(file.name.partition(".")[0].upper())
    assert found.path == file
    assert reading.read(found.path).chain_ids()


def test_of_versions_in_a_folder_the_newest_is_taken(make, tmp_path):
    for version in ("1-9", "1-10", "0-11"):
        (tmp_path / f"pdb_00001abc_xyz_v{version}.cif.gz").write_bytes(b"x")
    (tmp_path / "1abc.cif").mkdir()  # a folder is no entry
    assert make(str(tmp_path)).find("1abc").path.name == "pdb_00001abc_xyz_v1-10.cif.gz"


def test_of_models_in_a_folder_the_newest_is_taken(make, tmp_path):
    for version in (2, 10, 4):
        (tmp_path / f"AF-P00648-F1-model_v{version}.cif.gz").write_bytes(b"x")
    found = make(str(tmp_path), archive=ALPHAFOLD).find("P00648")
    assert found.path.name == "AF-P00648-F1-model_v10.cif.gz"


def test_mirrors_are_tried_in_order(make, mirror, entry, tmp_path):
    (tmp_path / "empty").mkdir()
    mirror.give("/two/1brs", entry)
    places = str(tmp_path / "empty"), CLOSED, mirror.url + "/one/{id}", mirror.url + "/two/{id}"
    assert make(*places).find("1brs").origin == mirror.url + "/two/1brs"
    assert mirror.requests == ["/one/1brs", "/two/1brs"]


def test_the_environment_names_mirrors_and_cache(make, mirror, entry, tmp_path, monkeypatch):
    mirror.give("/br/1brs.cif.gz", entry)
    make()  # clears the environment
    monkeypatch.setenv(PDB.variable, f"{CLOSED} {mirror.divided}")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "elsewhere"))
    found = make_sources({}).find("1brs")
    assert found.path == tmp_path / "elsewhere" / "pdb" / "1brs.cif.gz"


def test_a_damaged_file_in_the_cache_is_fetched_again(make, mirror, entry):
    mirror.give("/br/1brs.cif.gz", entry)
    path = make(mirror.divided).find("1brs").path
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert make(mirror.divided).find("1brs").path.read_bytes() == whole
    path.with_name(path.name + ".json").write_text("{")
    assert make(mirror.divided).find("1brs").path.read_bytes() == whole
    assert len(mirror.requests) == 3


def test_offline_is_one_line(make):
    message = refused(make(CLOSED).find, "1brs")
    assert "1brs: a file or an entry is needed; there is no such file" in message
    assert "http://127.0.0.1:9/1brs: cannot be reached" in message and "--pdb-mirror" in message


def test_a_mirror_that_is_down_is_tried_once(make, mirror, entry, monkeypatch):
    mirror.give("/2brs", entry)
    known = make(CLOSED, mirror.url + "/{id}")
    assert "HTTP 404" in refused(known.find, "1brs")
    asked, download = [], fetch.download

    def note(address, entry):
        asked.append(address)
        return download(address, entry)

    monkeypatch.setattr(fetch, "download", note)
    assert known.find("2brs").origin == mirror.url + "/2brs"
    assert asked == [mirror.url + "/{id}"]


WRITER = """
import sys
from pathlib import Path
from sasnet_core.shell.fetch import make_sources
from sasnet_core.structure import reading
for _ in range(25):
    sources = make_sources({"the PDB": [sys.argv[1]]}, Path(sys.argv[2]))
    found = sources.find("1brs")
    assert reading.read(found.path).chain_ids() == ["A", "D"]
    found.path.with_name(found.path.name + ".json").unlink(missing_ok=True)
"""


def test_eight_processes_may_fill_one_cache(make, mirror, entry, tmp_path):
    make()  # clears the environment
    mirror.give("/1brs", entry)
    command = [sys.executable, "-c", WRITER, mirror.url + "/{id}", str(tmp_path / "cache")]
    writers = [subprocess.Popen(command) for _ in range(8)]
    assert [writer.wait() for writer in writers] == [0] * 8
    assert make(CLOSED, mirror.url + "/{id}").find("1brs").id == "1brs"
    left = sorted(path.name for path in (tmp_path / "cache" / "pdb").iterdir())
    assert left == ["1brs.cif.gz", "1brs.cif.gz.json"]


def test_a_cache_that_cannot_be_written_is_refused(make, mirror, entry, tmp_path):
    mirror.give("/br/1brs.cif.gz", entry)
    (tmp_path / "cache").write_text("in the way")
    assert "--cache" in refused(make(mirror.divided).find, "1brs")


@pytest.mark.parametrize("place", ["no_such_folder", "http://127.0.0.1/pdb", "ftp://host/{id}"])
def test_a_mirror_must_be_one(make, place):
    with pytest.raises(SettingError, match="--pdb-mirror must"):
        make(place)


@pytest.mark.parametrize("place", ["http://host/{accession}.cif", "http://host/{id}{x}"])
def test_a_placeholder_must_be_one_of_the_archive(make, place):
    with pytest.raises(SettingError, match="no placeholders but {id}, {long}, {middle}, {upper}"):
        make(place)
    assert make("http://host/{long}.cif").mirrors["the PDB"] == ("http://host/{long}.cif",)


def test_a_name_that_no_file_can_have_is_one_line(make):
    sequence = 300 * "A"
    assert f"{60 * 'A'}...: a file or the id of an entry is needed" in refused(
        make().find, sequence
    )


def test_processes_in_other_folders_find_the_same(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pdb").mkdir()
    (tmp_path / "pdb" / "1abc.pdb").write_bytes(b"content")
    sources = make("pdb", CLOSED).absolute()
    monkeypatch.chdir(tmp_path / "here")
    assert sources.find("1abc").path == tmp_path / "pdb" / "1abc.pdb"


def test_the_command_takes_an_id(mirror, entry, make, tmp_path, monkeypatch, weights_folder):
    make()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    mirror.give("/br/1brs.cif.gz", gzip.compress(entry))
    options = ["--weights", str(weights_folder), "--rotations", "1", "--no-picture", "--quiet",
               "--pdb-mirror", mirror.divided]  # fmt: skip
    assert main(["1brs", "--left", "A", "--right", "D", "-o", "out", *options]) == 0
    values = json.loads((tmp_path / "here" / "out" / "result.json").read_text())
    assert [part["id"] for part in values["inputs"]] == ["1brs", "1brs"]
    assert values["inputs"][0]["origin"] == f"{mirror.url}/br/1brs.cif.gz"
    (tmp_path / "here" / "list.csv").write_text(
        "id,left,right,left_chains,right_chains\na,1BRS,,A,D\nb,2brs,1brs,A,D\n"
    )
    assert main(["--batch", "list.csv", "-o", "many", *options]) == 2
    failures = (tmp_path / "here" / "many" / "failures.csv").read_text()
    assert "HTTP 404" in failures and "b,2brs,1brs,A,D" in failures
    row = json.loads((tmp_path / "here" / "many" / "a" / "result.json").read_text())
    assert row["inputs"] == values["inputs"]
