import gzip
import json
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import gemmi
import pytest

from sasnet_core.errors import DownloadError, SettingError
from sasnet_core.shell import fetch
from sasnet_core.shell.cli import main
from sasnet_core.shell.fetch import ALPHAFOLD, CACHE_VARIABLE, PDB, make_sources, parse_name
from sasnet_core.structure import reading
from tests.core.build import chain_lines, write_cif

CLOSED = "http://127.0.0.1:9/{id}"  # the discard port: nobody listens


@pytest.fixture
def entry(tmp_path):
    """An mmCIF file with chains A and D."""
    lines = [*chain_lines("A", 6), *chain_lines("D", 5, start=(0, 5, 0))]
    return write_cif(tmp_path / "made.cif", lines).read_bytes()


class Mirror:
    """A web server on loopback: answers by path, and lists the requests."""

    def __init__(self):
        self.answers, self.requests = {}, []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                mirror.requests.append(self.path)
                if callable(mirror.answers.get(self.path)):
                    return mirror.answers[self.path](self)
                status, body, length = mirror.answers.get(self.path, (404, b"no such thing", None))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                self.end_headers()
                self.wfile.write(body)
                return None

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def give(self, path, body, status=200, length=None):
        self.answers[path] = status, body, length

    @property
    def divided(self):
        return self.url + "/{middle}/{id}.cif.gz"


