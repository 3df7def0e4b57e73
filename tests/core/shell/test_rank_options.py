import pytest

from sasnet_core.errors import SettingError
from sasnet_core.shell.rank_options import build_parser, check_options, pose_files

CHAINS = ["--left", "A", "--right", "B"]


def parsed(*arguments):
    return build_parser().parse_args([str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.pdb"], "--left and --right"),
        (CHAINS, "files of poses"),
        (["a.pdb", "--list", "b", *CHAINS], "not both"),
        (["a.pdb", "--best", "1000", *CHAINS], "0 to 999"),
        (["a.pdb", "--rotations", "0", *CHAINS], "1 or more"),
        (["a.pdb", "--seed", "-1", *CHAINS], "0 or more"),
        (["a.pdb", "--threads", "0", *CHAINS], "1 or more"),
        (["a.pdb", "--reference-left", "A", *CHAINS], "need --reference"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(arguments, message):
    with pytest.raises(SettingError, match=message):
        check_options(parsed(*arguments))


def test_a_list_names_files_beside_it(tmp_path):
    names = tmp_path / "poses.txt"
    names.write_text("# first run\na.pdb\n\n sub/b.pdb \n")
    found = pose_files(parsed("--list", names, *CHAINS))
    assert found == [tmp_path / "a.pdb", tmp_path / "sub/b.pdb"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\xfa", None])
def test_a_list_that_names_nothing_is_refused(tmp_path, content):
    names = tmp_path / "poses.txt"
    if content is not None:
        names.write_bytes(content)
    with pytest.raises(SettingError, match="poses.txt"):
        pose_files(parsed("--list", names, *CHAINS))
