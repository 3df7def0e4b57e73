import numpy as np
import pytest

from sasnet_core.errors import SettingError
from sasnet_core.metrics import auroc
from sasnet_core.training.linear_pairs_fit import (
    WINDOW_SCALE,
    LinearSettings,
    PairInputs,
    linear_logits,
    mean_hidden,
    pair_inputs,
    train_linear_pairs,
)
from tests.core.build import tiny_model, tiny_network


def made_up(seed, count=300):
    """Make pairs whose contacts follow a hidden number and a number of each window."""
    rng = np.random.default_rng(seed)
    hidden, left, right = (rng.normal(size=(count, n)).astype(np.float32) for n in (4, 6, 6))
    odds = hidden[:, 0] + 2 * left[:, 1] + 2 * right[:, 1] - 1
    return PairInputs(hidden, left, right, rng.random(count) < 1 / (1 + np.exp(-odds)))


@pytest.fixture(scope="module", params=[0, 6], ids=["linear", "units"])
def trained(request):
    validation = [made_up(k) for k in range(10, 13)]
    settings = LinearSettings(epochs=8, learning_rate=0.05, batch=128, units=request.param)
    model, best = train_linear_pairs([made_up(k) for k in range(5)], validation, settings)
    return model, best, validation


def test_the_model_learns_from_the_hidden_layer_and_the_windows(trained):
    model, best, validation = trained
    found = np.median([auroc(one.contacts, linear_logits(model, one)) for one in validation])
    assert found == pytest.approx(best)
    assert best > 0.85


def test_the_order_of_the_residues_does_not_matter(trained):
    model, _, validation = trained
    one = validation[0]
    swapped = PairInputs(one.hidden, one.right, one.left, one.contacts)
    np.testing.assert_allclose(linear_logits(model, one), linear_logits(model, swapped), atol=1e-5)


def test_logits_are_the_means_of_the_model_in_both_orders(trained):
    model, _, validation = trained
    one = validation[0]
    both = [
        np.asarray(model([one.hidden, *sides]))[:, 0]
        for sides in ((one.left, one.right), (one.right, one.left))
    ]
    np.testing.assert_allclose(linear_logits(model, one), np.mean(both, axis=0), atol=1e-5)


def test_rotations_are_averaged_and_windows_scaled():
    network = tiny_network(tiny_model())
    rng = np.random.default_rng(0)
    poses = [tuple(rng.normal(size=(n, 12)).astype(np.float32) for n in (3, 4)) for _ in range(2)]
    windows = np.full((3, 5), 10.0), np.full((4, 5), 20.0)
    pairs = np.array([[0, 3], [2, 1]], np.int32)
    contacts = np.array([True, False])
    both = pair_inputs(mean_hidden(network, poses, pairs), windows, pairs, contacts)
    single = [mean_hidden(network, [pose], pairs) for pose in poses]
    np.testing.assert_allclose(both.hidden, np.mean(single, axis=0), atol=1e-6)
    assert both.left.max() == 10 / WINDOW_SCALE
    assert both.right.min() == 20 / WINDOW_SCALE


def test_settings_out_of_range_are_refused():
    with pytest.raises(SettingError):
        LinearSettings(learning_rate=0.0)
