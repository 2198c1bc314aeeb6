"""Choosing devices round by round: what is paid, what is seen, what cannot be chosen."""

from typing import Any

import numpy as np
import pytest

from edgesim.envs.choice_box import ChoiceBox
from edgesim.envs.federated.env import FLEnv
from edgesim.envs.federated.observation import Observer
from edgesim.envs.federated.reward import RewardModel
from edgesim.errors import InputError
from edgesim.methods.federated.experiment import area
from edgesim.twin.federated.outcomes import RoundOver

SMALL = {"budget_s": 2.0}


def over(number: int, time_s: float) -> RoundOver:
    return RoundOver(number, 0.0, time_s, {}, frozenset(), {}, (1e6, 0.0), (0.0, 0.0))


def test_rewards_sum_to_the_area_under_accuracy_as_worked_by_hand() -> None:
    # .1 at first, .5 from 4 s on and .4 from 9 s on, of 10 s: .4 * .1 + .5 * .5 + .1 * .4 = .33.
    model = RewardModel("paid", 10.0)
    model.open(0.1)
    paid = []
    for number, (time_s, accuracy) in enumerate(((4.0, 0.5), (9.0, 0.4), (11.0, 0.9))):
        model.add(over(number, time_s), accuracy)
        paid.append(model.settle(over=number == 2)[0])
    assert paid == pytest.approx([0.1 + 0.4 * 0.6, -0.1 * 0.1, 0.0])
    assert sum(paid) == pytest.approx(0.33)
    assert area([0.0, 4.0, 9.0, 11.0], [0.1, 0.5, 0.4, 0.9], 10.0) == pytest.approx(0.33)
    metrics = model.metrics()
    assert metrics["return"] == pytest.approx(0.33)
    assert metrics["rounds"] == 3.0
    assert metrics["edge_mb"] == 3.0


def played(env: FLEnv, seed: int = 0) -> tuple[float, dict[str, Any], int]:
    rng = np.random.default_rng(seed)
    env.reset(seed=seed)
    total, steps, done = 0.0, 0, False
    info: dict[str, Any] = {}
    while not done:
        if env.action_space.shape:
            action: Any = rng.uniform(-1, 1, env.action_space.shape).astype(np.float32)
        else:
            action = int(rng.choice(np.flatnonzero(env.action_masks())))
        _, reward, done, _, info = env.step(action)
        total, steps = total + reward, steps + 1
    return total, info["metrics"], steps


@pytest.mark.parametrize("reward", ["paid", "shaped"])
@pytest.mark.parametrize("form", ["devices", "scores"])
def test_the_return_is_the_area_in_every_form(form: str, reward: str) -> None:
    total, metrics, steps = played(FLEnv("factories_small", SMALL, form=form, reward=reward))
    assert total == pytest.approx(metrics["return"])
    assert steps == metrics["rounds"] * (3 if form == "devices" else 1)
    assert metrics["seconds"] >= 2.0


def test_the_full_plane_trains_the_scenarios_model() -> None:
    keys = {**SMALL, "trained.model": "mlp", "trained.hidden": [8], "budget_s": 1.0}
    fast, full = (FLEnv("factories_small", keys, plane=plane) for plane in ("fast", "full"))
    _, quick, _ = played(fast)
    _, real, _ = played(full)
    assert quick["seconds"] == real["seconds"]
    assert quick["edge_mb"] == real["edge_mb"]
    assert quick["accuracy"] != real["accuracy"]
    params = 65 * 8 + 9 * 10
    assert full.model_bytes == 4 * params


def test_who_is_chosen_cannot_be_chosen_again_and_trains_once_if_it_is() -> None:
    env = FLEnv("factories_small", SMALL)
    env.reset(seed=0)
    env.step(2)
    assert env.action_masks().tolist() == [True, True, False] + [True] * 5
    env.step(2)
    env.step(2)
    assert set(env.twin.ledger.rounds[0].done) == {2}
    assert env.seen.stale[2] == 0.0


