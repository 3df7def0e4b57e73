from dataclasses import replace

import numpy as np
import pytest

from sasnet_core.dataset.complexes import save_complex
from sasnet_core.errors import DatasetError
from sasnet_core.evaluation.measures import (
    MEASURES,
    baseline_scores,
    evaluate_rows,
    interval,
    measures,
    move_partners,
    paired_interval,
    residue_sum,
    site_base_rates,
    wrong_partner_row,
    wrong_partner_scores,
)
from sasnet_core.metrics import auroc, average_precision
from sasnet_core.scoring.log_odds import logistic
from tests.core.build import random_complex


@pytest.fixture
def item():
    return random_complex(1)


def test_a_perfect_ranking_is_perfect_in_all_measures(item):
    found = measures(item, item.labels().astype(float))
    assert found.keys() == set(MEASURES)
    count = len(item.contacts)
    short = {"precision_at_10": min(1, count / 10), "precision_at_l": min(1, count / 7)}
    for name, value in found.items():
        if np.isfinite(value):
            assert value == pytest.approx(short.get(name, 1.0)), name


def test_measures_are_those_of_the_pairs_and_of_the_best_pair_of_each_residue():
    item = random_complex(3, 30, 20)
    item = replace(item, contacts=item.contacts[:10])
    labels, scores = item.labels(), np.random.default_rng(0).random((30, 20))
    found = measures(item, scores)
    order = np.argsort(-scores, axis=None)
    assert found["auroc"] == auroc(labels, scores)
    for name, count in (("l", 20), ("l5", 4), ("l10", 2), ("10", 10)):
        assert found[f"precision_at_{name}"] == labels.ravel()[order[:count]].mean()
    assert found["left_site_auroc"] == auroc(labels.any(axis=1), scores.max(axis=1))
    assert found["right_site_auroc"] == auroc(labels.any(axis=0), scores.max(axis=0))
    best = average_precision(labels.any(axis=1), scores.max(axis=1))
    assert found["left_site_average_precision"] == best


def test_scores_that_are_not_numbers_are_refused(item):
    scores = np.zeros(item.labels().shape)
    assert measures(item, scores)["auroc"] == 0.5
    scores[0, 0] = np.nan
    with pytest.raises(DatasetError, match="finite"):
        measures(item, scores)


@pytest.fixture
def dataset(tmp_path):
    rows = []
    for k in range(3):
        made = random_complex(k, name=f"c{k}")
        save_complex(made, tmp_path / f"c{k}.npz")
        rows.append({"id": f"c{k}", "split": "DB4U", "n_left": "8", "n_right": "7",
                     "n_contacts": str(len(made.contacts)), "file": f"c{k}.npz"})  # fmt: skip
    return tmp_path, rows


def test_a_complex_that_fails_counts_0_and_has_a_reason(dataset):
    folder, rows = dataset
    (folder / "c1.npz").write_bytes(b"damaged")
    scores = {"": lambda item, _: item.labels() * 1.0, "none": lambda item, _: item.labels() * 0.0}
    table = evaluate_rows(folder, rows, "unbound", scores)
    assert [row["auroc"] for row in table] == [1.0, 0.0, 1.0]
    assert [row["none_auroc"] for row in table] == [0.5, 0.0, 0.5]
    assert "a complex (.npz) is needed" in table[1]["failure"]
    assert table[0]["base_rate"] == pytest.approx(int(rows[0]["n_contacts"]) / 56)
    for row in rows:
        (folder / row["file"]).unlink(missing_ok=True)
    with pytest.raises(DatasetError, match="all 3 complexes failed"):
        evaluate_rows(folder, rows, "unbound", scores)


def test_baselines_take_complexes(dataset):
    folder, rows = dataset
    table = evaluate_rows(folder, rows, "unbound", baseline_scores())
    assert len({row["exposed_area_auroc"] for row in table} - {0.0, 0.5}) > 1


def test_the_interval_covers_95_percent_around_the_statistic():
    values = np.random.default_rng(1).normal(0.8, 0.05, 400).tolist()
    error = np.std(values) / 20
    low, high = interval(values, np.mean)
    assert (low, high) == pytest.approx(
        [np.mean(values) - 1.96 * error, np.mean(values) + 1.96 * error], abs=error / 5
    )
    low, high = interval(values)
    assert low < np.median(values) < high
    assert high - low == pytest.approx(2 * 1.96 * 1.2533 * error, rel=0.25)  # of a normal median


def test_a_difference_is_of_the_same_complexes():
    before = np.random.default_rng(1).uniform(0.5, 1, 30)
    assert paired_interval(before + 0.1, before) == pytest.approx([0.1, 0.1])
    after = before + np.random.default_rng(2).normal(0.1, 0.01, 30)
    low, high = paired_interval(after, before, np.mean)
    error = np.std(after - before) / np.sqrt(30)
    assert low < np.mean(after - before) < high
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_one_complex_has_an_interval_without_width():
    assert interval([0.7]) == (0.7, 0.7)
    assert paired_interval([0.7], [0.5]) == pytest.approx([0.2, 0.2])


def test_a_pair_of_residues_alone_is_the_sum_of_their_best_log_odds():
    left, right = logistic(np.array([[0.0, 2.0], [1.0, -1.0]])), logistic(np.array([[3.0, -2.0]]))
    np.testing.assert_allclose(residue_sum(left, right), [[5.0, 0.0], [4.0, -1.0]], atol=1e-9)


def test_moved_partners_keep_their_shape_and_lose_their_relative_position(item):
    found = move_partners(item, 0, 1)
    for side in ("left", "right"):
        before, after = getattr(item, side).centers, getattr(found, side).centers
        distances = [np.linalg.norm(c[:, None] - c, axis=-1) for c in (before, after)]
        np.testing.assert_allclose(*distances, atol=1e-3)
    shifts = [
        getattr(found, side).centers[0] - getattr(item, side).centers[0]
        for side in ("left", "right")
    ]
    assert np.linalg.norm(shifts[0] - shifts[1]) > 10
    other = move_partners(item, 0, 2).left.centers
    assert not np.allclose(found.left.centers, other)


def test_base_rates_of_sites_are_the_shares_of_interface_residues():
    item = replace(random_complex(1, 8, 4), contacts=np.array([[0, 1], [5, 1]], np.int32))
    assert site_base_rates(item) == {"left_site_base_rate": 0.25, "right_site_base_rate": 0.25}


def test_scores_with_wrong_partners_do_not_depend_on_the_own_partner(item):
    other, asked = random_complex(2, 5, 6), []

    def score(left, right):
        asked.append((left.n_residues, right.n_residues))
        return np.full((left.n_residues, right.n_residues), 0.5)

    found = wrong_partner_scores(item, other, score)
    assert found.shape == (8, 7) and asked == [(8, 6), (5, 7)]
    assert not found.any(), "log odds of a half"


def test_wrong_partners_come_from_the_same_fold_where_there_is_another():
    rows = [{"fold": fold} for fold in "1213"]
    assert [wrong_partner_row(rows, index) for index in range(4)] == [2, 2, 0, 0]
    assert [wrong_partner_row([{}] * 3, index) for index in range(3)] == [1, 2, 0]
    assert wrong_partner_row([{}], 0) == 0
