"""The bound on an episode is one: nothing that can be decided pays more."""

import tempfile
from collections.abc import Mapping
from itertools import count, product
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.agents.aigc import bound as aigc_bound
from edgesim.agents.aigc.bound import episode_bound
from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import rollout
from edgesim.envs.making import make_envs
from edgesim.scenarios import resolve

TIGHT = 1e-7  # what floating point may take off


FOLDER = tempfile.TemporaryDirectory()  # a trace is read anew in every episode
NUMBER = count()


def env_of(scenario: str, tasks: list[tuple[float, int]], keys: Mapping[str, Any]) -> gymnasium.Env:
    """An environment whose requests are ``tasks``: (arrival in s, steps)."""
    trace = Path(FOLDER.name) / f"tasks-{next(NUMBER)}.csv"
    rows = "".join(f"{arrival!r},{steps}\n" for arrival, steps in sorted(tasks))
    trace.write_text("arrival_s,steps\n" + rows)
    overrides = {"trace": str(trace), "steps_range": [50, 200], "steps_increment": 50, **keys}
    env = gymnasium.make("edgesim/AIGC-v0", scenario=scenario, overrides=overrides)
    env.reset(seed=0)
    return env


def played(env: gymnasium.Env, actions: tuple[int, ...]) -> float:
    """The return of an episode of these decisions."""
    env.reset(seed=0)
    for action in actions:
        _, _, over, _, info = env.step(action)
        if over:
            break
    return float(info["metrics"]["return"])


def best(env: gymnasium.Env, decisions: int) -> float:
    """The largest return of all there are."""
    providers = int(env.action_space.n)  # type: ignore[attr-defined]
    return max(played(env, actions) for actions in product(range(providers), repeat=decisions))


# --- by hand ----------------------------------------------------------------------------------

ONE = {"capacity": 100, "ax": 0, "ay": 0.0, "bx": 100, "by": 0.8}
TWO = {"capacity": 200, "ax": 0, "ay": 0.0, "bx": 100, "by": 0.5}
MINUTE_A_STEP = {"run_time_minutes": [0, 1 / 60, 0], "decide_last": True}  # a second a step


def test_two_at_the_good_provider_in_turn_and_one_beside_them() -> None:
    """Requests of 100 steps at 0, 50 and 100 s run for 100 s. The first is over as the third comes:
    0.8 twice, and 0.5 for the second."""
    keys = {"providers": [ONE, TWO], **MINUTE_A_STEP}
    env = env_of("aigc_paper", [(0.0, 100), (50.0, 100), (100.0, 100)], keys)
    assert episode_bound(env) == pytest.approx(2.1)
    assert best(env, 3) == pytest.approx(2.1)


def test_the_last_request_is_not_counted_where_it_is_not_decided() -> None:
    keys = {"providers": [ONE, TWO], **MINUTE_A_STEP, "decide_last": False}
    env = env_of("aigc_paper", [(0.0, 100), (50.0, 100), (100.0, 100)], keys)
    assert episode_bound(env) == pytest.approx(1.3)


def test_a_request_that_fits_nowhere_pays_nothing() -> None:
    env = env_of("aigc_paper", [(0.0, 150)], {"providers": [ONE], **MINUTE_A_STEP})
    assert episode_bound(env) == 0.0


def test_a_crash_that_pays_for_itself_is_in_the_bound() -> None:
    """Crashes for nothing: of three requests at once the second crashes the provider, which is then
    free for the third. Capacity alone would allow for a single one."""
    keys = {"providers": [ONE], **MINUTE_A_STEP, "crash_penalty": 0, "loss_penalty": 0}
    env = env_of("aigc_paper", [(0.0, 100), (1.0, 100), (2.0, 100)], keys)
    assert best(env, 3) == pytest.approx(1.6)
    assert episode_bound(env) >= 1.6 - TIGHT


# --- by brute force ---------------------------------------------------------------------------

