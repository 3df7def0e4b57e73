import gzip
import json
import time
from contextlib import suppress

import gemmi
import pytest

from sasnet_core.errors import DownloadError
from sasnet_core.shell import download
from sasnet_core.shell.archives import ALPHAFOLD, parse_name
from sasnet_core.structure import opening
from tests.core.build import chain_lines
from tests.core.shell.mirror import refused


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


BAD_ANSWERS = {
    "no such entry": ((b"", 404, None), "HTTP 404"),
    "a web page": ((b"<html>log in first</html>", 200, None), "the answer is not a structure file"),
    "half a gzip": ((gzip.compress(b"_atom_site." * 99)[:-9], 200, None), "truncated or damaged"),
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
    "another fragment": ("AF-P00648-F2", stated("_entry.id AF-P00648-F1"), "AF-P00648-F1"),
    "another isoform": ("P00648-2", stated("_entry.id AF-P00648-F1"), "AF-P00648-F1"),
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
    monkeypatch.setattr(download, "TOTAL_TIME", 0.3)
    mirror.answers["/1brs"] = SLOW_ANSWERS[name]
    start = time.monotonic()
    assert "no answer in time" in refused(make(mirror.url + "/{id}").find, "1brs")
    assert time.monotonic() - start < 4


def test_what_goes_wrong_before_a_server_is_asked_is_named(make, mirror, entry, monkeypatch):
    def without_certificates():
        raise OSError("Could not find a suitable TLS CA certificate bundle")

    monkeypatch.setattr(download, "_session", without_certificates)
    assert "suitable TLS CA certificate bundle" in refused(make(mirror.divided).find, "1brs")


@pytest.mark.parametrize("when", ["Fri, 01 Jan 2099 00:00:00 GMT", "9" * 30, "soon"])
def test_a_server_cannot_make_us_wait_for_years(make, mirror, monkeypatch, when):
    def busy(handler):
        handler.send_response(503)
        handler.send_header("Retry-After", when)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    monkeypatch.setattr(download, "RETRIES", 1)
    monkeypatch.setattr(download, "LONGEST_WAIT", 0.1)
    mirror.answers["/1brs"] = busy
    message = refused(make(mirror.url + "/{id}").find, "1brs")
    assert "HTTP 503" in message or "cannot be used" in message


def test_the_size_of_a_download_is_limited(make, mirror, entry, monkeypatch, tmp_path):
    monkeypatch.setattr(opening, "MAX_SIZE", 1 << 20)
    mirror.give("/large", b"_atom_site.id\n" * 100_000)
    mirror.give("/bomb", gzip.compress(b"_atom_site.id\n" * 200_000))

    def encoded(handler):
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        handler.wfile.write(gzip.compress(b"_atom_site.id\n" * 100_000))

    mirror.answers["/encoded"] = encoded
    for place, reason in (
        ("large", "over 1 MiB"),
        ("bomb", "MiB or more"),
        ("encoded", "over 1 MiB"),
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


def test_a_busy_mirror_is_tried_again(make, mirror, monkeypatch):
    monkeypatch.setattr(download, "RETRIES", 1)
    mirror.give("/br/1brs.cif.gz", b"", 503)
    assert "HTTP 503" in refused(make(mirror.divided).find, "1brs")
    assert len(mirror.requests) == 2
