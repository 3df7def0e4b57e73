import hashlib
import json
import os
import shutil

import numpy as np
import pytest

pytest.importorskip("pyopal")

from sasnet_core.config import COMPLEX_ONLY_SET, MiningConfig  # noqa: E402
from sasnet_core.dataset.complexes import load_complex, read_manifest  # noqa: E402
from sasnet_core.errors import DatasetError  # noqa: E402
from sasnet_core.mining.entries import find_entries  # noqa: E402
from sasnet_core.mining.processes import Failure, Limits, local_slots  # noqa: E402
from sasnet_core.mining.rules import EntryFacts  # noqa: E402
from sasnet_core.mining.run import COLUMNS, MiningRun, mine_all, mine_job  # noqa: E402
from sasnet_core.mining.similarity import read_sequences  # noqa: E402
from tests.core.build import chain_lines, contents, table, write_pdb  # noqa: E402

LENIENT = MiningConfig(min_residues=5, min_contacts=3, min_buried_area=0.0)
XRAY = EntryFacts("X-RAY DIFFRACTION", 2.0)


@pytest.fixture
def structures(tmp_path):
    """Three entries: a complex, one too far apart, and no structure."""
    folder = tmp_path / "structures" / "ab"
    folder.mkdir(parents=True)
    for name, gap in (("1abc", 5.0), ("2abd", 50.0)):
        lines = chain_lines("A", 8, residue="LEU")
        lines += chain_lines("B", 8, start=(0, gap, 0), residue="VAL")
        write_pdb(folder / f"{name}.pdb", lines)
    (folder / "3abe.pdb").write_text("no structure")
    return tmp_path / "structures"


def new_run(folders, output, config=LENIENT, held_out=(), facts=None):
    folders = folders if isinstance(folders, list) else [folders]
    entries = find_entries(folders)
    facts = {entry.id: XRAY for entry in entries} if facts is None else facts
    return MiningRun(folders, output, config, entries, facts, list(held_out))


def run_here(run, skip=()):
    """Mine in this process; entries to skip stand for a run that was killed."""
    with run.opened():
        for entry in run.undone():
            if entry.id not in skip:
                mine_job(**run.job(entry))
        if not skip:
            counts = run.finish({})
            run.clear()
            return counts
    return None


def test_a_dataset_holds_complexes_reasons_and_counts(structures, tmp_path):
    output = tmp_path / "out"
    counts = run_here(new_run(structures, output))
    (row,) = read_manifest(output)
    assert tuple(row) == COLUMNS
    assert (row["id"], row["entry"], row["assembly"]) == ("1abc_A_B", "1abc", "")
    assert (row["left_chains"], row["right_chains"], row["file"]) == ("A", "B", "ab/1abc_A_B.npz")
    assert (row["method"], row["resolution"], row["split"]) == (XRAY.method, "2", "train")
    item = load_complex(output / row["file"])
    assert (len(item.contacts), item.left.n_residues) == (int(row["n_contacts"]), 8)
    assert hashlib.sha256((output / row["file"]).read_bytes()).hexdigest() == row["sha256"]
    (rejected,) = table(output / "rejected.csv")
    assert (rejected["candidate"], rejected["rule"]) == ("ab/3abe.pdb", "readable")
    summary = json.loads((output / "dataset.json").read_text())
    assert summary["counts"] == counts
    assert (counts["entries"], counts["complexes"]) == (3, 1)
    assert counts["rejected"] == {"readable": 1}
    assert counts["positives"] == len(item.contacts)
    assert summary["settings"]["rules"] == LENIENT.to_dict()
    assert summary["reference"].items() >= COMPLEX_ONLY_SET.items()
    assert set(contents(output)) == {"manifest.csv", "rejected.csv", "dataset.json", row["file"]}


