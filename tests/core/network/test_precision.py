import numpy as np
import pytest
from keras import ops

from sasnet_core.dataset.complexes import Complex
from sasnet_core.errors import SettingError
from sasnet_core.network.lattice import build_lattice, pad_lattice, random_pose
from sasnet_core.network.lattice_tower import ROW_UNIT, embed_lattice, lattice_tensors
from sasnet_core.network.precision import PRECISIONS, choose_precision, cpu_is_fast, current_gpu
from sasnet_core.network.weights_folder import default_folder
from sasnet_core.scoring.predictor import load_predictor
from sasnet_core.structure.reading import read
from tests.core.build import random_complex


def cpuinfo(tmp_path, flags):
    path = tmp_path / "cpuinfo"
    path.write_text(f"processor\t: 0\nmodel name\t: amx_bf16 in a name\nflags\t\t: {flags}\n")
    return path


@pytest.mark.parametrize(
    ("flags", "fast"),
    [
        ("fpu avx512_bf16", True),
        ("amx_bf16 fpu", True),
        ("avx512f avx512_bf16x", False),
        ("", False),
    ],
)
def test_the_processors_flags_say_whether_it_has_bfloat16_units(tmp_path, flags, fast):
    assert cpu_is_fast(cpuinfo(tmp_path, flags)) == fast


def test_a_processor_that_lists_no_flags_counts_as_without(tmp_path):
    assert not cpu_is_fast(tmp_path / "missing")


def test_auto_follows_the_processor(monkeypatch):
    if current_gpu() is not None:
        pytest.skip("Keras computes on a GPU here")
    for fast, expected in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr("sasnet_core.network.precision.cpu_is_fast", lambda fast=fast: fast)
        assert choose_precision("auto") == expected


@pytest.mark.parametrize("wanted", ["float32", "bfloat16"])
def test_a_wish_is_granted_and_told(wanted, weights_folder):
    assert choose_precision(wanted) == wanted
    assert load_predictor(weights_folder, wanted).precision == wanted


def test_another_precision_is_refused():
    with pytest.raises(SettingError, match=f"one of {', '.join(PRECISIONS)}, got 'half'"):
        choose_precision("half")


def demo_complex(demo_pdb) -> Complex:
    file = read(demo_pdb)
    return Complex("demo", file.protein(["D"]), file.protein(["E"]), np.zeros((0, 2), int))


def assert_agree(folder, item):
    """Of the scores of one rotation, 99 % must be within 0.01 in both precisions."""
    exact, rough = (
        load_predictor(folder, precision).score(item.left, item.right, rotations=1).matrix
        for precision in ("float32", "bfloat16")
    )
    assert exact.std() > 1e-3, "a network that scores all alike would agree with anything"
    assert np.quantile(np.abs(rough - exact), 0.99) < 0.01
    assert not np.array_equal(rough, exact)


def test_an_embedding_does_not_depend_on_how_many_are_embedded(demo_pdb):
    """Long sums in bfloat16 round otherwise in small products, where there are units for it."""
    network, protein = (
        load_predictor(default_folder(), "bfloat16").network,
        read(demo_pdb).protein(),
    )

    def embed(pose, rows):
        lattice = build_lattice(protein, network.config, pose, residues=rows)
        tensors = lattice_tensors(pad_lattice(lattice, ROW_UNIT))
        found = embed_lattice(network.tower, network.config, tensors)
        return ops.convert_to_numpy(found).astype(np.float32)[: len(rows)]

    every = np.arange(protein.n_residues)
    for seed in range(3):
        pose = random_pose(np.random.default_rng(seed))
        together = embed(pose, every)
        for count in (10, 40, 60):
            np.testing.assert_array_equal(embed(pose, every[:count]), together[:count])


def test_precisions_agree_on_random_proteins():
    assert_agree(default_folder(), random_complex(1, 40, 30))


def test_precisions_agree_on_a_real_complex(demo_pdb):
    assert_agree(default_folder(), demo_complex(demo_pdb))
