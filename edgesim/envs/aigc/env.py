"""AIGC provider selection as a Gymnasium environment."""

from collections.abc import Mapping
from functools import partial
from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.envs.aigc.observation import Observer
from edgesim.envs.aigc.reward import PARTS, RewardModel
from edgesim.envs.aigc.set_observation import LATER_S, SetObserver
from edgesim.envs.aigc.underway import Underway
from edgesim.envs.twin_env import TwinEnv
from edgesim.envs.vector import vector_env
from edgesim.errors import InputError
from edgesim.scenarios.aigc.schema import AIGCScenario
from edgesim.scenarios.checks import one_of
from edgesim.twin.aigc.experience import Experience
from edgesim.twin.aigc.quality import timeliness
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.aigc.world import AIGCWorld
from edgesim.twin.core.worlds import shared_world

__all__ = ["METRICS", "AIGCEnv", "make_vec"]

Observation = npt.NDArray[np.float32]

METRICS: dict[str, str] = {
    "return": "sum of the rewards",
    "quality": "mean quality gain of a finished task, about 0 to 1",
    "latency_s": "mean time from request to result of a finished task, s",
    "late": "share of the finished tasks that came after their deadline",
    "lost": "tasks that ran when their provider crashed",
    "refused": "tasks that were not started: they did not fit, or the provider was down",
    "crashes": "crashes of providers",
    "finished": "tasks whose result reached the user",
    "decisions": "requests decided",
}