@pytest.fixture
def mirror(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(fetch, "RETRIES", 0)
    made = Mirror()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Make sources with mirrors of the PDB, a cache and a folder of their own."""
    for variable in (CACHE_VARIABLE, PDB.variable, ALPHAFOLD.variable):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "here").mkdir()

    def build(*places, archive=PDB):
        return make_sources({archive.title: places}, tmp_path / "cache", tmp_path / "here")

    return build


@pytest.mark.parametrize(
    ("name", "archive", "entry_id"),
    [
        ("1brs", PDB, "1brs"),
        ("1BRS", PDB, "1brs"),
        ("pdb_00001BRS", PDB, "1brs"),
        ("pdb_1234abcd", PDB, "pdb_1234abcd"),
        ("P00648", ALPHAFOLD, "AF-P00648-F1"),
        ("af-p00648-f1", ALPHAFOLD, "AF-P00648-F1"),
        ("AF-P00648-F2-model_v4", ALPHAFOLD, "AF-P00648-F2"),
        ("A0A024R1R8", ALPHAFOLD, "AF-A0A024R1R8-F1"),
        ("P00648-2", ALPHAFOLD, "AF-P00648-2-F1"),
    ],
)
def test_ids_are_known_in_their_spellings(name, archive, entry_id):
    found = parse_name(name)
    assert (found.archive, found.id) == (archive, entry_id)


@pytest.mark.parametrize("name", ["complex", "1brs.pdb", "abcd", "12345", "P0064", "x/1brs", ""])
def test_other_names_are_those_of_files(name):
    assert parse_name(name) is None


def test_the_folder_of_the_divided_layout_is_that_of_the_pdb():
    assert parse_name("1ABC").parts["middle"] == "ab"
    assert parse_name("pdb_1234abcd").parts["middle"] == "bc"


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


def test_alphafolds_answer_says_where_the_file_is(make, mirror, entry):
    file = "/files/AF-P00648-F1-model_v6.cif"
    answer = [
        {"cifUrl": f"{mirror.url}/files/AF-P00648-2-F1-model_v6.cif"},
        {"cifUrl": mirror.url + file},
    ]
    mirror.give("/api/prediction/P00648", json.dumps(answer).encode())
    mirror.give(file, entry)
    place = mirror.url + "/api/prediction/{accession}"
    found = make(place, archive=ALPHAFOLD).find("P00648")
    assert (found.id, found.origin) == ("AF-P00648-F1", mirror.url + file)
    assert mirror.requests == ["/api/prediction/P00648", file]
    with pytest.raises(DownloadError, match="the answer has no model AF-P00648-F3"):
        make(place, archive=ALPHAFOLD).find("AF-P00648-F3")


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


def refused(find, name):
    with pytest.raises(DownloadError) as caught:
        find(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_offline_is_one_line(make):
    message = refused(make(CLOSED).find, "1brs")
    assert "1brs: a file or an entry is needed; there is no such file" in message
    assert "http://127.0.0.1:9/1brs: cannot be reached" in message and "--pdb-mirror" in message


def test_a_mirror_that_is_down_is_tried_once(make, mirror, entry, monkeypatch):
    mirror.give("/2brs", entry)
    known = make(CLOSED, mirror.url + "/{id}")
    assert "HTTP 404" in refused(known.find, "1brs")
    asked, download = [], fetch._download

    def note(address, entry):
        asked.append(address)
        return download(address, entry)

    monkeypatch.setattr(fetch, "_download", note)
    assert known.find("2brs").origin == mirror.url + "/2brs"
    assert asked == [mirror.url + "/{id}"]


BAD_ANSWERS = {
    "no such entry": ((b"", 404, None), "HTTP 404"),
    "a web page": ((b"<html>log in first</html>", 200, None), "the answer is not a structure file"),
    "half a gzip": ((gzip.compress(b"_atom_site." * 99)[:-9], 200, None), "the file is damaged"),
    "half an answer": ((b"_atom_site.id", 200, 500), "the answer broke off"),
    "broken JSON": ((b'[{"cifUrl": ', 200, None), "the answer has no model"),
    "deep JSON": ((b"[" * 100_000, 200, None), "the answer has no model"),
    "JSON of another thing": ((b"[1, {}]", 200, None), "the answer has no model"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_what_is_no_structure_stays_out_of_the_cache(make, mirror, tmp_path, name):
    (body, status, length), message = BAD_ANSWERS[name]
    mirror.give("/br/1brs.cif.gz", body, status, length)
    assert message in refused(make(mirror.divided).find, "1brs")
    assert not list((tmp_path / "cache").rglob("*.gz"))


def pdb_file(entry_id, *more):
    """A PDB file as the archive writes it."""
    header = (
        f"HEADER    HYDROLASE                               01-JAN-00   {entry_id:4}              "
    )
    return "\n".join([header, *more, *chain_lines("A", 3), "END", ""]).encode()


def stated(*tags):
    """Return a way to put tags in front of an mmCIF file, in place of its id."""

    def change(entry):
        lines = [line for line in entry.decode().splitlines() if not line.startswith("_entry.id")]
        return "\n".join([lines[0], *tags, *lines[1:], ""]).encode()

    return change


DBREF = "DBREF  XXXX A    1   110  UNP    {0:9}{0:>10}       1    110"
OTHER_ENTRIES = {
    "mmCIF": ("1brs", stated("_entry.id 2XYZ"), "2XYZ"),
    "quoted": ("1brs", stated("_entry.id  '2xyz'"), "2xyz"),
    "extended": ("1brs", stated("_entry.id pdb_00002xyz"), "pdb_00002xyz"),
    "PDB": ("1brs", lambda _: pdb_file("2XYZ"), "2XYZ"),
    "a model": ("1brs", stated("_entry.id AF-P00648-F1"), "AF-P00648-F1"),
    "of another protein": ("P00648", stated("_entry.id AF-Q9Y6K9-F1"), "AF-Q9Y6K9-F1"),
    "by accession": ("P00648", stated("_ma_target_ref_db_details.db_accession Q9Y6K9"), "Q9Y6K9"),
    "by DBREF": ("P00648", lambda _: pdb_file("", DBREF.format("Q9Y6K9")), "Q9Y6K9"),
    "an experiment": ("P00648", stated("_entry.id 1BRS"), "1BRS"),
}


@pytest.mark.parametrize("name", OTHER_ENTRIES)
def test_another_entry_is_refused(make, mirror, entry, tmp_path, name):
    wanted, change, found = OTHER_ENTRIES[name]
    known = parse_name(wanted)
    mirror.give(f"/{known.id}", change(entry))
    places = make(mirror.url + "/{id}", archive=known.archive)
    assert f"the answer is another entry, {found}" in refused(places.find, wanted)
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("wanted", "change"),
    [
        ("1brs", stated("_entry.id 1BRS")),
        ("1brs", stated("_entry.id pdb_00001brs")),
        ("pdb_00001brs", stated("_entry.id model")),
        ("1brs", lambda _: pdb_file("1BRS", DBREF.format("P00648"))),
        ("P00648", stated("_entry.id AF-P00648-F1")),
        ("P00648-2", stated("_ma_target_ref_db_details.db_accession P00648")),
        ("P00648", lambda _: pdb_file("", DBREF.format("P00648"))),
    ],
)
def test_the_entry_itself_is_taken_however_it_names_itself(make, mirror, entry, wanted, change):
    known = parse_name(wanted)
    mirror.give(f"/{known.id}", change(entry))
    assert make(mirror.url + "/{id}", archive=known.archive).find(wanted).id == known.id


def with_marks(entry):
    """Write an mmCIF file as the archives do, with a # after each category."""
    document = gemmi.cif.read_string(entry.decode())
    return document.as_string(gemmi.cif.Style.Pdbx).encode().rstrip() + b"\n#\n"


@pytest.mark.parametrize(
    "cut",
    [
        lambda entry: with_marks(entry).rpartition(b"ATOM")[0],  # whole lines
        lambda entry: with_marks(entry)[:-40],
        lambda entry: entry.rstrip()[:-9],
        lambda entry: entry.rstrip().rpartition(b" ")[0] + b"\n",
        lambda _: pdb_file("1BRS").rpartition(b"END")[0],
        lambda _: pdb_file("1BRS")[80:-30],
    ],
)
def test_a_file_that_was_cut_short_is_refused(make, mirror, entry, tmp_path, cut):
    mirror.give("/1brs", cut(entry))
    assert "its end is missing" in refused(make(mirror.url + "/{id}").find, "1brs")
    mirror.give("/1brs", with_marks(entry))
    assert make(mirror.url + "/{id}").find("1brs").id == "1brs"


def dribble(handler):
    handler.send_response(200)
    handler.end_headers()
    slowly(handler, b"_")


def slowly(handler, piece):
    """Send a piece again and again, until the other side hangs up."""
    with suppress(OSError):
        for _ in range(1000):
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(0.05)


SLOW_ANSWERS = {
    "a byte at a time": dribble,
    "headers without end": lambda h: slowly(h, b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a header without end": lambda h: slowly(h, b"H"),
    "nothing": lambda h: time.sleep(5),
}


@pytest.mark.parametrize("name", SLOW_ANSWERS)
def test_a_download_has_a_total_time(make, mirror, monkeypatch, name):
    monkeypatch.setattr(fetch, "TOTAL_TIME", 1.0)
    mirror.answers["/1brs"] = SLOW_ANSWERS[name]
    start = time.monotonic()
    assert "no answer in time" in refused(make(mirror.url + "/{id}").find, "1brs")
    assert time.monotonic() - start < 4


@pytest.mark.parametrize("when", ["Fri, 01 Jan 2099 00:00:00 GMT", "9" * 30, "soon"])
def test_a_server_cannot_make_us_wait_for_years(make, mirror, monkeypatch, when):
    def busy(handler):
        handler.send_response(503)
        handler.send_header("Retry-After", when)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    monkeypatch.setattr(fetch, "RETRIES", 1)
    monkeypatch.setattr(fetch, "LONGEST_WAIT", 0.1)
    mirror.answers["/1brs"] = busy
    message = refused(make(mirror.url + "/{id}").find, "1brs")
    assert "HTTP 503" in message or "cannot be used" in message


def test_the_size_of_a_download_is_limited(make, mirror, entry, monkeypatch, tmp_path):
    monkeypatch.setattr(fetch, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(fetch, "MOST_UNPACKED", 2 << 20)
    mirror.give("/large", b"_atom_site.id\n" * 100_000)
    mirror.give("/bomb", gzip.compress(b"_atom_site.id\n" * 200_000))

    def encoded(handler):
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        handler.wfile.write(gzip.compress(b"_atom_site.id\n" * 100_000))

    mirror.answers["/encoded"] = encoded
    for place, reason in (
        ("large", "over 1 MB"),
        ("bomb", "more than 2 MB"),
        ("encoded", "over 1 MB"),
    ):
        assert reason in refused(make(f"{mirror.url}/{place}#{{id}}").find, "1brs")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("target", "reason"),
    [("/1brs", "redirects"), ("http://", "redirects"), ("file:///etc/passwd", "cannot be used"),
     ("http://[::1", "cannot be used"), (f"http://{'a' * 300}.example/", "cannot be"),
     ("http://.example/", "cannot be")],
)  # fmt: skip
def test_redirects_end(make, mirror, target, reason):
    def redirect(handler):
        handler.send_response(302)
        handler.send_header("Location", target)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    mirror.answers["/1brs"] = redirect
    assert reason in refused(make(mirror.url + "/{id}").find, "1brs")


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


def test_a_busy_mirror_is_tried_again(make, mirror, monkeypatch):
    monkeypatch.setattr(fetch, "RETRIES", 1)
    mirror.give("/br/1brs.cif.gz", b"", 503)
    assert "HTTP 503" in refused(make(mirror.divided).find, "1brs")
    assert len(mirror.requests) == 2


def test_a_cache_that_cannot_be_written_is_refused(make, mirror, entry, tmp_path):
    mirror.give("/br/1brs.cif.gz", entry)
    (tmp_path / "cache").write_text("in the way")
    assert "--cache" in refused(make(mirror.divided).find, "1brs")


@pytest.mark.parametrize("place", ["no_such_folder", "http://127.0.0.1/pdb", "ftp://host/{id}"])
def test_a_mirror_must_be_one(make, place):
    with pytest.raises(SettingError, match="--pdb-mirror must"):
        make(place)


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
