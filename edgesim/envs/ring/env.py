"""Serving a language model on a ring of devices as a Gymnasium environment."""

from collections.abc import Mapping
from functools import partial
from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.envs.ring.choices import ChoiceObserver
from edgesim.envs.ring.observation import Observer
from edgesim.envs.twin_env import TwinEnv
from edgesim.envs.vector import vector_env
from edgesim.scenarios.checks import one_of
from edgesim.scenarios.ring.schema import LLMRingScenario
from edgesim.twin.core.worlds import shared_world
from edgesim.twin.ring import serving
from edgesim.twin.ring.serving_world import RingWorld
from edgesim.twin.ring.workload import FORMS, WAYS, RingWorkload

__all__ = ["METRICS", "LLMRingEnv", "make_vec"]

Observation = npt.NDArray[np.float32]

OBSERVATIONS = ("measured", "choices")
"""What was measured; or what each choice would mean by it."""

PARTS = ("in_time", "late", "refused", "replans", "shaping")
"""Parts of the reward."""

METRICS: dict[str, str] = {
    "return": "sum of the rewards, in 100 tokens",
    "goodput": "tokens in time, those of the small model by their quality, over the horizon, 1/s",
    "in_time": "share of the requests whose answer was in time",
    "ttft_s": "median time to the first token of those answered, s",
    "tpot_s": "median mean time between tokens of those answered, s",
    "on_ring": "share of the requests that the ring answered",
    "refused": "share of the requests that were refused",
    "replans": "changes of the plan",
    "arrived": "requests that arrived",
    "decisions": "choices made",
}

_PER = 100.0  # tokens of a reward of 1


