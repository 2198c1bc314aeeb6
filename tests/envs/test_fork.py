"""Environments fork and are pickled in the middle of an episode, and go on as they would have."""

import pickle
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded

SHORT = {
    ("AIGC", "aigc"): {"horizon_s": 30.0},
    ("AIGC", "aigc_paper"): {"horizon_s": 60_000.0},
    ("AIGC", "aigc_steps"): {"horizon_s": 30.0},
    ("AIGC", "aigc_text"): {"horizon_s": 10.0},
    ("SFC", "sfc"): {"network.horizon_s": 30.0},
    ("SFC", "sfc_paper"): {"requests": 30},
    ("AIGC", "shared"): {"aigc.horizon_s": 15.0, "sfc.network.horizon_s": 15.0},
    ("VNE", "vne_geant"): {"virtual.count": 60, "virtual.arrival_rate_hz": 0.05},
    ("LLMTraining", "llm_13b"): {"accelerators.node_mtbf_s": 7200.0},
    ("WanTraining", "wan_training"): {"horizon_s": 1800.0},
    ("SFC", "shared"): {"aigc.horizon_s": 15.0, "sfc.network.horizon_s": 60.0},
}


def running(kind: tuple[str, str], steps: int = 25) -> Any:
    env: Any = gymnasium.make(
        f"edgesim:edgesim/{kind[0]}-v0",
        scenario=kind[1],
        overrides=SHORT[kind],
        disable_env_checker=True,
    ).unwrapped
    env.reset(seed=4)
    played(env, 1, steps)
    return env


def played(env: Any, seed: int, steps: float = float("inf")) -> list[Any]:
    """What random sensible actions lead to."""
    rng = np.random.default_rng(seed)
    seen: list[Any] = []
    while len(seen) < steps:
        action = rng.choice(np.flatnonzero(env.action_masks()))
        observation, reward, over, _, info = env.step(action)
        seen.append((observation.tolist(), reward, over, info))
        if over:
            break
    return seen


@pytest.mark.parametrize("kind", SHORT, ids="-".join)
def test_a_fork_and_a_pickle_go_on_as_the_environment_does(kind: tuple[str, str]) -> None:
    env = running(kind)
    fork, read = env.fork(), pickle.loads(pickle.dumps(env))
    seen = played(env, 2)
    assert seen[-1][2]  # to the end
    assert played(fork, 2) == seen
    assert played(read, 2) == seen
    # Later episodes are the same too.
    first, *others = (one.reset()[0].tolist() for one in (env, fork, read))
    assert others == [first, first]


@pytest.mark.parametrize("kind", SHORT, ids="-".join)
def test_a_fork_of_another_seed_has_another_future(kind: tuple[str, str]) -> None:
    env = running(kind, steps=10)
    one, same, other = env.fork(seed=1), env.fork(seed=1), env.fork(seed=2)
    seen = played(one, 2)
    assert played(same, 2) == seen
    assert played(other, 2) != seen
    assert played(env, 2) != seen


def test_there_is_nothing_to_fork_before_the_first_reset() -> None:
    env: Any = gymnasium.make("edgesim:edgesim/AIGC-v0", scenario="aigc_paper").unwrapped
    with pytest.raises(ResetNeeded):
        env.fork()
    assert pickle.loads(pickle.dumps(env)).action_space == env.action_space