tasks = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.5, 30, 50, 75, 100, 150, 200]), st.sampled_from([50, 100, 200])
    ),
    min_size=2,
    max_size=6,
)
providers = st.lists(
    st.fixed_dictionaries(
        {
            "capacity": st.sampled_from([50, 100, 200, 250, 400]),
            "ax": st.just(0),
            "ay": st.just(0.0),
            "bx": st.sampled_from([60, 100, 200]),
            "by": st.sampled_from([0.1, 0.4, 0.5, 0.9, 1.0]),
        }
    ),
    min_size=1,
    max_size=3,
)
penalties = st.fixed_dictionaries(
    {
        "crash_penalty": st.sampled_from([0.0, 0.1, 0.5, 2.0]),
        "loss_penalty": st.sampled_from([0.0, 0.05, 0.3, 2.0]),
        "refusal_penalty": st.sampled_from([0.0, 0.2]),
    }
)


@settings(max_examples=60, deadline=None)
@given(tasks, providers, penalties, st.booleans(), st.sampled_from([0.0, 30.0]))
def test_nothing_that_can_be_decided_pays_more(
    tasks: list[tuple[float, int]],
    providers: list[dict[str, float]],
    penalties: dict[str, float],
    decide_last: bool,
    restart_s: float,
) -> None:
    tasks = tasks[: 5 if len(providers) == 3 else 6]
    keys = {"providers": providers, **MINUTE_A_STEP, **penalties, "restart_s": restart_s}
    env = env_of("aigc_paper", tasks, {**keys, "decide_last": decide_last})
    bound = episode_bound(env)
    assert best(env, len(tasks) - (not decide_last)) <= bound + TIGHT


NETWORK = {"users": 3, "horizon_s": 60.0, "wireless.side_m": 200.0, "wireless.radio.pixel_m": 20.0}


@settings(max_examples=25, deadline=None)
@given(
    tasks,
    providers,
    penalties,
    st.sampled_from([10.0, 100.0]),
    st.sampled_from([[1.0, 2.0], [1.0, 8.0]]),
    st.booleans(),
    st.sampled_from(["delivery", "assignment"]),
)
def test_nor_with_a_network(
    tasks: list[tuple[float, int]],
    providers: list[dict[str, float]],
    penalties: dict[str, float],
    hurry: float,
    deadline_s: list[float],
    decide_last: bool,
    pay_on: str,
) -> None:
    tasks = [(arrival / hurry, steps) for arrival, steps in tasks][:5]
    keys = {"providers": providers, **penalties, "pay_on": pay_on, "decide_last": decide_last}
    env = env_of("aigc", tasks, {**NETWORK, **keys, "wireless.deadline_s": deadline_s})
    bound = episode_bound(env)
    assert best(env, len(tasks) - (not decide_last)) <= bound + TIGHT


BY_HAND = Path(__file__).parents[2] / "services" / "by_hand.json"
MEASURED: dict[str, Any] = {
    "quality": None,
    "profiles": [
        {"name": "slow", "service": str(BY_HAND), "speed": 0.5},
        {"name": "fast", "service": str(BY_HAND), "speed": 3.0},
    ],
}
held = st.lists(
    st.fixed_dictionaries(
        {
            "capacity": st.sampled_from([100, 200, 250, 400]),
            "profile": st.sampled_from(["slow", "fast"]),
        }
    ),
    min_size=1,
    max_size=2,
)


@settings(max_examples=20, deadline=None)
@given(
    tasks,
    held,
    st.sampled_from([None, {"window_s": 0.0, "max_batch": 1}, {"window_s": 0.5, "max_batch": 3}]),
    st.sampled_from([[1.0], [1.0, 0.5]]),
    st.sampled_from([10.0, 100.0]),
    st.sampled_from([[1.0, 2.0], [1.0, 8.0]]),
    st.sampled_from(["delivery", "assignment"]),
)
def test_nor_with_measured_services_in_batches_with_any_steps(
    tasks: list[tuple[float, int]],
    held: list[dict[str, Any]],
    scheduler: dict[str, Any] | None,
    shares: list[float],
    hurry: float,
    deadline_s: list[float],
    pay_on: str,
) -> None:
    tasks = [(arrival / hurry, steps) for arrival, steps in tasks]
    tasks = tasks[: 2 if len(held) * len(shares) == 4 else 4]
    keys = {"providers": held, "scheduler": scheduler, "step_shares": shares, "pay_on": pay_on}
    network = {**NETWORK, "wireless.deadline_s": deadline_s, "loss_penalty": 0.0}
    profiles = [dict(profile) for profile in MEASURED["profiles"]]
    if scheduler is not None:
        profiles[1]["memory_bytes"] = 4e6  # two images
    env = env_of("aigc", tasks, {**network, **MEASURED, **keys, "profiles": profiles})
    bound = episode_bound(env)
    assert best(env, len(tasks)) <= bound + TIGHT


