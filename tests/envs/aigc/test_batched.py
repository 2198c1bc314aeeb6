"""The batched engine of AIGC provider selection equals the twin, decision for decision."""

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from hypothesis import given, settings
from hypothesis import strategies as st

import edgesim
from edgesim.envs.aigc.batched import AIGCBatchedEnv
from edgesim.envs.vector import TwinVectorEnv
from edgesim.errors import InputError

gymnasium.register_envs(edgesim)

ENGINES = ("simpy", "batched")
MODES = ("NextStep", "SameStep", "Disabled")


def vector(engine, worlds=3, scenario="aigc_paper", **arguments):
    return gymnasium.make_vec(
        "edgesim/AIGC-v0", num_envs=worlds, scenario=scenario, engine=engine, **arguments
    )


def single_env(**arguments):
    made = gymnasium.make("edgesim/AIGC-v0", **arguments)
    return made.unwrapped


def same(one, other):
    """Equal keys, masks and dtypes; numbers equal but for the order in which they were summed."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            same(one[key], other[key])
    elif one.dtype == object:
        for mine, its in zip(one, other, strict=True):
            if mine is None or its is None:
                assert mine is its
            else:
                same(mine, its)
    else:
        assert one.dtype == other.dtype and one.shape == other.shape
        if one.dtype.kind == "f":
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
        else:
            assert np.array_equal(one, other)


def play(twin, batched, actions, seed):
    """Step both with the same actions; all that they return must be equal. Counts the ends."""
    mode = batched.metadata["autoreset_mode"]
    assert mode is twin.metadata["autoreset_mode"]
    ends = 0
    for mine, its in zip(twin.reset(seed=seed), batched.reset(seed=seed), strict=True):
        same(mine, its)
    for chosen in actions:
        assert np.array_equal(twin.action_masks(), batched.action_masks())
        story = [env.step(chosen) for env in (twin, batched)]
        assert np.array_equal(story[0][0], story[1][0])  # observations to the last bit
        for mine, its in zip(*story, strict=True):
            same(mine, its)
        over = story[0][2]
        ends += int(over.sum())
        if mode is AutoresetMode.DISABLED and over.any():
            again = [env.reset(options={"reset_mask": over.copy()}) for env in (twin, batched)]
            for mine, its in zip(*again, strict=True):
                same(mine, its)
    return ends


def test_whole_episodes_of_the_authors_setting_and_their_successors_are_equal():
    twin, batched = (vector(engine, 2) for engine in ENGINES)
    assert isinstance(twin, TwinVectorEnv) and isinstance(batched, AIGCBatchedEnv)
    assert batched.observation_space == twin.observation_space
    assert batched.action_space == twin.action_space
    actions = np.random.default_rng(1).integers(20, size=(2200, 2))
    assert play(twin, batched, actions, seed=11) == 4  # two episodes in each world


@st.composite
def worlds(draw):
    """Small worlds of every kind: sizes, loads, grids of steps, payment, downtime, ends."""
    low = draw(st.integers(50, 150))
    high = low + draw(st.integers(0, 150))
    overrides = {
        "world_seed": draw(st.integers(0, 99)),
        "provider_count": draw(st.integers(1, 30)),
        "horizon_s": draw(st.sampled_from([100.0, 20_000.0, 60_000.0])),
        "arrival_rate_hz": draw(st.sampled_from([1e-5, 0.0005, 0.002, 0.01])),
        "whole_second_arrivals": draw(st.booleans()),
        "decide_last": draw(st.booleans()),
        "steps_range": [low, high],
        "steps_increment": draw(st.integers(1, 40)),
        "capacity_range": draw(st.sampled_from([[400, 1500], [100, 400], [60, 333]])),
        "capacity_increment": draw(st.sampled_from([100, 7])),
        "restart_s": draw(st.sampled_from([0, 3000, 40_000.5])),
        "pay_on": draw(st.sampled_from(["assignment", "delivery"])),
        "crash_penalty": draw(st.sampled_from([0, 2.0, 0.7])),
        "loss_penalty": draw(st.sampled_from([0, 2.0, 1.3])),
        "refusal_penalty": draw(st.sampled_from([0, 0.5])),
        # The first makes ends and arrivals fall on the same second.
        "run_time_minutes": draw(st.sampled_from([[10, 1, 0], [-14, 2.5, 0.001], [5, 0.1, 0]])),
    }
    if draw(st.booleans()):  # providers that a user lists, some larger than is drawn
        curve = {"ax": 40.5, "ay": 0.1, "bx": 170.0, "by": 0.9}
        overrides["providers"] = [
            {"capacity": draw(st.sampled_from([90.1, 1000 / 3, 2000.0])), **curve}
            for _ in range(draw(st.integers(1, 5)))
        ]
    return {
        "overrides": overrides,
        "reward": draw(st.sampled_from(["paid", "shaped"])),
        "mask": draw(st.sampled_from(["fits", "up"])),
        "autoreset_mode": draw(st.sampled_from(MODES)),
    }


@settings(max_examples=40, deadline=None)
@given(worlds(), st.integers(0, 2**32 - 1), st.sampled_from(["random", "crowd", "masked"]))
def test_any_world_is_equal_under_any_actions(arguments, seed, kind):
    twin, batched = (vector(engine, 2, **arguments) for engine in ENGINES)
    rng = np.random.default_rng(seed)

    def actions():
        for _ in range(150):
            if kind == "masked":
                yield np.array([rng.choice(np.flatnonzero(row)) for row in batched.action_masks()])
            else:
                few = 1 if kind == "crowd" else batched.single_action_space.n
                yield rng.integers(few, size=2)

    play(twin, batched, actions(), seed % 1000)


DOWN_FOR_GOOD = [  # mask of two providers that hold 150 and 250 steps, and what is chosen
    ([1, 1], 0),  # a request of 100 steps runs
    ([0, 1], 0),  # 50 steps are left: provider 0 crashes and is down
    ([0, 1], 1),  # all 150 steps are free, but it is down
    ([0, 1], 1),
    ([0, 1], 0),  # what is up has no room; provider 0 refuses
    ([0, 1], 1),  # 50 of 250 are left: provider 1 crashes too
    ([1, 1], 0),  # none is up: one action is as good as another
    ([1, 1], 1),
]
SOON_UP_AGAIN = [([1, 1], 0), ([0, 1], 0), ([1, 1], 0), ([0, 1], 0), ([1, 1], 1)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("restart_s", "story"), [(1e9, DOWN_FOR_GOOD), (1e-6, SOON_UP_AGAIN)])
def test_the_mask_leaves_out_a_provider_while_it_is_down(engine, restart_s, story):
    curve = {"ax": 0, "ay": 0.1, "bx": 200, "by": 0.9}
    envs = vector(
        engine,
        worlds=1,
        overrides={
            "providers": [{"capacity": 150, **curve}, {"capacity": 250, **curve}],
            "steps_range": [100, 100],
            "run_time_minutes": [1e6, 0, 0],  # no task ends before the story does
            "whole_second_arrivals": False,
            "restart_s": restart_s,
        },
    )
    envs.reset(seed=0)
    for mask, choice in story:
        assert envs.action_masks()[0].astype(int).tolist() == mask
        envs.step(np.array([choice]))


def test_ends_fall_on_the_very_second_of_arrivals():
    # Otherwise the rule for such ties would go untested above.
    overrides = {"run_time_minutes": [10, 1, 0], "arrival_rate_hz": 0.01, "horizon_s": 60_000.0}
    batched = vector("batched", 1, overrides=overrides)
    batched.reset(seed=0)
    arrivals = batched._worlds.arrival_s[0, : batched._worlds.requests[0]]
    ends = {now + (10 + steps) * 60 for now in arrivals for steps in range(100, 251, 10)}
    assert ends & set(arrivals)


def test_ends_at_the_instant_of_an_arrival_and_a_capacity_filled_to_the_last_step(monkeypatch):
    # By hand: every task takes a minute, and both providers end theirs as the next requests come.
    arrivals, steps = np.array([0.0, 0.0, 60.0, 60.0, 60.0, 120.0]), np.full(6, 100)
    for module in ("edgesim.twin.aigc.arrivals", "edgesim.envs.aigc.batched"):
        monkeypatch.setattr(f"{module}.poisson_arrivals", lambda scenario, rng: arrivals)
        monkeypatch.setattr(f"{module}.steps_asked", lambda scenario, rng, count: steps[:count])
    curve = {"ax": 40.5, "ay": 0.1, "bx": 170.0, "by": 0.9}
    overrides = {
        "providers": [{"capacity": capacity, **curve} for capacity in (100.0, 200.0)],
        "run_time_minutes": [1, 0, 0],
        "decide_last": True,
        "pay_on": "delivery",
    }
    for envs in (vector(engine, 1, overrides=overrides) for engine in ENGINES):
        envs.reset(seed=0)
        log = [envs.action_masks()[0].tolist()]
        for chosen in (0, 1, 0, 1, 1, 0):
            *_, over, _, infos = envs.step([chosen])
            log.append(envs.action_masks()[0].tolist())
        assert log[:6] == [
            [True, True],  # 0 s
            [False, True],  # 0 s: the first provider is full to the last step
            [True, True],  # 60 s: both tasks have ended
            [False, True],
            [False, True],  # the second provider has room for one more
            [True, True],  # 120 s
        ]
        assert over[0] and infos["metrics"]["finished"][0] == 6
        assert infos["metrics"]["crashes"][0] == infos["metrics"]["refused"][0] == 0


@pytest.mark.parametrize("problem", ["AIGC", "SFC"])
def test_worlds_that_no_memory_holds_are_refused_at_once(problem):
    with pytest.raises(InputError, match=r"num_envs = 10{15}: must be at most \d+: a world takes"):
        gymnasium.make_vec(
            f"edgesim/{problem}-v0", num_envs=10**15, scenario=f"{problem.lower()}_paper"
        )


def test_worlds_that_the_engine_cannot_step_are_left_to_simpy(tmp_path):
    trace = tmp_path / "tasks.csv"
    trace.write_text("arrival_s,steps\n0,100\n5,120\n")
    for scenario, overrides, more in (
        ("aigc", {"horizon_s": 10.0}, {}),
        ("aigc_paper", {"trace": str(trace)}, {}),
        ("aigc_paper", {"horizon_s": 5000.0}, {"record": True}),
    ):
        arguments = {"scenario": scenario, "overrides": overrides, **more}
        envs = vector("auto", 2, autoreset_mode="SameStep", **arguments)
        assert isinstance(envs, TwinVectorEnv)
        assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
        seen, _ = envs.reset(seed=3)
        single = single_env(**arguments)
        assert np.array_equal(seen[1], single.reset(seed=4)[0])
        assert envs.action_masks().shape == (2, single.action_space.n)
        with pytest.raises(InputError, match="engine = 'batched': the batched engine"):
            vector("batched", 2, **arguments)


def test_seeds_of_worlds_one_by_one_and_generators_that_go_on():
    twin, batched = (vector(engine, 2, overrides={"horizon_s": 9000}) for engine in ENGINES)
    for seed in ([5, 9], None, [None, 3]):
        assert np.array_equal(twin.reset(seed=seed)[0], batched.reset(seed=seed)[0])
    assert batched.np_random_seed == twin.np_random_seed
    draws = [[rng.random() for rng in envs.np_random] for envs in (twin, batched)]
    assert draws[0] == draws[1]
    # Three words of 32 bits leave the half of 64 over: the next episode's seed begins with it.
    for envs in (twin, batched):
        assert [rng.integers(2**32, size=3).size for rng in envs.np_random] == [3, 3]
    assert np.array_equal(twin.reset()[0], batched.reset()[0])
    played = np.zeros((40, 2), dtype=int)
    for chosen in played:
        assert np.array_equal(twin.step(chosen)[0], batched.step(chosen)[0])


def test_infos_only_at_the_ends_of_episodes():
    batched = vector("batched", 2, overrides={"horizon_s": 20_000}, infos="ends")
    assert batched.reset(seed=0)[1] == {}
    ends = 0
    for _ in range(200):
        *_, over, _, infos = batched.step(np.zeros(2, dtype=int))
        assert set(infos) == ({"metrics", "_metrics"} if over.any() else set())
        ends += int(over.sum())
        assert not over.any() or np.array_equal(infos["_metrics"], over)
    assert ends > 5


def test_episodes_longer_than_was_expected_find_room():
    overrides = {"horizon_s": 20_000}
    twin, batched = (vector(engine, 2, overrides=overrides) for engine in ENGINES)
    held = batched._worlds
    narrow = held._replace(
        **{
            name: np.ascontiguousarray(getattr(held, name)[:, :4])
            for name in ("arrival_s", "level", "end_s", "task")
        }
    )
    batched._worlds = narrow
    assert play(twin, batched, np.random.default_rng(0).integers(20, size=(90, 2)), seed=1) >= 4
    assert batched._worlds.arrival_s.shape[1] > 4


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ([0, 20], "action = 20: must be from 0 to 19"),
        ([-1, 0], "action = -1: must be from 0 to 19"),
        ([0], "must be 2 whole numbers"),
        ([0.5, 1.0], "must be 2 whole numbers"),
    ],
)
def test_actions_that_are_no_choices_are_refused(actions, message):
    batched = vector("batched", 2)
    with pytest.raises(gymnasium.error.ResetNeeded):
        batched.step([0, 0])
    batched.reset(seed=0)
    with pytest.raises(InputError, match=message):
        batched.step(actions)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"engine": "fast"}, "engine = 'fast'"),
        ({"autoreset_mode": "never"}, "autoreset_mode = 'never'"),
        ({"infos": "none"}, "infos = 'none'"),
        ({"reward": "double"}, "reward = 'double'"),
        ({"mask": "some"}, "mask = 'some'"),
        ({"num_envs": 0}, "num_envs = 0"),
        ({"scenario": "sfc_paper"}, "edgesim/AIGC-v0 takes scenarios of aigc"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        gymnasium.make_vec("edgesim/AIGC-v0", **{"scenario": "aigc_paper", **arguments})


def test_an_ended_world_waits_for_its_reset_where_resets_are_the_callers():
    batched = vector("batched", 2, overrides={"horizon_s": 1.0}, autoreset_mode="Disabled")
    batched.reset(seed=0)
    assert batched.step([0, 0])[2].all()
    with pytest.raises(gymnasium.error.ResetNeeded):
        batched.step([0, 0])
    for mask in (np.array([False, False]), np.array([True]), np.array([1, 0])):
        with pytest.raises(InputError, match="reset_mask"):
            batched.reset(options={"reset_mask": mask})
    with pytest.raises(InputError, match="seed"):
        batched.reset(seed=[1, 2, 3])