def test_the_highest_scores_are_chosen() -> None:
    env = FLEnv("factories_small", SMALL, form="scores")
    env.reset(seed=0)
    scores = np.zeros(8, np.float32)
    scores[[1, 6, 7]] = 0.5
    env.step(scores)
    assert set(env.twin.ledger.rounds[0].done) == {1, 6, 7}


def test_what_is_seen_of_devices_is_so() -> None:
    env = FLEnv("factories_small", SMALL, observation="labels")
    observation, _ = env.reset(seed=0)
    assert isinstance(env.observer, Observer) and env.observer.block == 18
    column = env.observer.column
    assert column("chosen", observation).tolist() == [0.0] * 8
    assert column("stale", observation).tolist() == [1.0] * 8
    assert column("loss", observation).tolist() == [1.0] * 8
    seconds = column("seconds", observation)
    assert seconds.max() == 1.0
    for device in (5, 6):
        observation = env.step(device)[0]
    assert column("chosen", observation).tolist() == [0, 0, 0, 0, 0, 1, 1, 0]
    assert column("same factory", observation)[4:].tolist() == pytest.approx([2 / 3] * 4)
    # Alone, the slowest device takes as long as is seen of it: one round with it ends then.
    observation = env.step(int(seconds.argmax()))[0]
    alone = env.seen.alone_s.max()
    assert env.twin.ledger.rounds[0].time_s >= alone - 1e-6
    assert env.observation_space.contains(observation)


def test_devices_that_are_down_are_masked_and_drop_out() -> None:
    events = [{"at_s": 0.0, "event": "fails", "node": "device 3"}]
    env = FLEnv("factories_small", {**SMALL, "events": events, "patience_s": 0.2})
    env.reset(seed=0)
    for device in (0, 1, 3):
        env.step(device)
    assert not env.action_masks()[3]
    assert set(env.twin.ledger.rounds[0].done) == {0, 1}
    assert env.twin.ledger.failed_parts == 1


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"selected": 9}, "selected = 9: must be at most factories times devices, 8"),
        ({"chosen": 5}, "chosen = 5: must be at most devices, 4"),
        ({"network.wan_bps": 0.0}, "network.wan_bps = 0.0: must be above 0"),
        ({"network.access_bps": [0.0, 1e6]}, "0 < from"),
        ({"data.skew": "device"}, "did you mean 'devices'"),
        ({"data.drift": "style"}, "needs data.window"),
        ({"data.source": "none.npz"}, "no such file"),
    ],
)
def test_settings_that_make_no_sense_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        FLEnv("factories_small", keys)


def test_devices_as_choices_tell_what_each_would_bring() -> None:
    env = FLEnv("factories_small", SMALL, observation="choices")
    observation, _ = env.reset(seed=0)
    assert isinstance(env.observation_space, ChoiceBox)
    assert env.observation_space.choices == env.action_space.n == 8  # type: ignore[attr-defined]
    column = env.observer.column
    assert column("there", observation).tolist() == [1.0] * 8
    assert column("never", observation).tolist() == [1.0] * 8
    assert column("more", observation).tolist() == column("seconds", observation).tolist()
    observation = env.step(2)[0]
    assert column("there", observation)[2] == 0.0
    assert column("more", observation)[2] == 0.0
    # A device whose labels mend what the first one lacks comes nearer to everybody's.
    prior, everybody = env.world.shares.prior, env.world.shares.everybody
    off = np.linalg.norm(prior[2] - everybody)
    nearer = off - np.linalg.norm(prior[2] + prior - 2 * everybody, axis=1)
    assert column("fit", observation) == pytest.approx(np.clip(nearer, -1, 1), abs=1e-6)
    for device in (4, 5):
        observation = env.step(device)[0]
    assert column("never", observation).tolist() == [1, 1, 0, 1, 0, 0, 1, 1]
    # The loss of classes that were met is that of those who trained on them.
    losses, there = env.learner.losses[[2, 4, 5]], prior[[2, 4, 5]]
    told = np.minimum(there.sum(axis=0), 1.0)
    mean = losses @ there / np.maximum(there.sum(axis=0), 1e-9)
    assert env.seen.class_losses == pytest.approx(1 + told * (mean - 1))
    assert env.observation_space.contains(observation)
