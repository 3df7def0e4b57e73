import gzip
import os

import pytest

from sasnet_core.errors import StructureError
from sasnet_core.structure import opening, reading
from tests.core.build import chain_lines, write_cif, write_pdb


def test_pipes_and_devices_are_refused_at_once(tmp_path):
    pipe = tmp_path / "pipe.pdb"
    os.mkfifo(pipe)
    for path in (pipe, "/dev/zero", "/dev/full", "/dev/null"):
        with pytest.raises(StructureError, match="a plain file is needed"):
            reading.read(path)


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.pdb"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)  # takes no space
    with pytest.raises(StructureError, match="up to 512 MiB can be read, this has 1048576 MiB"):
        reading.read(path)


def test_a_file_that_unpacks_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "MAX_SIZE", 3 << 20)
    path = tmp_path / "bomb.pdb.gz"
    path.write_bytes(gzip.compress(bytes(50 << 20)))
    with pytest.raises(StructureError, match="unpacked, structure files of up to 3 MiB"):
        reading.read(path)


def test_a_name_that_no_file_can_have_is_refused():
    with pytest.raises(StructureError, match="no file can have this name"):
        reading.read("a\0b.pdb")


@pytest.mark.parametrize("write", [write_pdb, write_cif])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.decode().encode("utf-16"),
        lambda text: text.replace(b"\n", b"\r"),
        lambda text: text.replace(b"\n", b"\r\n"),
    ],
    ids=["UTF-8 mark", "UTF-16", "CR", "CRLF"],
)
def test_text_is_read_in_any_form(tmp_path, write, change):
    path = write(tmp_path / "a.file", chain_lines("A", 3))
    expected = reading.read(path).protein()
    path.write_bytes(change(path.read_bytes()))
    assert reading.read(path).protein().content_hash == expected.content_hash
