"""Training over a WAN as a Gymnasium environment."""

from collections.abc import Mapping
from functools import partial
from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.envs.choice_box import ChoiceBox
from edgesim.envs.training.wan_outlook import Outlook
from edgesim.envs.training.wan_reward import PARTS, RewardModel
from edgesim.envs.twin_env import TwinEnv
from edgesim.envs.vector import vector_env
from edgesim.scenarios.checks import one_of
from edgesim.scenarios.training.wan import WANScenario
from edgesim.twin.core.worlds import shared_world
from edgesim.twin.training.wan.plans import KINDS, OPTIONS
from edgesim.twin.training.wan.workload import Request, WANTraining
from edgesim.twin.training.wan.world import WANWorld

__all__ = ["METRICS", "WanTrainingEnv", "make_vec"]

Observation = npt.NDArray[np.float32]

METRICS: dict[str, str] = {
    "return": "sum of the rewards: samples less idle node-seconds, 100 being undisturbed computing",
    "samples_per_s": "samples a second over the episode, 1/s",
    "scale_out_s": "mean time from an institution's request to its first step, s",
    "pull_s": "of that, the pull of the state, s",
    "idle_node_s": "node-seconds that neither computed nor sent gradients, s",
    "lost_node_s": "node-seconds whose work was thrown away, s",
    "handled_ms": "mean time in which leaves, crashes found out and links were handled, ms",
    "joined": "institutions that joined",
    "asked": "institutions that asked to join",
    "left": "institutions that left or crashed",
    "steps": "steps of the training",
    "decisions": "choices made",
}

_NAMES = tuple(OPTIONS)
_NUMBER = {name: number for number, name in enumerate(_NAMES)}
_MARKS = {
    name: (
        float(name.startswith(("shared", "pause", "twice"))),
        float(name.startswith("twice")),
        float(name in ("keep", "boundary", "catch_up")),
    )
    for name in _NAMES
}
"""The last features of an option, which are always the same."""
_FEATURES = (
    "there",  # 1 where it can be chosen
    "delay",  # expected until the newcomer trains (of a ring: the step), over a minute
    "slower",  # by how much of that it is behind the soonest option
    "idle",  # expected node-seconds of waiting, over those of a minute of all
    "sources",  # share of those who train that send
    "shares",  # 1 where the shares are by the rates that the sources have together
    "twice",  # 1 where each share is asked from two
    "keep",  # 1 where all stays as it is
)
_REQUEST = (
    *KINDS,  # 1 for the kind of the decision
    "training",  # institutions that train, over all
    "joining",  # that are on their way, over all
    "elapsed",  # of the step under way, over its length
    "step",  # its length, over a minute
    "left",  # of the episode
)


