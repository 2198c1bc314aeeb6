"""Confusion metrics, SKN and SMOTE beside cases worked out elsewhere (``oracles/services``)."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgesim.errors import InputError
from edgesim.services.detectors.interpolation import (
    interpolated,
    nearest_neighbours,
    skn,
    smote,
)
from edgesim.services.detectors.metrics import confusion, confusion_metrics

SHARED = Path(os.environ.get("EDGESIM_SHARED", Path(__file__).parents[4] / "shared"))
FILES = sorted((SHARED / "oracles" / "services").glob("ids_*.json"))
CASES: dict[str, list[Any]] = {
    kind: [case for file in FILES for case in json.loads(file.read_text(encoding="utf-8"))[kind]]
    for kind in ("confusion", "skn")
}

pytest.importorskip("imblearn")


@pytest.mark.skipif(not FILES, reason="no oracles beside the repository")
@pytest.mark.parametrize("case", CASES["confusion"])
def test_every_figure_of_a_confusion_matrix_is_scikit_learns(case) -> None:
    metrics = confusion_metrics(case["matrix"])
    for key in set(case) - {"matrix"}:
        assert getattr(metrics, key) == pytest.approx(case[key], abs=1e-9), key


@pytest.mark.skipif(not FILES, reason="no oracles beside the repository")
@pytest.mark.parametrize("case", CASES["skn"])
def test_new_points_lie_where_the_choices_put_them(case) -> None:
    near = nearest_neighbours(case["points"], case["k"])
    assert near.tolist() == case["neighbours"]
    choices = [(it["point"], it["neighbour"], it["weight"]) for it in case["choices"]]
    new = interpolated(case["points"], near, choices)
    np.testing.assert_allclose(new, case["new_points"], atol=1e-9, rtol=0)


@pytest.mark.skipif(not FILES, reason="no oracles beside the repository")
@pytest.mark.parametrize("case", CASES["skn"])
def test_smote_is_imbalanced_learns(case) -> None:
    of = case["imblearn"]
    new = smote(case["points"], of["majority"], case["k"], of["random_state"])
    np.testing.assert_allclose(new, of["new_points"], atol=1e-9, rtol=0)


def test_a_matrix_worked_out_by_hand() -> None:
    # 10 benign flows of which 1 alarms; 5 attacks of kind 1: 3 found, 1 taken for kind 2, 1 missed;
    # 1 of kind 2, missed.
    of = confusion_metrics([[9, 1, 0], [1, 3, 1], [1, 0, 0]])
    assert of.precision.tolist() == pytest.approx([9 / 11, 3 / 4, 0])
    assert of.recall.tolist() == pytest.approx([9 / 10, 3 / 5, 0])
    assert of.f1.tolist() == pytest.approx([6 / 7, 2 / 3, 0])
    assert of.macro == pytest.approx((69 / 132, 0.5, 32 / 63))
    assert (of.attack_detected_share, of.right_type_share) == pytest.approx((4 / 6, 3 / 6))
    assert of.false_alarm_share == pytest.approx(0.1)
    assert of.imbalance_ratio.tolist() == [1, 2, 10]


def test_a_class_without_flows_counts_for_the_macro_but_not_for_the_balanced_accuracy() -> None:
    of = confusion_metrics([[4, 0], [0, 0]])
    assert of.macro == (0.5, 0.5, 0.5)
    assert of.balanced_accuracy == 1
    assert of.attack_detected_share == 0 and of.imbalance_ratio.tolist() == [1, 4]


def test_flows_are_counted_by_true_class_and_found_class() -> None:
    assert confusion([0, 0, 2], [0, 1, 2], 3).tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]


def test_a_new_point_lies_between_a_point_and_its_neighbour() -> None:
    points = [[0.0, 0.0], [1.0, 0.0], [0.0, 4.0]]
    near = nearest_neighbours(points, 2)
    assert near.tolist() == [[1, 2], [0, 2], [0, 1]]
    assert interpolated(points, near, [(2, 0, 0.25), (1, 1, 0.5)]).tolist() == [[0, 3], [0.5, 2]]


def test_points_between_two_flows_stay_between_them() -> None:
    new = skn([[0.0, 1.0], [1.0, 1.0]], 50, 5, np.random.default_rng(0))
    assert new.shape == (50, 2)
    assert (new[:, 1] == 1).all() and ((new[:, 0] >= 0) & (new[:, 0] <= 1)).all()
    assert len(np.unique(new[:, 0])) == 50


@pytest.mark.parametrize(
    "matrix", [[[1]], [[1, 2, 3]], [[1, -1], [0, 1]], [[0, 0], [0, 0]], [["a", 1], [1, 1]]]
)
def test_what_is_no_confusion_matrix_is_refused(matrix) -> None:
    with pytest.raises(InputError, match="confusion matrix"):
        confusion_metrics(matrix)


def test_a_class_of_one_flow_has_no_neighbours() -> None:
    with pytest.raises(InputError, match="k"):
        nearest_neighbours([[1.0, 2.0]], 1)
    with pytest.raises(InputError, match="2 points"):
        skn([[1.0, 2.0]], 3, 1, np.random.default_rng(0))