class AIGCEnv(TwinEnv[AIGCWorkload, Observation, SupportsIndex]):
    """AIGC provider selection at the wireless edge.

    ## Description
    Users of a wireless edge network ask for generated content. Each request names the denoising
    steps it wants and must be sent to one AIGC service provider (ASP). Providers differ in what
    they hold at once, in speed, and in the quality that they reach for a number of steps, which
    nobody tells. A provider that is given more than it holds crashes and loses what it runs.
    Source of the problem: arXiv 2301.03220. The network is that of the scenario; ``aigc_paper`` has
    none, ``aigc`` has radio, moving users, a metro network and deadlines.

    ## Observation Space
    ``Box(float32)``, values scaled to about [0, 1]. Without a network, 42 numbers for 20 providers
    (the authors' own): for each provider its capacity over the largest of ``capacity_range`` and
    its available share; then steps asked over the most that are asked, and run time over the run
    time of that most; which providers are down (``restart_s``) only the mask tells. With a
    network, for each provider: capacity, available share (promised
    capacity counts as taken), up or down, mean seconds a step alone, what each further task adds
    to a run (as a part of a run alone), tasks assigned, time on the metro network, expected
    latency; then of the request: steps, deadline, upload and download size, and at the user's
    serving site the spectral efficiency and active transfers of both directions. With
    ``sees_results=True`` five more for each provider, behind all others: what has come back from it
    in this episode. ``observation="set"`` shows the same as a set of providers, in units that are
    the same in every world (:class:`edgesim.envs.aigc.set_observation.SetObserver`): for policies
    of any number of providers.
    :class:`edgesim.envs.aigc.observation.Observer` names each entry
    (``env.unwrapped.observer.names``).

    ## Action Space
    ``Discrete(providers)``: the provider for the request at hand. ``action_masks()`` tells which
    are sensible: ``mask="fits"`` (default) those that are up and have room, ``mask="up"`` those
    that are up; all of them where none qualifies. Any action is legal.

    Where the scenario has several ``step_shares`` (``aigc_steps``), an action also says how many
    of the steps asked are spent: ``Discrete(providers * shares)``, action ``a`` is provider
    ``a % providers`` with the share ``step_shares[a // providers]`` of the steps, rounded to whole
    ones. The first share is 1, so that the actions below ``providers`` are those of ``aigc``.

    Where it has ``variants`` (``aigc_text``), every provider is listed once for each: action ``a``
    is provider ``a % provider_count`` with variant ``a // provider_count``, and the observation has
    a block for each of these.

    ## Rewards
    Quality of the result, about in [0, 1], paid as ``pay_on`` of the scenario says: on assignment,
    or on delivery and then discounted for lateness. Results of a measured service scatter around
    its curve as the measured ones did. A crash costs ``crash_penalty``, each task lost with
    it ``loss_penalty`` times what was left of it, each task not started ``refusal_penalty``. With
    ``reward="shaped"`` a task pays its expected worth when it is placed, and the difference to
    what came of it at its end: potential-based shaping (Ng, Harada and Russell 1999) with the
    worth of the tasks under way as potential. The undiscounted return is the same, also with
    ``reward="priced"`` (with a network): a choice then pays at once, too, what it is expected to
    take from the tasks at its provider, each of which runs longer by what a further task adds.
    ``reward="marginal"`` (with ``observation="set"`` and a network) pays what a choice is expected
    to add in the place of what results turn out to be worth: the mean quality of such a result
    times the timeliness that a second more than the expected latency leaves of it, less what the
    tasks at the provider are expected to lose. There is no luck in it, and its sum is not the
    return. Penalties are paid as always.

    ## Starting State
    All providers up and empty, users at their first places, the first request at hand.

    ## Episode End
    Terminated when the workload is through: at the arrival of the last request, undecided
    (``decide_last: false``, the authors' way), or when all tasks have ended after it. Never
    truncated by the environment itself.

    ## Arguments
    ```python
    import gymnasium

    gymnasium.make(
        "edgesim/AIGC-v0",
        scenario="aigc_paper",
        overrides={"capacity_range": [400, 900], "trace": "tasks.csv"},
        reward="paid",
        mask="fits",
        sees_links=False,
        sees_results=False,
        observation="plain",
    )
    ```
    ``scenario``: a preset's name, or a mapping with all keys. ``overrides``: keys to replace.
    ``sees_links``: in a scenario with a network, time on the transport network and expected latency
    follow the present load of the links, not an idle network.
    ``sees_results``: the observation also has what an operator has seen of each provider in this
    episode: how many results came back, their mean quality and its spread, how long ago the last
    came, and failures. Nothing hidden.
    ``record``: keep the event log of each episode (``env.unwrapped.twin.log``).

    ## Info
    Each step: ``quality``, ``crash_penalty``, ``loss_penalty``, ``refusal_penalty``, ``shaping``,
    the parts of the reward, which is their sum. At the end also ``metrics``, the episode's figures
    (:data:`METRICS`; with ``faults`` also :data:`edgesim.envs.recovery.FAULT_METRICS`).

    ## Version History
    * v0: first version.

    Raises:
        InputError: unknown scenario, key, reward, mask or render mode; bad values.
    """

    problem = "aigc"
    parts = PARTS
    masks = ("fits", "up")
    picture = "edgesim.plots.aigc.world:draw_now"
    episodic = (*TwinEnv.episodic, "_underway")
    scenario: AIGCScenario

    def __init__(
        self,
        scenario: str | Mapping[str, Any] = "aigc",
        overrides: Mapping[str, Any] | None = None,
        reward: str = "paid",
        mask: str = "fits",
        record: bool = False,
        render_mode: str | None = None,
        sees_links: bool = False,
        sees_results: bool = False,
        observation: str = "plain",
    ) -> None:
        super().__init__(
            scenario,
            overrides,
            record=record,
            render_mode=render_mode,
            reward=reward,
            mask=mask,
            sees_links=sees_links,
            sees_results=sees_results,
            observation=observation,
        )
        one_of("reward", reward, ("paid", "shaped", "priced", "marginal"))
        if reward == "priced" and self.scenario.wireless is None:
            raise InputError("reward", reward, "needs a scenario with a network; accepted: shaped")
        if reward == "marginal" and (self.scenario.wireless is None or observation != "set"):
            accepted = "needs a scenario with a network, and observation=set; accepted: shaped"
            raise InputError("reward", reward, accepted)
        one_of("mask", mask, self.masks)
        one_of("observation", observation, ("plain", "set"))
        if self.scenario.variants is not None:
            for key, value, bare in (
                ("reward", reward, reward not in ("priced", "marginal")),
                ("observation", observation, observation == "plain"),
            ):
                if not bare:
                    raise InputError(key, value, "is not for scenarios with variants")
        if sees_links and self.scenario.wireless is None:
            raise InputError("sees_links", sees_links, "needs a scenario with a network")
        shared = self.shared
        self.world = shared_world(AIGCWorld, self.scenario) if shared is None else shared.aigc
        self._sees_results = sees_results or observation == "set"
        self.observer = Observer(self.world, sees_links=sees_links, sees_results=self._sees_results)
        self.observation_space = spaces.Box(0.0, self.observer.high, dtype=np.float32)
        self._set: SetObserver | None = None
        self._underway: Underway | None = None
        self._providers = len(self.world.providers)
        self._actions = self._providers * len(self.scenario.step_shares)
        if observation == "set":
            if self._actions > self._providers:
                accepted = "the steps are part of the action; accepted: plain"
                raise InputError("observation", observation, accepted)
            self._set = SetObserver(self.observer, self.scenario, self.world)
            if self.scenario.wireless is not None:
                self._underway = Underway(self.scenario, self.world)
            self.observation_space = self._set.space
        self.action_space = spaces.Discrete(self._actions)
        self._mask = mask
        self._reward_model = RewardModel(
            self.scenario,
            shaped=reward == "shaped",
            priced=reward == "priced",
            foreseen=reward == "marginal",
        )
        self._marginal = reward == "marginal"

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Which actions are sensible for the request at hand, shape (actions,), never empty."""
        twin = self.twin
        several = self._actions > self._providers
        if self._mask == "fits":
            fits = twin.fits()
            if several:
                fits = np.concatenate([twin.fits(steps) for steps in twin.levels(twin.last)])
            if fits.any():
                return fits
        up = twin.up.copy() if twin.up.any() else np.ones_like(twin.up)
        return np.tile(up, self._actions // self._providers) if several else up

    def _begin(self) -> None:
        self._reward_model.open()
        if self._underway is not None:
            self._underway.open()

    def _open(self, seed: np.random.SeedSequence) -> AIGCWorkload:
        if self.shared is not None:
            twin = self._open_shared(seed)
        else:
            twin = AIGCWorkload.alone(self.scenario, seed, world=self.world, record=self._record)
        self._watch(twin)
        return twin

    def attach(self, workload: AIGCWorkload) -> None:
        """See :class:`edgesim.envs.twin_env.TwinEnv`."""
        super().attach(workload)
        self._watch(workload)

    def _watch(self, twin: AIGCWorkload) -> None:
        """Have the twin remember what comes back, where the observation shows it."""
        if self._sees_results and twin.experience is None:
            twin.experience = Experience(len(self.world.providers))

    def _apply(self, twin: AIGCWorkload, action: int) -> None:
        level, provider = divmod(action, self._providers)
        steps = twin.levels(twin.last)[level] if level else None
        self._reward_model.promise(twin, provider, steps)
        if self._marginal:
            self._reward_model.foresee(self._adds(twin, provider))
        if self._underway is not None:
            self._underway.send(twin, provider, steps)
        twin.choose(provider, steps)

    def _adds(self, twin: AIGCWorkload, provider: int) -> float:
        """What the request at hand is expected to add at a provider: hidden knowledge."""
        wireless, underway = self.scenario.wireless, self._underway
        assert wireless is not None and underway is not None
        gain = float(twin.expected_gains()[provider])
        latency_s = float(twin.expected_latency_s()[provider]) + LATER_S
        kept = timeliness(latency_s, twin.last.deadline_s, wireless.lateness_s)
        return gain * (kept - float(underway.loses(twin, LATER_S)[provider]))

    def _settle(self, twin: AIGCWorkload, *, over: bool) -> tuple[float, dict[str, Any]]:
        reward, info = self._reward_model.settle(twin.outcomes, over=over)
        twin.outcomes.clear()
        return reward, info

    def _metrics(self, twin: AIGCWorkload) -> dict[str, float]:
        return self._reward_model.metrics(twin.ledger) | self._reward_model.recovered(twin)

    def _observe(self, twin: AIGCWorkload) -> Observation:
        if self._set is None:
            return self.observer.observe(twin)
        return self._set.observe(twin, self._underway)


make_vec = partial(vector_env, "aigc")
"""What ``gymnasium.make_vec("edgesim/AIGC-v0")`` calls."""
