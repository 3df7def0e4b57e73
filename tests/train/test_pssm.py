"""train.pssm: profiles of a dataset's chains, once for each sequence."""

import subprocess

import numpy as np
import pytest

from sasnet_core.conservation.profile import load_profile
from sasnet_core.conservation.residues import chain_sequences, residue_profile, stored_profiles
from sasnet_core.conservation.store import find_profile, profile_path
from sasnet_core.dataset.complexes import benchmark_rows, load_complex
from sasnet_core.errors import ProfileError
from tests.core.conservation.conftest import needs_psiblast
from tests.train.conftest import needs_shared
from train import pssm

pytestmark = [needs_shared, needs_psiblast]


@pytest.fixture(scope="module")
def chains(dataset):
    """The partners of the first complex: name of a chain -> sequence, of both."""
    row = benchmark_rows(dataset, None)[0]
    item = load_complex(dataset / row["file"])
    return item, [*chain_sequences(item.left).values(), *chain_sequences(item.right).values()]


@pytest.fixture(scope="module")
def database(chains, tmp_path_factory):
    """A database of the chains themselves and changed copies of them."""
    rng = np.random.default_rng(0)
    lines = []
    for sequence in chains[1]:
        for k in range(4):
            letters = np.array(list(sequence))
            letters[rng.random(len(letters)) < 0.1 * k] = "A"
            lines.append(f">{len(lines)}\n{''.join(letters)}\n")
    folder = tmp_path_factory.mktemp("database")
    (folder / "all.fasta").write_text("".join(lines))
    command = ["makeblastdb", "-dbtype", "prot", "-in", str(folder / "all.fasta")]
    subprocess.run([*command, "-out", str(folder / "db")], check=True, capture_output=True)
    return folder / "db"


@pytest.fixture(scope="module")
def profiles(dataset, database, tmp_path_factory):
    folder = tmp_path_factory.mktemp("profiles")
    arguments = [str(dataset), "--database", str(database), "-o", str(folder), "--workers", "2"]
    assert pssm.main(arguments) == 0
    return folder, arguments


def test_every_chain_has_its_profile(profiles, chains):
    folder, _ = profiles
    item, sequences = chains
    for sequence in sequences:
        assert find_profile(folder, sequence).homologs == 4
    laid = residue_profile(item.left, stored_profiles(item.left, folder))
    assert laid.found.all()
    assert laid.information.mean() > 0.5


def test_a_run_that_was_stopped_goes_on(profiles, chains, capsys):
    folder, arguments = profiles
    paths = [profile_path(folder, sequence) for sequence in chains[1]]
    times = {path: path.stat().st_mtime_ns for path in paths}
    paths[0].unlink()
    assert pssm.main(arguments) == 0
    assert load_profile(paths[0]).homologs == 4
    assert all(path.stat().st_mtime_ns == times[path] for path in paths[1:])
    assert "profiles; homologs: median" in capsys.readouterr().out


def test_other_settings_need_another_folder(profiles):
    _, arguments = profiles
    with pytest.raises(ProfileError, match="use the same, or another folder"):
        pssm.main([*arguments, "--evalue", "1"])


def test_a_missing_database_is_one_line(dataset, tmp_path):
    arguments = [str(dataset), "--database", str(tmp_path / "none"), "-o", str(tmp_path / "out")]
    with pytest.raises(ProfileError, match="makeblastdb"):
        pssm.main(arguments)
    assert not (tmp_path / "out").exists()
