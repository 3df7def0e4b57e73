import numpy as np
import pytest

from sasnet_core.conservation.profile import (
    COLUMNS,
    UNKNOWN,
    empty_profile,
    load_profile,
    parse_ascii,
    read_ascii,
    save_profile,
)
from sasnet_core.errors import ProfileError
from tests.core.conservation.conftest import ASCII


def test_an_ascii_pssm_is_read(ascii_pssm):
    profile = read_ascii(ascii_pssm)
    assert profile.sequence == "KDX"
    assert profile.scores[0].tolist()[:4] == [-3, 6, -2, -3]
    assert profile.scores[0, COLUMNS.index("K")] == 5
    assert profile.frequencies[0, COLUMNS.index("R")] == pytest.approx(0.53)
    assert profile.information.tolist() == pytest.approx([1.14, 0.80, -1.0])
    assert profile.weight.tolist() == pytest.approx([0.30, 0.32, 0.0])
    assert profile.homologs == UNKNOWN
    assert not profile.is_empty


def test_a_pssm_may_lack_the_percentages():
    text = "\n".join(" ".join(line.split()[:22]) for line in ASCII.splitlines())
    profile = parse_ascii(text)
    assert profile.sequence == "KDX"
    assert profile.scores[1, COLUMNS.index("N")] == 5
    assert not profile.is_empty  # its scores are no less than those of others


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no line names the columns"),
        (ASCII.replace("    2 D", "    4 D"), "numbered 1, 2, 3"),
        (ASCII.replace("  0.80 0.32", "  0.80"), "must have 44 or 22 words"),
        (ASCII.replace("  0.80 0.32", "  nan 0.32"), "finite"),
        (ASCII.replace("  0.80 0.32", "  ? 0.32"), "could not convert"),
    ],
)
def test_another_file_is_refused(tmp_path, text, words):
    path = tmp_path / "bad.pssm"
    path.write_text(text)
    with pytest.raises(ProfileError, match=words):
        read_ascii(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ProfileError, match="cannot be read"):
        read_ascii(tmp_path / "none.pssm")


def test_a_profile_comes_back_out_of_its_file(tmp_path):
    profile = parse_ascii(ASCII)
    save_profile(profile, tmp_path / "one.npz")
    found = load_profile(tmp_path / "one.npz")
    assert (found.sequence, found.homologs) == (profile.sequence, profile.homologs)
    np.testing.assert_array_equal(found.scores, profile.scores)
    np.testing.assert_array_equal(found.information, profile.information)


def test_a_damaged_profile_is_refused(tmp_path):
    (tmp_path / "one.npz").write_bytes(b"PK")
    with pytest.raises(ProfileError, match="run train.pssm again"):
        load_profile(tmp_path / "one.npz")


def test_a_sequence_alone_scores_as_in_blosum62():
    profile = empty_profile("WX")
    assert profile.scores[0, COLUMNS.index("W")] == 11
    assert profile.scores[1].max() <= 0
    assert profile.is_empty