class WanTrainingEnv(TwinEnv[WANTraining, Observation, SupportsIndex]):
    """Training over a WAN: how institutions that come and go get the state, and when they join.

    ## Description
    Institutions train one model together, each behind an access link of its own on a WAN whose
    links other traffic loads more or less. A step is everybody's computing and a ring all-reduce
    over the links. An institution that wants to join needs the training state, in shards from one
    or several of those who train; that traffic and the all-reduce share the links. Institutions
    leave and crash, links are cut. The setting is our reconstruction of Chaos (arXiv 2505.12815).

    ## Observation Space
    ``Box(float32)``, values in [0, 1]. For each option: whether it is there, what it is expected to
    take and to make the others wait, how many send. Then of the decision: its kind, who trains and
    joins, how far the step is, what is left of the episode. ``env.unwrapped.names`` names each.

    ## Action Space
    ``Discrete(19)``, the options of :data:`edgesim.twin.training.wan.plans.OPTIONS`. Which of them
    there are depends on the kind of the decision (:data:`edgesim.twin.training.wan.plans.KINDS`)
    and stands in ``action_masks()``. Another one is taken as the first that is there.

    ## Rewards
    Samples of the steps done, less what idle node-seconds cost; 100 over an episode is what those
    who are there at first make without ever waiting. With ``reward="shaped"`` the part of the step
    under way that has passed is paid at once, and given back with its samples: the undiscounted
    return is the same.

    ## Starting State
    All of ``institutions.present`` train; the first event is to come.

    ## Episode End
    Terminated at ``horizon_s``. Never truncated by the environment itself.

    ## Arguments
    ```python
    import gymnasium

    gymnasium.make(
        "edgesim/WanTraining-v0",
        scenario="wan_training",
        overrides={"horizon_s": 600.0},
        reward="paid",
    )
    ```
    ``scenario``: a preset's name, or a mapping with all keys. ``overrides``: keys to replace.
    ``record``: keep the event log of each episode.

    ## Info
    Each step: ``samples``, ``idle`` and ``shaping``, the parts of the reward, which is their sum.
    At the end also ``metrics``, the episode's figures (:data:`METRICS`).

    ## Version History
    * v0: first version.

    Raises:
        InputError: unknown scenario, key or render mode; bad values.
    """

    problem = "wan_training"
    parts = PARTS
    rewards = ("paid", "shaped")
    picture = "edgesim.plots.training.wan_world:draw_now"
    episodic = (*TwinEnv.episodic, "_known")
    scenario: WANScenario

    def __init__(
        self,
        scenario: str | Mapping[str, Any] = "wan_training",
        overrides: Mapping[str, Any] | None = None,
        reward: str = "paid",
        record: bool = False,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(scenario, overrides, record=record, render_mode=render_mode, reward=reward)
        one_of("reward", reward, self.rewards)
        self.world: WANWorld = shared_world(WANWorld, self.scenario)
        self.names = [f"{feature} {name}" for feature in _FEATURES for name in _NAMES]
        self.names += [f"request {name}" for name in _REQUEST]
        low = np.zeros(len(self.names), dtype=np.float32)
        self.observation_space = ChoiceBox(low, low + 1, self.names, _FEATURES, len(_NAMES))
        self.action_space = spaces.Discrete(len(_NAMES))
        self._reward_model = RewardModel(reward)
        self._known: tuple[int, Outlook] | None = None

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Which options are there, shape (options,), never empty."""
        allowed = np.zeros(len(_NAMES), dtype=bool)
        request = self.twin.request
        options = ("keep",) if request is None else request.options
        allowed[[_NUMBER[option] for option in options]] = True
        return allowed

    @property
    def options(self) -> tuple[str, ...]:
        """All options by the number of their action."""
        return _NAMES

    @property
    def request(self) -> Request | None:
        """The decision at hand; None at the end."""
        return self.twin.request

    @property
    def outlook(self) -> Outlook:
        """What each option is expected to bring: public knowledge."""
        return self._outlook_of(self.twin)

    def _begin(self) -> None:
        self._reward_model.open()
        self._known = None

    def _open(self, seed: np.random.SeedSequence) -> WANTraining:
        return WANTraining.alone(self.scenario, seed, world=self.world, record=self._record)

    def _apply(self, twin: WANTraining, action: int) -> None:
        request = twin.request
        assert request is not None
        option = _NAMES[action]
        twin.decide(option if option in request.options else request.options[0])

    def _settle(self, twin: WANTraining, *, over: bool) -> tuple[float, dict[str, Any]]:
        return self._reward_model.settle(twin, over=over)

    def _metrics(self, twin: WANTraining) -> dict[str, float]:
        return self._reward_model.metrics(twin)

    def _outlook_of(self, twin: WANTraining) -> Outlook:
        request = twin.last
        if self._known is None or self._known[0] != request.number:
            self._known = (request.number, Outlook(twin, request))
        return self._known[1]

    def _observe(self, twin: WANTraining) -> Observation:
        seen = np.zeros(len(self.names), dtype=np.float32)
        request = twin.request
        if request is None:
            return seen
        expected, present = self._outlook_of(twin).expected, max(len(twin.present), 1)
        soonest_s = min([told.delay_s for told in expected.values()])
        minutes = 60.0 * present
        figures: dict[tuple[float, float, int], tuple[float, ...]] = {}  # many options are alike
        rows = []
        for option, told in expected.items():
            figure = figures.get(told)
            if figure is None:
                delay_s, idle_s, sources = told
                figure = figures[told] = (
                    1.0,
                    delay_s / (delay_s + 60.0),
                    (delay_s - soonest_s) / (delay_s + 1e-9),
                    idle_s / (idle_s + minutes),
                    sources / present,
                )
            rows.append(figure + _MARKS[option])
        page = seen[: len(_FEATURES) * len(_NAMES)].reshape(len(_FEATURES), len(_NAMES))
        page[:, [_NUMBER[option] for option in expected]] = np.array(rows).T
        step_s, horizon_s = twin.steps.last_s, twin.scenario.horizon_s
        seen[-len(_REQUEST) :] = (
            *(kind == request.kind for kind in KINDS),
            len(twin.present) / self.world.institutions,
            len(twin.newcomers) / self.world.institutions,
            twin.steps.elapsed() / (step_s or 60.0),
            step_s / (step_s + 60.0),
            1.0 - twin.clock.now / horizon_s,
        )
        np.minimum(np.maximum(seen, 0.0, out=seen), 1.0, out=seen)
        return seen


make_vec = partial(vector_env, "wan_training")
"""What ``gymnasium.make_vec("edgesim/WanTraining-v0")`` calls."""
