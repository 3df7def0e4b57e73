import pytest

from sasnet_core.structure.chemistry import (
    CHANNELS,
    NO_CHANNEL,
    channel_of,
    is_hydrogen,
    one_letter,
)


def test_channels_are_those_of_the_paper():
    assert CHANNELS == ("C", "O", "N", "S")
    assert [channel_of(symbol) for symbol in "CONS"] == [0, 1, 2, 3]


@pytest.mark.parametrize("symbol", ["Se", "SE", "se"])
def test_selenium_counts_as_sulphur(symbol):
    assert channel_of(symbol) == CHANNELS.index("S")


@pytest.mark.parametrize("symbol", ["ZN", "Fe", "P", "X", "", "CA", "CL"])
def test_other_elements_count_in_no_channel(symbol):
    assert channel_of(symbol) == NO_CHANNEL


def test_deuterium_is_hydrogen_and_helium_is_not():
    assert is_hydrogen("H") and is_hydrogen("D") and is_hydrogen("d")
    assert not is_hydrogen("He") and not is_hydrogen("HG")


def test_residue_names_become_letters():
    assert [one_letter(name) for name in ("MSE", "GLY", "hsd", "SEP", "UNK")] == list("MGHSX")