class LLMRingEnv(TwinEnv[RingWorkload, Observation, SupportsIndex]):
    """A language model on the devices of a home: where requests go, and when to plan anew.

    ## Description
    Requests for tokens arrive at a home. A large model runs over the home's devices in a ring
    (arXiv 2504.08791), a small one on a device of its own. Other applications take memory of the
    devices and give it back, Wi-Fi gets slower and faster, devices leave and return: a plan that
    was good may become ten times slower. Another plan has to read its layers from disk first, and
    keys and values go over the air. The ring serves a batch; prompts are computed one by one
    meanwhile.

    ## Observation Space
    ``Box(float32)``, values in [0, 10]: whether a request has arrived, the queue, the batch, how
    long ring and small model are busy, tokens of the prompt, drafts, time; of each device memory,
    presence and link as measured at the last tick, with noise; of each system whether it runs, its
    token's time by what was measured, and how long changing to it takes.
    ``env.unwrapped.observer.names`` names each entry. With ``observation="choices"`` it is told of
    each choice what it would mean by these measurements
    (:class:`edgesim.envs.ring.choices.ChoiceObserver`). How long an answer will be is not told.

    ## Action Space
    ``Discrete(4 + systems + drafts)``. At an arrival: 0 the ring, 1 the small model, 2 refuse. At
    a tick: 3 all stays, then each system (``env.unwrapped.world.names``), then each number of
    proposed tokens. ``action_masks()`` tells which are meant; any other counts as 0 or 3.

    ## Rewards
    Tokens in time less ``late_cost`` times late ones and ``refused_cost`` times refused ones, in
    100 tokens, less ``replan_cost`` a change of the plan. An answer is in time if its first token
    and its mean time between tokens are; of the ring it is paid with its last token, of the small
    model, ``quality`` a token, as it is sent there. With ``reward="shaped"`` tokens of the ring
    are paid as they are made, and given back when their answer ends: potential-based shaping (Ng,
    Harada and Russell 1999). The undiscounted return is the same.

    ## Starting State
    All devices are there with all their memory; the plan is Halda's, or ``system``.

    ## Episode End
    Terminated when all requests are answered after the horizon, or after twice the horizon; what
    is open then is late. Never truncated by the environment itself.

    ## Arguments
    ```python
    import gymnasium

    gymnasium.make(
        "edgesim/LLMRing-v0",
        scenario="llm_ring",
        overrides={"requests.rate_hz": 0.02},
        reward="paid",
        mask="meant",
        system="halda",
        form="fast",
        observation="measured",
    )
    ```
    ``scenario``: a preset's name, or a mapping with all keys. ``overrides``: keys to replace.
    ``mask``: ``"meant"``, the only one. ``system``: the plan at the beginning.
    ``form``: ``"fast"``, arithmetic between decisions; ``"full"``, pass after pass on the twin's
    clock, with page caches, disks, the shared air and whole tokens. ``observation``:
    ``"measured"`` or ``"choices"``. ``record``: keep the
    event log of each episode.

    ## Info
    Each step: ``in_time``, ``late``, ``refused``, ``replans`` and ``shaping``, the parts of the
    reward, which is their sum. At the end also ``metrics``, the episode's figures
    (:data:`METRICS`).

    ## Version History
    * v0: first version.

    Raises:
        InputError: unknown scenario, key, reward, mask, system or render mode; bad values.
    """

    problem = "ring"
    parts = PARTS
    masks = ("meant",)
    rewards = ("paid", "shaped")
    picture = "edgesim.plots.ring.world:draw_now"
    episodic = (*TwinEnv.episodic, "_paid", "_decisions")
    scenario: LLMRingScenario

    def __init__(
        self,
        scenario: str | Mapping[str, Any] = "llm_ring",
        overrides: Mapping[str, Any] | None = None,
        reward: str = "paid",
        mask: str = "meant",
        system: str = "halda",
        form: str = "fast",
        observation: str = "measured",
        record: bool = False,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(
            scenario,
            overrides,
            record=record,
            render_mode=render_mode,
            reward=reward,
            mask=mask,
            system=system,
            form=form,
            observation=observation,
        )
        one_of("form", form, FORMS)
        one_of("observation", observation, OBSERVATIONS)
        one_of("reward", reward, self.rewards)
        one_of("mask", mask, self.masks)
        self.world: RingWorld = shared_world(RingWorld, self.scenario)
        RingWorkload(self.scenario, self.world, system)  # the system's name is checked here
        self.observer: Observer | ChoiceObserver = (
            Observer(self.world) if observation == "measured" else ChoiceObserver(self.world)
        )
        self.observation_space = self.observer.space
        self.actions = 4 + len(self.world.names) + len(self.scenario.drafts)
        self.action_space = spaces.Discrete(self.actions)
        self._system, self._form = system, form
        self._shaped = reward == "shaped"
        self._paid = np.zeros(len(PARTS))
        self._decisions = 0

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Which actions are meant for the decision at hand, shape (actions,), never empty."""
        mask = np.zeros(self.actions, dtype=bool)
        if self.twin.state.ints[serving.KIND] == serving.ARRIVAL:
            mask[:3] = True
        else:
            mask[3:] = True
            # A system that is out of memory whatever happens
            mask[4 : 4 + len(self.world.names)] = self.world.runs
        return mask

    def _begin(self) -> None:
        self._paid = np.zeros(len(PARTS))
        self._decisions = 0

    def _open(self, seed: np.random.SeedSequence) -> RingWorkload:
        return RingWorkload.alone(
            self.scenario,
            seed,
            world=self.world,
            system=self._system,
            form=self._form,
            record=self._record,
        )

    def _apply(self, twin: RingWorkload, action: int) -> None:
        self._decisions += 1
        twin.decide(int(action))

    def _settle(self, twin: RingWorkload, *, over: bool) -> tuple[float, dict[str, Any]]:
        floats, target = twin.state.floats, self.scenario.target
        total = np.array(
            [
                floats[serving.GOOD] / _PER,
                -target.late_cost * floats[serving.LATE] / _PER,
                -target.refused_cost * floats[serving.REFUSED_TOKENS] / _PER,
                -target.replan_cost * floats[serving.REPLANS],
                self._potential(twin) if self._shaped and not over else 0.0,
            ]
        )
        parts = total - self._paid
        self._paid = total
        return float(parts.sum()), dict(zip(PARTS, parts.tolist(), strict=True))

    def _potential(self, twin: RingWorkload) -> float:
        """Tokens made of answers that have not ended, in rewards."""
        state = twin.state
        count = int(state.ints[serving.ACTIVE])
        made = twin.future.output[state.active[:count]] - state.left[:count]
        return float(made.sum()) / _PER

    def _metrics(self, twin: RingWorkload) -> dict[str, float]:
        state, future = twin.state, twin.future
        counts = twin.ledger.counts
        arrived = max(1, len(future.arrival_s))
        answered = np.isfinite(state.end_s)
        first_s = state.first_s[answered] - future.arrival_s[answered]
        tpot_s = (state.end_s[answered] - state.first_s[answered]) / future.output[answered]
        share = {way: counts[way] / arrived for way in WAYS}
        return {
            "return": float(self._paid.sum()),
            "goodput": float(state.floats[serving.GOOD]) / self.scenario.horizon_s,
            "in_time": share["in_time"] + share["small_in_time"],
            "ttft_s": float(np.median(first_s)) if len(first_s) else 0.0,
            "tpot_s": float(np.median(tpot_s)) if len(tpot_s) else 0.0,
            "on_ring": share["in_time"] + share["late"],
            "refused": share["refused"],
            "replans": float(state.floats[serving.REPLANS]),
            "arrived": float(len(future.arrival_s)),
            "decisions": float(self._decisions),
        }

    def _observe(self, twin: RingWorkload) -> Observation:
        if isinstance(self.observer, ChoiceObserver):
            return self.observer.observe(twin.future, twin.state, self.action_masks())
        return self.observer.observe(twin.future, twin.state)


make_vec = partial(vector_env, "ring")
"""What ``gymnasium.make_vec("edgesim/LLMRing-v0")`` calls."""
