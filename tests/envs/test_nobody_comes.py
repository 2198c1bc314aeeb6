"""Episodes of which stated events keep every request away."""

import gymnasium
import pytest

import edgesim  # noqa: F401  # registers the environments


@pytest.mark.parametrize(
    ("env_id", "scenario"),
    [("AIGC", "aigc"), ("SFC", "sfc"), ("SFCAttack", "sfc_attack"), ("VNE", "vne_geant")],
)
def test_one_request_comes_nonetheless(env_id: str, scenario: str) -> None:
    events = [{"at_s": 0.0, "event": "load", "factor": 0.0}]
    env = gymnasium.make(f"edgesim/{env_id}-v0", scenario=scenario, overrides={"events": events})
    seen, _ = env.reset(seed=402_689)
    assert env.observation_space.contains(seen)
    over = False
    while not over:
        mask = env.unwrapped.action_masks()  # type: ignore[attr-defined]
        _, _, over, *_ = env.step(int(mask.argmax()))
    assert env.unwrapped.twin.ledger.arrived == 1  # type: ignore[attr-defined]
