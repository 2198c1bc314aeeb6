"""How many groups train, and what is sent: time, bytes and models, as they follow from a choice."""

import gymnasium
import numpy as np
import pytest

import edgesim  # noqa: F401  # registers the environments
from edgesim.envs.federated.parallel import FLParallelEnv
from edgesim.envs.federated.setting import Setting
from edgesim.envs.federated.sync import SENT, FLSyncEnv
from edgesim.methods.federated.fast import FastLearning
from edgesim.scenarios import resolve

SMALL = {"factories": 2, "devices": 4, "chosen": 2, "selected": 4, "budget_s": 3.0}


def test_groups_are_powers_of_two_up_to_the_devices() -> None:
    assert FLParallelEnv("parallel", {**SMALL, "selected": 6}).groups == [1, 2, 4, 6]


def test_fewer_groups_send_less_over_the_server_and_take_longer() -> None:
    env = FLParallelEnv("parallel", SMALL)
    found = {}
    for choice, groups in enumerate(env.groups):
        env.reset(seed=0)
        env.step(choice)
        over = env.twin.ledger.rounds[0]
        assert sorted(len(chain) for chain in over.chains.values()) == [4 // groups] * groups
        cloud = sum(env.twin.network.messages.sent_bytes[:2])
        assert cloud == 2 * groups * env.model_bytes
        found[groups] = over.time_s
    assert found[1] > found[2] > found[4]


@pytest.mark.parametrize(
    ("sent", "share"), list(zip(SENT, (1.0, 0.25, 0.125, None, 0.0), strict=True))
)
def test_what_is_sent_is_what_the_links_carry(sent: str, share: float | None) -> None:
    env = FLSyncEnv("sync", SMALL)
    env.reset(seed=0)
    env.step(SENT.index(sent))
    over = env.twin.ledger.rounds[0]
    share = 1010 / (65 * 100 + 101 * 10) if share is None else share
    assert sum(over.edge_bytes) == pytest.approx(2 * 4 * share * env.model_bytes)


def test_models_that_are_averaged_are_one_and_others_are_apart() -> None:
    setting = Setting(resolve("sync", SMALL))
    found = {}
    for sent in SENT:
        learning = FastLearning(setting.shares, setting.projection, np.random.SeedSequence(1))
        learning.give_models([0, 1, 2])
        found[sent] = learning.train_own([0, 1, 2], sent)
    assert found["all"] == pytest.approx(0.0, abs=1e-6)
    assert found["nothing"] > found["head"] > found["all"]
    assert found["4 bit"] == pytest.approx(0.0, abs=1e-6)


def test_one_chain_is_one_device_after_the_other() -> None:
    setting = Setting(resolve("parallel", SMALL))

    def fresh() -> FastLearning:
        return FastLearning(setting.shares, setting.projection, np.random.SeedSequence(1))

    chain, alone = fresh(), fresh()
    chain.train_chains([[2, 5]])
    alone.train([2])
    alone.train([5])
    assert np.array_equal(chain._weights, alone._weights)
    star, groups = fresh(), fresh()
    star.train([2, 5])
    groups.train_chains([[2], [5]])
    assert np.allclose(star._weights, groups._weights, atol=1e-6)


def test_both_are_registered() -> None:
    for env_id in ("FLParallel", "FLSync"):
        assert gymnasium.spec(f"edgesim/{env_id}-v0").entry_point
