import numpy as np
import pytest

from sasnet_core.evaluation.groups import group_precision, kinds, precision_by_group, size_group
from sasnet_core.evaluation.interface_residues import Site
from sasnet_core.fitted import Calibration
from sasnet_core.scoring.log_odds import logistic

CALIBRATION = Calibration(threshold=0.5)  # probabilities are the scores


def site(probabilities, labels):
    return Site(np.array(probabilities), np.array(labels, bool))


@pytest.mark.parametrize(
    ("id_", "category", "expected"),
    [
        ("1AHW", "AA", ("antibodies", "antigens")),
        ("1KXQ", "AB", ("antigens", "antibodies")),  # its receptor is the amylase
        ("1ACB", "EI", ("enzymes", "inhibitors")),
        ("7CEI", "EI", ("inhibitors", "enzymes")),  # its receptor is the immunity protein
        ("1E6E", "ES", ("enzymes", "others")),
        ("1A2K", "OG", ("others", "others")),
    ],
)
def test_a_protein_is_grouped_by_its_part_in_the_complex(id_, category, expected):
    assert kinds({"id": id_, "category": category}) == expected


def test_mined_complexes_have_no_parts():
    assert kinds({"id": "10gs_A_B"}) == ("others", "others")


def test_a_protein_is_grouped_by_its_size():
    found = [size_group(n) for n in (1, 99, 100, 199, 200, 399, 400, 2000)]
    first, second, third, last = dict.fromkeys(found)
    assert found == [first, first, second, second, third, third, last, last]


def test_expected_is_the_mean_probability_and_found_the_share_of_the_likely_residues():
    sites = [site([0.9, 0.6, 0.2], [1, 0, 1]), site([0.7, 0.1], [1, 0])]
    found = group_precision(sites, CALIBRATION)
    assert (found.proteins, found.residues, found.likely) == (2, 5, 3)
    assert found.expected == pytest.approx((0.9 + 0.6 + 0.7) / 3)
    assert found.found == pytest.approx(2 / 3)
    assert found.interval == pytest.approx([0.5, 1.0])


def test_a_group_without_likely_residues_has_no_precision():
    found = group_precision([site([0.1, 0.2], [1, 0])], CALIBRATION)
    assert found.likely == 0 and np.isnan(found.expected) and np.isnan(found.found)


def test_each_protein_is_in_its_groups():
    rows = [{"id": "1AHW", "category": "AA"}, {"id": "1ACB", "category": "EI"}]
    rng = np.random.default_rng(0)
    sites = [
        Site(logistic(rng.normal(size=n)), rng.random(n) < share)
        for n, share in ((420, 1.0), (150, 0.0), (230, 0.5), (60, 0.5))
    ]
    groups = precision_by_group(rows, sites, CALIBRATION)
    assert list(groups) == [
        "all", "antibodies", "antigens", "enzymes", "inhibitors", "under 100 residues",
        "100 to 199 residues", "200 to 399 residues", "400 residues or more",
    ]  # fmt: skip
    assert groups["all"].proteins == 4 and groups["all"].residues == 860
    assert groups["antibodies"].found == 1 and groups["antigens"].found == 0
    assert groups["antibodies"] == groups["400 residues or more"]
    assert groups["inhibitors"] == groups["under 100 residues"]
