"""Time to recover and loss, worked out by hand."""

import gymnasium
import numpy as np
import pytest

import edgesim
from edgesim.envs.recovery import FAULT_METRICS, Recovery

gymnasium.register_envs(edgesim)


def test_recovery_by_hand() -> None:
    """Requests 0 to 49, one a second. A fault at 9.5 s spoils those of 10 to 19.

    40 of 50 are served well, 0.8. From request 18 on, eight of ten are: 18 - 9.5 s.
    """
    recovery = Recovery()
    for number in range(50):
        spoilt = 10 <= number < 20
        recovery.ended(number, float(number), well=not spoilt, lost=spoilt and number % 2 == 0)
    assert recovery.metrics([9.5], 60.0) == {
        "outages": 1.0,
        "recovery_s": 8.5,
        "fault_loss": 5 / 50,
    }


def test_what_never_recovers_counts_until_the_end() -> None:
    recovery = Recovery()
    for number in range(50):
        recovery.ended(number, float(number), well=number < 30)
    # The first comes where all fare well; after the second no ten requests do.
    assert recovery.metrics([5.0, 35.5], 60.0)["recovery_s"] == (0.0 + 24.5) / 2


def test_the_last_word_on_a_request_counts() -> None:
    recovery = Recovery()
    for number in range(10):
        recovery.ended(number, float(number), well=True)
    recovery.ended(3, 3.0, well=False, lost=True)
    assert recovery.metrics([], 10.0) == {"outages": 0.0, "recovery_s": 0.0, "fault_loss": 0.1}


@pytest.mark.parametrize(
    ("env", "scenario", "short"),
    [
        ("edgesim/AIGC-v0", "aigc_faults", {"horizon_s": 40.0}),
        ("edgesim/SFC-v0", "sfc_faults", {"network.horizon_s": 200.0}),
        (
            "edgesim/VNE-v0",
            "vne_geant",
            {"virtual.count": 20, "faults": [{"what": "link", "mtbf_s": 500, "mttr_s": 50}]},
        ),
    ],
)
def test_episodes_with_faults_tell_of_them(
    env: str, scenario: str, short: dict[str, object]
) -> None:
    made = gymnasium.make(env, scenario=scenario, overrides=short)
    made.reset(seed=0)
    rng, over = np.random.default_rng(0), False
    inner: object = made.unwrapped
    while not over:
        masks = inner.action_masks()  # type: ignore[attr-defined]
        *_, over, _, info = made.step(int(rng.choice(np.flatnonzero(masks))))
    assert info["metrics"].keys() >= FAULT_METRICS.keys()
    assert info["metrics"]["outages"] > 0
    assert info["metrics"]["recovery_s"] >= 0
    assert 0 <= info["metrics"]["fault_loss"] <= 1
