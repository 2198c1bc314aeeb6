"""One large model's training as a Gymnasium environment."""

from collections.abc import Mapping
from functools import partial
from math import log
from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.envs.choice_box import ChoiceBox
from edgesim.envs.training.llm_outlook import Outlook
from edgesim.envs.training.llm_reward import PARTS, RewardModel
from edgesim.envs.twin_env import TwinEnv
from edgesim.envs.vector import vector_env
from edgesim.scenarios.checks import one_of
from edgesim.scenarios.training.llm import LLMScenario
from edgesim.twin.core.worlds import shared_world
from edgesim.twin.training.llm.workload import LLMJob, Request
from edgesim.twin.training.llm.world import LLMWorld

__all__ = ["METRICS", "LLMTrainingEnv", "make_vec"]

Observation = npt.NDArray[np.float32]

METRICS: dict[str, str] = {
    "return": "sum of the rewards: less the hours that the training takes",
    "hours": "time to the end of the training, h; the horizon where it was not reached",
    "done": "1 where the training came to its end",
    "overhead_h": "of that, changes and restarts, h",
    "waiting_h": "of that, without nodes to run on, h",
    "lost_h": "training that was lost with nodes, h",
    "switches": "changes of the setting",
    "reshards": "of these, changes of the layout",
    "failures": "nodes that failed or were reclaimed",
    "decisions": "choices made",
}

_FEATURES = (
    "there",  # 1 where it can be chosen
    "gain",  # believed goodput over that of the setting at hand: 0.5 is none, 0.25 a change of 10 %
    "speed",  # believed sequences a second over the fastest's
    "efficiency",  # by the estimated noise scale
    "cost",  # of the change, over an interval
    "tried",  # 1 where its layout's speed has been measured
    "batch",  # place of its batch among all
    "keep",  # 1 where all stays as it is
    "saves",  # of the time to the end as things are, the change included; 0.5 is none
)
_REQUEST = (
    "progress",
    "noise",  # logarithm of the estimated critical batch, between the least and the largest batch
    "stopped",  # 1 where the job starts again in any case
    "nodes",  # share of the nodes that can be used
    "batch",  # place of the batch at hand
)


