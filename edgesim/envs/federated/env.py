"""Which devices train in the next round of federated learning, as a Gymnasium environment."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.envs.federated.choices import ChoiceObserver
from edgesim.envs.federated.observation import Observer, Seen
from edgesim.envs.federated.reward import PARTS, RewardModel
from edgesim.envs.federated.setting import Setting, plane_of
from edgesim.envs.twin_env import TwinEnv
from edgesim.envs.vector import vector_env
from edgesim.scenarios.checks import one_of
from edgesim.scenarios.federated.schema import PLANES, FederatedScenario
from edgesim.twin.core.worlds import shared_world
from edgesim.twin.federated.program import Branch, Par, Program, Reduce, Send, Seq, Train
from edgesim.twin.federated.workload import FederatedWorkload
from edgesim.twin.federated.world import CLOUD

__all__ = ["FLEnv", "make_vec"]

Observation = npt.NDArray[np.float32]

FORMS = ("devices", "scores")
_FLOAT = 4  # bytes of a parameter


class FLEnv(TwinEnv[FederatedWorkload, Observation, Any]):
    """Federated learning: which L of K devices train in each round.

    ## Description
    Devices in factories hold images with labels that differ from device to device. In a round, the
    cloud sends its model to L devices (``scenario.selected``), each trains it on its next batches
    and sends it back, and the mean is the next model. A round lasts as long as the slowest: devices
    differ in their links and speeds, models of one factory wait for each other on its link to the
    cloud, and chains may hold bandwidth there. Accuracy is to be high early: the time budget
    (``scenario.budget_s``) is the same whatever is chosen.

    ## Observation Space
    ``Box(float32)``, values in [-1, 1]. For each device (:data:`observation.BLOCK`): whether it is
    chosen, seconds of a round of it alone and how much they lengthen the round, chosen ones in its
    factory, how long it has not trained, its loss, how its labels fit those chosen, and how much
    they were lacking lately; with ``observation="labels"`` also its label shares. Then of the round
    (:data:`observation.REQUEST`): time left, accuracy, rounds, devices chosen and their time and
    labels, mean loss, devices that are down.

    ``observation="choices"``: a set of choices (a ``ChoiceBox``) in units that fit any world, see
    :data:`choices.FEATURES`. Besides the above, the loss that each device's labels let expect now
    from what others met on theirs, how much nearer its labels bring those chosen together with what
    was trained on lately, and how some of these weigh as accuracy rises.

    ## Action Space
    ``form="devices"`` (default): ``Discrete(K)``, the next device of the round; L actions are a
    round. ``action_masks()`` tells which make sense: those that are up and not chosen. One that is
    chosen twice trains once. ``form="scores"``: ``Box(-1, 1, (K,))``, the L devices of the highest
    scores, at once; of equal ones the first.

    ## Rewards
    At the end of a round: accuracy gained, times the share of the time budget that is left. The
    return is the area under accuracy over time, over the budget. With ``reward="shaped"`` accuracy
    is paid in full at once, and what time has cost is taken back with the last reward; the return
    is the same.

    ## Starting State
    A model that has not been trained; the order of images is drawn from the episode's seed.

    ## Episode End
    Terminated when the budget has passed at the end of a round. Never truncated by the environment
    itself.

    ## Arguments
    ```python
    import gymnasium

    gymnasium.make(
        "edgesim/FL-v0",
        scenario="factories",
        overrides={"selected": 10},
        plane=None,
        form="devices",
        observation="summary",
    )
    ```
    ``plane``: ``"fast"`` trains softmax regression on 24 principal components, ``"full"`` the
    scenario's own model, None what ``scenario.trained.plane`` says; times and bytes are those of
    the latter in both. ``record``: keep the
    event log of each episode (``env.unwrapped.twin.log``).

    ## Info
    Each step: ``gained`` and ``shaping``, the parts of the reward, which is their sum. At the end
    also ``metrics``, the episode's figures.

    ## Version History
    * v0: first version.

    Raises:
        InputError: unknown scenario, key, plane, form, observation, reward or render mode; data
            that cannot be used.
    """

    problem = "federated"
    parts = PARTS
    masks = ()
    rewards = ("paid", "shaped")
    observations = ("summary", "labels", "choices")
    picture = "edgesim.plots.federated.world:draw_now"
    episodic = (*TwinEnv.episodic, "_asked", "learner", "seen")
    scenario: FederatedScenario

    def __init__(
        self,
        scenario: str | Mapping[str, Any] = "factories",
        overrides: Mapping[str, Any] | None = None,
        plane: str | None = None,
        form: str = "devices",
        observation: str = "summary",
        reward: str = "paid",
        record: bool = False,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(
            scenario,
            overrides,
            record=record,
            render_mode=render_mode,
            plane=plane,
            form=form,
            observation=observation,
            reward=reward,
        )
        plane = self.scenario.trained.plane if plane is None else plane
        one_of("plane", plane, PLANES)
        one_of("form", form, FORMS)
        one_of("observation", observation, self.observations)
        one_of("reward", reward, self.rewards)
        self.world: Setting = shared_world(Setting, self.scenario)
        self.observer: Observer | ChoiceObserver = (
            ChoiceObserver(self.world)
            if observation == "choices"
            else Observer(self.world, observation == "labels")
        )
        self.observation_space = self.observer.space
        devices = self.scenario.total_devices
        self._scores = form == "scores"
        self.action_space = (
            spaces.Box(-1.0, 1.0, (devices,), np.float32)
            if self._scores
            else spaces.Discrete(devices)
        )
        self._plane = plane
        self._asked = 0  # choices made for the round at hand
        self.model_bytes = float(_FLOAT * self.world.params)
        self._reward_model = RewardModel(reward, self.scenario.budget_s)

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Which devices can be chosen: those that are up and not chosen, shape (devices,)."""
        up = np.array(self.twin.network.links.node_up[-self.observer.devices :], bool)
        free = np.ones(len(up), bool)
        free[self.seen.chosen] = False
        return free & up if (free & up).any() else free

    def _open(self, seed: np.random.SeedSequence) -> FederatedWorkload:
        scenario = self.scenario
        learning_seed, twin_seed = seed.spawn(2)
        twin = FederatedWorkload.alone(
            scenario,
            twin_seed,
            world=self.world.network,
            rounds=MOST_ROUNDS,
            budget_s=scenario.budget_s,
            record=self._record,
        )
        self.learner = plane_of(self._plane, self.world, learning_seed)
        self.seen, self._asked = Seen(self.world), 0
        self._reward_model.open(self.learner.accuracy)
        self.seen.look(self.world, twin, self.model_bytes)
        return twin

    def _apply(self, twin: FederatedWorkload, action: Any) -> None:
        seen, wanted = self.seen, self.scenario.selected
        if self._scores:
            seen.chosen = [int(k) for k in np.argsort(-action, kind="stable")[:wanted]]
            twin.decide(self.program(seen.chosen))
            return
        if action not in seen.chosen:
            seen.chosen.append(int(action))
        self._asked += 1
        if len(seen.chosen) == wanted or self._asked == wanted:
            self._asked = 0
            twin.decide(self.program(seen.chosen))

    def program(self, devices: list[int]) -> Program:
        """A round of some devices."""
        world, trained, size = self.world.network, self.scenario.trained, self.model_bytes
        parts = [
            Branch(
                device,
                Seq(
                    [
                        Send(CLOUD, world.node(device), size),
                        Train(world.node(device), trained.steps, self.world.flops),
                        Send(world.node(device), CLOUD, size),
                    ]
                ),
            )
            for device in devices
        ]
        return Seq([Par(parts), Reduce(CLOUD, size * len(devices) / 2)])

    def _settle(self, twin: FederatedWorkload, *, over: bool) -> tuple[float, dict[str, Any]]:
        for outcome in twin.outcomes:
            there = [device for device in self.seen.chosen if device in outcome.done]
            self.learner.begin_round(outcome.number)
            self.learner.train(there)
            self.seen.close(self.world, there, self.learner.losses)
            self._reward_model.add(outcome, self.learner.accuracy)
            self.seen.look(self.world, twin, self.model_bytes)
        twin.outcomes.clear()
        return self._reward_model.settle(over=over)

    def _metrics(self, twin: FederatedWorkload) -> dict[str, float]:
        return self._reward_model.metrics()

    def _observe(self, twin: FederatedWorkload) -> Observation:
        learner = self.learner
        return self.observer.observe(twin, self.seen, learner.accuracy, learner.losses)


MOST_ROUNDS = 1_000_000
"""Rounds of an episode: the budget ends it before."""

make_vec = partial(vector_env, "federated")
"""What ``gymnasium.make_vec("edgesim/FL-v0")`` calls."""