def test_a_lone_batch_is_bounded_by_what_it_pays() -> None:
    """One provider next to its user, one request, ample time: nothing but the scatter of times,
    which costs nothing here, is left to the bound."""
    keys = {
        **MEASURED,
        "providers": [{"capacity": 400, "profile": "fast"}],
        "scheduler": {"window_s": 0.0, "max_batch": 4},
    }
    env = env_of("aigc", [(0.0, 200)], {**NETWORK, **keys})
    assert episode_bound(env) == pytest.approx(played(env, (0,)))


# --- whole episodes ---------------------------------------------------------------------------

WHOLE: dict[str, dict[str, Any]] = {
    "aigc_paper": {"capacity_range": [400, 900], "horizon_s": 200_000},
    "aigc": {"horizon_s": 60},
    "aigc in batches": {
        "horizon_s": 60,
        **MEASURED,
        "scheduler": {"window_s": 0.1, "max_batch": 4},
    },
    "aigc with steps": {
        "horizon_s": 30,
        **MEASURED,
        "scheduler": None,
        "step_shares": [1.0, 0.75, 0.5],
    },
    "free crashes": {"crash_penalty": 0, "loss_penalty": 0, "horizon_s": 100_000},
}


@pytest.mark.parametrize("name", WHOLE)
def test_no_policy_reaches_more_and_the_prophet_comes_near(name: str) -> None:
    preset = "aigc_paper" if name == "free crashes" else name.partition(" ")[0]
    scenario = resolve(preset, WHOLE[name])
    (env,) = make_envs(scenario, 1)
    bounds = []
    for seed in (1, 2):
        env.reset(seed=seed)
        bounds.append(episode_bound(env))
    for policy in ("random", "round_robin", "overload_avoidance", "prophet"):
        rows = rollout(scenario, find_policy(scenario, policy), [1, 2]).rows
        returns = [row["return"] for row in rows]
        assert all(np.array(returns) <= np.array(bounds) + TIGHT)
    if name == "aigc_paper":
        assert sum(returns) > 0.85 * sum(bounds)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_nor_does_any_sequence_of_decisions(seed: int, network: bool) -> None:
    scenario = resolve("aigc", {"horizon_s": 20}) if network else resolve(
        "aigc_paper", {"horizon_s": 40_000, "loss_penalty": 0, "crash_penalty": 0}
    )  # fmt: skip
    (env,) = make_envs(scenario, 1)
    env.reset(seed=seed)
    bound = episode_bound(env)
    dice = np.random.default_rng(seed)
    over = False
    while not over:
        _, _, over, _, info = env.step(dice.integers(3))
    assert info["metrics"]["return"] <= bound + TIGHT


def test_reading_the_future_does_not_change_it() -> None:
    scenario = resolve("aigc", {"horizon_s": 20})
    (env,) = make_envs(scenario, 1, {"record": True})
    logs = []
    for look in (False, True):
        env.reset(seed=4)
        if look:
            assert episode_bound(env) == episode_bound(env)
        over = False
        while not over:
            _, _, over, _, _ = env.step(0)
        logs.append(env.unwrapped.twin.log.fingerprint())  # type: ignore[attr-defined]
    assert logs[0] == logs[1]


def test_a_long_episode_is_bounded_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces and fewer rows only loosen it, and little: each piece forgets what ran before it."""
    scenario = resolve("aigc_paper", {"horizon_s": 300_000, "capacity_range": [400, 900]})
    (env,) = make_envs(scenario, 1)
    env.reset(seed=1)
    whole = episode_bound(env)
    monkeypatch.setattr(aigc_bound, "_ROWS", 60)
    fewer_rows = episode_bound(env)
    monkeypatch.setattr(aigc_bound, "SEGMENT", 150)
    pieces = episode_bound(env)
    assert whole - TIGHT <= fewer_rows <= pieces + TIGHT
    assert pieces < 1.2 * whole


def test_without_a_solution_the_bound_is_each_request_at_its_best(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aigc_bound, "maximise", lambda *_, **__: None)
    env = env_of("aigc_paper", [(0.0, 100), (1.0, 100)], {"providers": [ONE], **MINUTE_A_STEP})
    assert episode_bound(env) == pytest.approx(1.6)