def test_a_run_that_was_killed_gives_the_same_dataset_when_started_again(structures, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run_here(new_run(structures, whole))
    run_here(new_run(structures, broken), skip={"1abc", "3abe"})
    assert (broken / "work").is_dir() and not (broken / "manifest.csv").exists()
    (broken / "work" / "stage" / "half").mkdir()
    run_here(new_run(structures, broken))
    assert contents(broken) == contents(whole)


def test_a_run_killed_while_the_dataset_is_put_together_goes_on(structures, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run_here(new_run(structures, whole))
    run = new_run(structures, broken)
    with run.opened():
        for entry in run.undone():
            mine_job(**run.job(entry))
        run.finish({})  # and killed before the work folder goes
    (broken / "dataset.json").unlink()
    run_here(new_run(structures, broken))
    assert contents(broken) == contents(whole)


def test_the_place_of_the_structures_does_not_show_in_the_dataset(structures, tmp_path):
    shutil.copytree(structures, tmp_path / "elsewhere")
    run_here(new_run(structures, tmp_path / "one"))
    run_here(new_run(tmp_path / "elsewhere", tmp_path / "other"))
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


@pytest.fixture
def more(structures):
    """A second folder: 1abc again, and a complex of its own."""
    folder = structures.parent / "more"
    folder.mkdir()
    shutil.copy(structures / "ab" / "1abc.pdb", folder / "pdb1abc.ent")
    shutil.copy(structures / "ab" / "1abc.pdb", folder / "4abf.pdb")
    return folder


def test_several_folders_are_one_dataset_whatever_their_order(structures, more, tmp_path):
    run_here(new_run([structures, more], tmp_path / "one"))
    assert [row["entry"] for row in read_manifest(tmp_path / "one")] == ["1abc", "4abf"]
    rejected = [tuple(row.values()) for row in table(tmp_path / "one" / "rejected.csv")]
    assert ("structures/ab/1abc.pdb", "duplicate", "more/pdb1abc.ent") in rejected
    counts = json.loads((tmp_path / "one" / "dataset.json").read_text())["counts"]
    assert (counts["files"], counts["entries"]) == (5, 4)
    run_here(new_run([more, structures, more], tmp_path / "other"))
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def test_a_run_on_several_folders_can_be_resumed(structures, more, tmp_path):
    run_here(new_run([structures, more], tmp_path / "whole"))
    run_here(new_run([structures, more], tmp_path / "broken"), skip={"2abd", "4abf"})
    run = new_run([more, structures], tmp_path / "broken")
    assert [entry.id for entry in run.undone()] == ["2abd", "4abf"]
    run_here(run)
    assert contents(tmp_path / "broken") == contents(tmp_path / "whole")


def test_nothing_is_written_in_any_of_several_folders(structures, more):
    with pytest.raises(DatasetError, match="must lie outside"):
        run_here(new_run([structures, more], more / "out"))


def test_what_is_done_is_not_done_again_unless_its_file_changed(structures, tmp_path):
    run = new_run(structures, tmp_path / "out")
    run_here(run, skip={"3abe"})
    assert [entry.id for entry in run.undone()] == ["3abe"]
    for name, change in (("1abc", lambda text: text + "END\n"), ("2abd", str.lower)):
        path = structures / "ab" / f"{name}.pdb"
        path.write_text(change(path.read_text()))
    run = new_run(structures, tmp_path / "out")
    assert [entry.id for entry in run.undone()] == ["1abc", "2abd", "3abe"]


def test_an_interrupted_run_goes_on_with_its_settings_only(structures, tmp_path):
    run_here(new_run(structures, tmp_path / "out"), skip={"1abc"})
    other = MiningConfig(min_residues=6, min_contacts=3, min_buried_area=0.0)
    for run in (
        new_run(structures, tmp_path / "out", other),
        new_run(structures, tmp_path / "out", held_out=["ACDEF"]),
        new_run(structures, tmp_path / "out", facts={}),
    ):
        with pytest.raises(DatasetError, match=r"one set of settings, .* was .* and is"):
            run_here(run)


def test_a_finished_dataset_is_known_and_never_mixed(structures, tmp_path):
    run = new_run(structures, tmp_path / "out")
    assert not run.is_finished()
    run_here(run)
    assert run.is_finished()
    with pytest.raises(DatasetError, match="one set of settings, settings.held_out.sequences"):
        new_run(structures, tmp_path / "out", held_out=["ACDEF"]).is_finished()
    path = structures / "ab" / "3abe.pdb"
    before = path.stat()
    path.write_text("no STRUCTURE")  # of the same size
    with pytest.raises(DatasetError, match="one set of settings, input.sha256 was"):
        new_run(structures, tmp_path / "out").is_finished()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    (structures / "4abf.pdb").write_text("a new file")
    with pytest.raises(DatasetError, match="one set of settings, input.files was 3 and is 4"):
        new_run(structures, tmp_path / "out").is_finished()


def test_two_runs_do_not_write_one_dataset(structures, tmp_path):
    run = new_run(structures, tmp_path / "out")
    with run.opened(), pytest.raises(DatasetError, match="only one run at a time can write"):
        run_here(new_run(structures, tmp_path / "out"))


@pytest.mark.parametrize("below", ["", "ab/out"])
def test_nothing_is_written_among_the_structures(structures, below):
    before = contents(structures)
    with pytest.raises(DatasetError, match="must lie outside"):
        run_here(new_run(structures, structures / below))
    assert contents(structures) == before


def test_the_structures_need_not_be_writable(structures, tmp_path):
    before = contents(structures)
    places = [structures, *structures.rglob("*")]
    for path in places:
        os.chmod(path, 0o555 if path.is_dir() else 0o444)
    try:
        run_here(new_run(structures, tmp_path / "out"))
    finally:
        for path in places:
            os.chmod(path, 0o755)
    assert contents(structures) == before


def test_a_failure_is_a_line_and_is_tried_again(structures, tmp_path):
    run = new_run(structures, tmp_path / "out")
    run_here(run, skip={"1abc"})
    with run.opened():
        run.finish({"1abc": Failure("timeout", "600 s")})
    rows = table(tmp_path / "out" / "rejected.csv")
    assert rows[0] == {"candidate": "1abc", "rule": "timeout", "value": "600 s"}
    assert [entry.id for entry in run.undone()] == ["1abc"]


def test_mining_in_processes_gives_the_same(structures, tmp_path):
    run_here(new_run(structures, tmp_path / "one"))
    run = new_run(structures, tmp_path / "other")
    with run.opened(), local_slots(2) as (executor, slots):
        mine_all(run, executor, slots, Limits(60, 2))
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def test_a_file_whose_name_is_no_text_costs_at_most_itself(structures, tmp_path):
    place = os.fsencode(structures) + b"/bad\xff\n.pdb"
    with open(place, "w") as stream:
        stream.write("no structure")
    run_here(new_run(structures, tmp_path / "out"))
    assert len(read_manifest(tmp_path / "out")) == 1
    assert table(tmp_path / "out" / "rejected.csv")[-1]["candidate"] == "bad\\udcff\n.pdb"


NAMES = ["ALA", "CYS", "ASP", "GLU", "PHE", "GLY", "HIS", "ILE", "LYS", "LEU", "MET", "ASN"] * 6


def dimer_lines(order):
    """Write two equal chains of these residues, in contact."""
    return [
        line.replace("CYS", residue)
        for chain, y in (("A", 0), ("B", 5))
        for k, residue in enumerate(order)
        for line in chain_lines(chain, 1, first=k + 1, start=(3.8 * k, y, 0))
    ]


def test_proteins_like_those_held_out_are_left_out_of_the_dataset(tmp_path):
    folder = tmp_path / "structures"
    folder.mkdir()
    for entry, order in (("1abc", NAMES), ("2abd", NAMES[::-1])):
        write_pdb(folder / f"{entry}.pdb", dimer_lines(order))
    (held_out,) = read_sequences([folder])[:1]
    run_here(new_run(folder, tmp_path / "out", held_out=[held_out]))
    kept = read_manifest(tmp_path / "out")
    rejected = table(tmp_path / "out" / "rejected.csv")
    assert len(kept) == len(rejected) == 1
    assert (rejected[0]["rule"], rejected[0]["value"]) == ("identity", "1.000")


def test_proteins_over_30_percent_identical_share_a_cluster(tmp_path):
    folder = tmp_path / "structures"
    folder.mkdir()
    shuffled = np.random.default_rng(1).permutation(NAMES).tolist()
    alike = ["TRP" if k % 2 else name for k, name in enumerate(NAMES)]  # half of it
    for entry, order in (("1abc", NAMES), ("2abd", alike), ("3abe", shuffled)):
        write_pdb(folder / f"{entry}.pdb", dimer_lines(order))
    run_here(new_run(folder, tmp_path / "out"))
    first, second, third = (row["cluster"] for row in read_manifest(tmp_path / "out"))
    assert first == second != third