class LLMTrainingEnv(TwinEnv[LLMJob, Observation, SupportsIndex]):
    """Large-model training: global batch and parallelism, chosen again as the noise scale grows.

    ## Description
    A larger batch makes better use of the devices and worse use of the samples: what a sequence is
    worth falls with the batch over the critical one, which grows as the training goes on. How fast
    a batch runs depends on tensor, pipeline and data parallelism and the micro-batch. The noise
    scale is estimated online from norms of gradients; how fast a strategy truly is, is known where
    it was tried. A change takes time, above all another layout of the parameters. Nodes may fail or
    be reclaimed. The setting is our reconstruction of COPUS (arXiv 2604.26687).

    ## Observation Space
    ``Box(float32)``, values in [0, 1]. For each option: whether it is there, believed gain, speed,
    efficiency, what the change takes, whether its speed was measured. Then progress, estimated
    noise scale, nodes, the batch at hand. ``env.unwrapped.names`` names each entry.

    ## Action Space
    ``Discrete``: 0 leaves all as it is; then each batch in each layout (tensor and pipeline ways;
    the others are data parallel), with the fastest micro-batch. ``env.unwrapped.options`` names
    them, ``action_masks()`` tells which can be run. Another one is taken as the first that can.

    ## Rewards
    Less the hours that have passed. With ``reward="shaped"`` progress pays the hours that it would
    have taken at the first setting's speed on samples of full worth, and the end takes them back:
    the undiscounted return is the same.

    ## Starting State
    The setting that the formulas hold for the best has run for a first interval.

    ## Episode End
    Terminated when the training is done, or at ``horizon_s``. Never truncated by the environment
    itself.

    ## Arguments
    ```python
    import gymnasium

    gymnasium.make("edgesim/LLMTraining-v0", scenario="llm_training", reward="paid")
    ```
    ``scenario``: a preset's name, or a mapping with all keys. ``overrides``: keys to replace.
    ``record``: keep the event log of each episode.

    ## Info
    Each step: ``time`` and ``shaping``, the parts of the reward, which is their sum. At the end
    also ``metrics``, the episode's figures (:data:`METRICS`).

    ## Version History
    * v0: first version.

    Raises:
        InputError: unknown scenario, key, reward or render mode; bad values.
    """

    problem = "llm_training"
    parts = PARTS
    rewards = ("paid", "shaped")
    picture = "edgesim.plots.training.llm_world:draw_now"
    episodic = (*TwinEnv.episodic, "_known")
    scenario: LLMScenario

    def __init__(
        self,
        scenario: str | Mapping[str, Any] = "llm_training",
        overrides: Mapping[str, Any] | None = None,
        reward: str = "paid",
        record: bool = False,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(scenario, overrides, record=record, render_mode=render_mode, reward=reward)
        one_of("reward", reward, self.rewards)
        self.world: LLMWorld = shared_world(LLMWorld, self.scenario)
        batches, ways = self.scenario.job.batches, self.world.ways
        options = ["keep", *(f"{batch} t{t} p{p}" for batch in batches for t, p in ways)]
        self.options = tuple(options)
        self.names = [f"{feature} {name}" for feature in _FEATURES for name in options]
        self.names += [f"request {name}" for name in _REQUEST]
        low = np.zeros(len(self.names), dtype=np.float32)
        self.observation_space = ChoiceBox(low, low + 1, self.names, _FEATURES, len(options))
        self.action_space = spaces.Discrete(len(options))
        self._places = np.repeat([self._place(batch) for batch in batches], len(ways))
        self._reward_model = RewardModel(self.world, reward)
        self._known: tuple[int, Outlook] | None = None

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Which options can be run, shape (options,), never empty."""
        allowed = self.outlook.there.copy()
        if not allowed.any():
            allowed[0] = True
        return allowed

    @property
    def request(self) -> Request | None:
        """The decision at hand; None at the end."""
        return self.twin.request

    @property
    def outlook(self) -> Outlook:
        """What each option is believed to bring: public knowledge."""
        return self._outlook_of(self.twin)

    def _begin(self) -> None:
        self._reward_model.open()
        self._known = None

    def _open(self, seed: np.random.SeedSequence) -> LLMJob:
        return LLMJob.alone(self.scenario, seed, world=self.world, record=self._record)

    def _apply(self, twin: LLMJob, action: int) -> None:
        settings = self._outlook_of(twin).settings
        chosen = settings[action]
        twin.decide(chosen if chosen is not None else next(filter(None, settings)))

    def _settle(self, twin: LLMJob, *, over: bool) -> tuple[float, dict[str, Any]]:
        return self._reward_model.settle(twin, over=over)

    def _metrics(self, twin: LLMJob) -> dict[str, float]:
        return self._reward_model.metrics(twin)

    def _outlook_of(self, twin: LLMJob) -> Outlook:
        number = twin.last.number
        if self._known is None or self._known[0] != number:
            self._known = (number, Outlook(twin))
        return self._known[1]

    def _observe(self, twin: LLMJob) -> Observation:
        seen = np.zeros(len(self.names), dtype=np.float32)
        request = twin.request
        if request is None:
            return seen
        outlook, batches = self._outlook_of(twin), self.scenario.job.batches
        count = len(self.options)
        page = seen[: len(_FEATURES) * count].reshape(len(_FEATURES), count)
        now = outlook.goodput[0] or outlook.goodput.max()
        page[0] = outlook.there
        page[1] = 0.5 + 0.5 * np.tanh(5.0 * (outlook.goodput / now - 1.0))
        page[2] = outlook.speed / outlook.speed.max()
        page[3] = outlook.efficiency
        page[4] = outlook.cost_s / self.scenario.interval_s
        page[5] = outlook.tried
        page[6, 0], page[6, 1:] = self._place(twin.setting.batch), self._places
        page[7, 0] = 1.0
        left_s = outlook.left_s[0] if outlook.there[0] else outlook.left_s.min()
        page[8] = 0.5 + 0.5 * np.tanh(5.0 * (1.0 - outlook.left_s / max(left_s, 1e-9)))
        page[1:] *= outlook.there
        low, high = log(batches[0]), log(max(batches[-1], batches[0] + 1))
        seen[-len(_REQUEST) :] = (
            twin.progress,
            (log(twin.critical_batch) - low) / (high - low),
            request.must_restart,
            request.nodes / self.scenario.accelerators.nodes,
            self._place(twin.setting.batch),
        )
        np.clip(seen, 0.0, 1.0, out=seen)
        return seen

    def _place(self, batch: int) -> float:
        batches = self.scenario.job.batches
        return batches.index(batch) / max(len(batches) - 1, 1)


make_vec = partial(vector_env, "llm_training")
"""What ``gymnasium.make_vec("edgesim/LLMTraining-v0")`` calls."""
