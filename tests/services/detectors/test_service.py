"""Detectors as services, and treatments compared on one protocol."""

import numpy as np
import pytest

pytest.importorskip("imblearn")
pytest.importorskip("sklearn")

from edgesim.errors import InputError
from edgesim.profiles.profile import load_profile
from edgesim.services.detectors.generator import CLASSES, generate
from edgesim.services.detectors.protocol import Arm, compare
from edgesim.services.detectors.service import KINDS, THRESHOLDS, DetectorService, _halves


def test_a_stream_of_flows_is_the_same_for_the_same_item(monkeypatch) -> None:
    monkeypatch.setattr("edgesim.services.detectors.service.TRAINED_ON", 800)
    service = DetectorService("ids_boosting", "boosting", 0)
    outputs = service.run([0, 1], [30, 30])
    assert np.shape(outputs) == (2, 30, len(CLASSES))
    np.testing.assert_array_equal(outputs[1], service.run([1], [30])[0])
    assert [len(it) for it in service.run([0, 1], [3, 5])] == [3, 5]
    found = service.score([500], [service.run(range(20), [500] * 20)])
    assert found.thresholds == THRESHOLDS
    assert all(sum(map(sum, matrix)) == 10_000 for matrix in found.confusion)
    shares = [found.detected_share(row) for row in range(len(THRESHOLDS))]
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize("name", KINDS)
def test_the_embedded_profiles_know_every_kind_and_miss_more_at_higher_thresholds(name) -> None:
    profile = load_profile(name)
    assert profile.unit == "flow" and profile.detection is not None
    assert profile.detection.classes == CLASSES
    for share in (profile.detection.detected_share, profile.detection.false_alarm_share):
        shares = [share(row) for row in range(len(profile.detection.thresholds))]
        assert shares == sorted(shares, reverse=True)


def test_arms_of_a_seed_see_the_same_split() -> None:
    train = {"benign": 600, "dos": 200, "scan": 100, "bot": 10}
    arms = (Arm("forest", "none"), Arm("forest", "smote", everything=True))
    rows = compare(generate(4000, 0), [1], arms, train, 300)
    assert [row["arm"] for row in rows] == ["forest none", "forest smote all"]
    supports = [np.array(row["matrix"]).sum(axis=1).tolist() for row in rows]
    assert supports[0] == supports[1]
    assert all(0.5 < row["macro_f1"] <= 1 for row in rows)


def test_a_class_of_one_flow_cannot_be_halved() -> None:
    flows = generate(100, 0)
    rows = np.flatnonzero(flows.kinds != 1)
    one = np.flatnonzero(flows.kinds == 1)[:1]
    with pytest.raises(InputError, match="dos"):
        _halves(flows.of(np.concatenate([rows, one])), 0)
