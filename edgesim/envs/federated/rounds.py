"""What the siblings of FL-v0 share: one decision a round, over devices that are drawn."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.envs.federated.reward import PARTS, RewardModel
from edgesim.envs.federated.setting import Setting
from edgesim.envs.twin_env import TwinEnv
from edgesim.methods.federated.fast import FastLearning
from edgesim.scenarios.checks import one_of
from edgesim.scenarios.federated.schema import FederatedScenario
from edgesim.twin.core.worlds import shared_world
from edgesim.twin.federated.outcomes import RoundOver
from edgesim.twin.federated.program import Program
from edgesim.twin.federated.workload import FederatedWorkload

__all__ = ["ENTRIES", "RoundsEnv"]

Observation = npt.NDArray[np.float32]

ENTRIES = ("time left", "accuracy", "gained", "seconds", "round", "apart", "last")
"""Share of the budget that is left; accuracy; what the last round added, times ten; its time over a
tenth of the budget; rounds over 100; how far devices' models are from their mean, where they have
models of their own; the last choice, from 0 to 1."""

MOST_ROUNDS = 1_000_000
_FLOAT = 4


class RoundsEnv(TwinEnv[FederatedWorkload, Observation, Any]):
    """One decision a round, of a few; the fast plane learns. A subclass says what is decided."""

    parts = PARTS
    masks = ()
    rewards = ("paid", "shaped")
    picture = "edgesim.plots.federated.world:draw_now"
    episodic = (*TwinEnv.episodic, "learner", "_dice", "_last", "_apart", "_devices")
    choices: ClassVar[int]
    scenario: FederatedScenario

    def __init__(
        self,
        scenario: str | Mapping[str, Any],
        overrides: Mapping[str, Any] | None,
        reward: str,
        record: bool,
        render_mode: str | None,
    ) -> None:
        super().__init__(scenario, overrides, record=record, render_mode=render_mode, reward=reward)
        one_of("reward", reward, self.rewards)
        self.world: Setting = shared_world(Setting, self.scenario)
        self.observation_space = spaces.Box(-1.0, 1.0, (len(ENTRIES),), np.float32)
        self.action_space = spaces.Discrete(self.number_of_choices())
        self.model_bytes = float(_FLOAT * self.world.params)
        self._reward_model = RewardModel(reward, self.scenario.budget_s)
        self._last, self._apart = 0, 0.0

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Every choice makes sense, shape (choices,)."""
        return np.ones(self.number_of_choices(), bool)

    @abstractmethod
    def number_of_choices(self) -> int:
        """How many there are."""

    @abstractmethod
    def plan(self, twin: FederatedWorkload, choice: int) -> Program:
        """The program of the round at hand."""

    @abstractmethod
    def learn(self, over: RoundOver) -> None:
        """Train as the round went."""

    def begin(self) -> None:
        """Begin an episode: draw what it needs from ``_dice``."""

    def drawn(self, count: int) -> list[int]:
        """So many devices, drawn at random."""
        return [int(k) for k in self._dice.permutation(self.scenario.total_devices)[:count]]

    def _open(self, seed: np.random.SeedSequence) -> FederatedWorkload:
        scenario = self.scenario
        learning_seed, twin_seed, dice_seed = seed.spawn(3)
        twin = FederatedWorkload.alone(
            scenario,
            twin_seed,
            world=self.world.network,
            rounds=MOST_ROUNDS,
            budget_s=scenario.budget_s,
            record=self._record,
        )
        self.learner = FastLearning(self.world.shares, self.world.projection, learning_seed)
        self._dice = np.random.default_rng(dice_seed)
        self._last, self._apart = 0, 0.0
        self._devices: list[int] = []
        self._reward_model.open(self.learner.accuracy)
        self.begin()
        return twin

    def _apply(self, twin: FederatedWorkload, action: Any) -> None:
        self._last = int(action)
        twin.decide(self.plan(twin, int(action)))

    def _settle(self, twin: FederatedWorkload, *, over: bool) -> tuple[float, dict[str, Any]]:
        for outcome in twin.outcomes:
            self.learner.begin_round(outcome.number)
            self.learn(outcome)
            self._reward_model.add(outcome, self.learner.accuracy)
        twin.outcomes.clear()
        return self._reward_model.settle(over=over)

    def _metrics(self, twin: FederatedWorkload) -> dict[str, float]:
        return self._reward_model.metrics()

    def _observe(self, twin: FederatedWorkload) -> Observation:
        budget_s, curve = self.scenario.budget_s, self._reward_model.curve
        seconds = curve.time_s[-1] - curve.time_s[-2] if len(curve.time_s) > 1 else 0.0
        gained = curve.accuracy[-1] - curve.accuracy[-2] if len(curve.time_s) > 1 else 0.0
        found = (
            max(0.0, 1 - twin.clock.now / budget_s),
            curve.accuracy[-1],
            10 * gained,
            10 * seconds / budget_s,
            len(curve.time_s) / 100,
            self._apart,
            self._last / max(1, self.number_of_choices() - 1),
        )
        return np.asarray(np.clip(np.array(found), -1, 1), np.float32)
