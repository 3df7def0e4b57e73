import os

import pytest

pytest.importorskip("pyopal")

from sasnet_core.errors import StructureError  # noqa: E402
from sasnet_core.mining.similarity import load, pair_clusters, read_sequences, save  # noqa: E402
from tests.core.build import chain_lines, write_pdb  # noqa: E402
from tests.core.sequences import mutated, random_sequence  # noqa: E402

FIRST = "ACDEFGHIKLMNPQRSTVWY" * 5
OTHER = "WWHHKKRRYYMMNNCCQQDDEEPPSSGG" * 4


def test_every_chain_is_read_once(tmp_path):
    lines = [*chain_lines("A", 3), *chain_lines("B", 4), *chain_lines("C", 3)]
    write_pdb(tmp_path / "a.pdb", lines)
    write_pdb(tmp_path / "b.pdb", lines[:6])
    assert read_sequences([tmp_path, tmp_path]) == ["C", "CCC", "CCCC"]


def test_a_held_out_folder_that_is_empty_or_damaged_is_refused(tmp_path):
    with pytest.raises(StructureError, match="this one has none"):
        read_sequences([tmp_path])
    (tmp_path / "3abe.pdb").write_text("no structure")
    with pytest.raises(StructureError, match="3abe"):
        read_sequences([tmp_path])


def test_the_identity_is_the_highest_with_any_held_out_sequence(tmp_path):
    path = tmp_path / "held_out.json"
    save([FIRST, OTHER], path)
    identity = load(path, 0.0)
    assert identity(FIRST[10:]) == 1.0
    assert 0.9 < identity(OTHER.replace("Y", "F")) < 1.0
    assert identity("GGGGGSGGGGS") == 0.0


def test_a_held_out_domain_counts_though_a_longer_one_aligns_better(tmp_path):
    domain = random_sequence(1, 120)
    near, far = mutated(domain[:70], 0.45), mutated(domain, 0.6, 5)
    save([near + random_sequence(3, 50) + far], tmp_path / "held_out.json")
    assert load(tmp_path / "held_out.json", 0.5)(domain) > 0.5


def test_another_file_is_read_again(tmp_path):
    path = tmp_path / "held_out.json"
    save([FIRST], path)
    assert load(path, 0.0)(OTHER) == 0.0
    save([OTHER], path)
    os.utime(path, ns=(1, 1))
    assert load(path, 0.0)(OTHER) == 1.0


def test_pairs_share_a_cluster_when_both_proteins_do_in_either_order():
    pairs = [(FIRST, OTHER), (OTHER, FIRST), (FIRST, FIRST), (FIRST[:-3], OTHER)]
    clusters = pair_clusters(pairs, 0.3)
    assert clusters[0] == clusters[1] == clusters[3] != clusters[2]
