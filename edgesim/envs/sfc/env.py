"""Service function chaining as a Gymnasium environment."""

from collections.abc import Mapping
from functools import partial
from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.envs.sfc.chain_observation import ChainsObserver
from edgesim.envs.sfc.observation import build_observer
from edgesim.envs.sfc.outlook import ChainOutlook
from edgesim.envs.sfc.reward import PARTS, RewardModel
from edgesim.envs.twin_env import TwinEnv
from edgesim.envs.vector import vector_env
from edgesim.errors import InputError
from edgesim.scenarios.checks import one_of
from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.core.worlds import shared_world
from edgesim.twin.sfc.chain import Chain
from edgesim.twin.sfc.workload import SFCWorkload
from edgesim.twin.sfc.world import build_world

__all__ = ["METRICS", "SFCEnv", "make_vec"]

Observation = npt.NDArray[np.float32]

METRICS: dict[str, str] = {
    "return": "sum of the rewards",
    "qoe": "mean reward a request: QoE of the admitted, penalty of the others",
    "rejected": "share of the requests that got no chain",
    "dropped": "share of the chains that a failure ended",
    "rerouted": "chains moved to other links",
    "delay_ms": "mean delay of a chain at its admission, ms",
    "loss": "mean loss of a chain at its admission, 0 to 1",
    "accepted": "requests that got a chain",
    "southbound_messages": "messages between controller and switches",
    "southbound_bytes": "their bytes",
    "decisions": "choices made",
}


class SFCEnv(TwinEnv[SFCWorkload, Observation, SupportsIndex]):
    """QoS- and QoE-aware service function chaining in SDN/NFV 5G slices.

    ## Description
    Requests ask for a chain of virtual network functions (VNFs) with a bandwidth and a bound on
    delay. For each VNF of the chain one of its instances is chosen, one a step. What joins the
    instances has limited bandwidth, which an admitted chain holds until it is released. Source of
    the problem: arXiv 1804.02099. The world is that of the scenario: ``sfc_paper`` has a link from
    each instance to each of the next group.

    ## Observation Space
    With stage links, ``observation="ways"`` (default): ``Box(float32)``, values scaled to
    [-1, 1], 176 numbers for five groups of five. For each instance of the next stage: residual
    bandwidth of the link to it from the instance chosen last, the price of that link (bandwidth
    asked for over residual), its delay, whether it holds; by how much the best rest of the chain
    through it is longer, and dearer under four weights of delay against price, than through the
    best instance; slack, whether a rest of the chain holds within the bound, and QoE of the fastest
    one. Then the residual of every link, and of the request: bandwidth, its logarithm, bound,
    delay so far, slack and QoE of the fastest chain, the stage and the previous instance (one-hot).
    ``env.unwrapped.observer.names`` names each entry. ``observation="authors"``: the authors'
    tensor, shape (5, 5, 16), in the units of the world, without the previous instance
    (:class:`edgesim.envs.sfc.observation.AuthorsObserver`). ``observation="chains"``: a set of
    whole chains that the request may take, in units that are the same in every world, and the
    choices are these chains (:class:`edgesim.envs.sfc.chain_observation.ChainsObserver`): for
    policies that decide once a request, over any network.

    ## Action Space
    ``Discrete(instances)``: the instance of the next stage, numbered within its group; one more,
    the last, rejects the request where the scenario has ``admission_control``. With
    ``observation="chains"`` a choice is a whole chain, and one step decides one request.
    ``action_masks()``
    tells which make sense: ``mask="completes"`` (default) those through which the chain can be
    completed within its bound as far as is known, ``mask="holds"`` those to which the next way
    holds; all where none does. Any action is legal: one that cannot hold fails, and ends its
    request.

    ## Rewards
    QoE by the scenario's model: of an admitted chain as things stand at admission
    (``pay_on: admission``), paid at its last choice, or over its life (``pay_on: release``), paid
    at its end. A request that fails or is rejected pays ``qoe.rejected`` at once, a chain that a
    failure ends ``qoe.dropped``. All other steps pay 0. With ``reward="shaped"`` and payment on
    release, a chain pays its QoE at admission then, and the difference to what came of it at its
    end: potential-based shaping (Ng, Harada and Russell 1999). The undiscounted return is the same.
    With ``reward="relative"``, for training, that difference is paid as it arises, so that running
    chains that suffer from a new one say so soon; and each request pays, when it is decided, less
    what it could pay with the network to itself. No choice changes what is taken off, so that the
    best policy stays the best, and rewards differ less by luck. With
    ``reward="priced"`` an admitted chain also pays a price of the bandwidth that it takes, and gets
    it back over its life: what it takes from the requests to come is told when it is chosen. With
    ``reward="marginal"``, over a network, it pays what it is expected to add to the QoE of all
    chains that run then, its own included (:class:`edgesim.envs.sfc.marginal.Marginal`).

    ## Starting State
    No chain runs; the first request is at hand, and the instance of its first VNF to be chosen.

    ## Episode End
    Terminated after the last request; where QoE is paid on release, chains that run then are paid
    for their life so far. Never truncated by the environment itself.

    ## Arguments
    ```python
    import gymnasium

    gymnasium.make(
        "edgesim/SFC-v0",
        scenario="sfc_paper",
        overrides={"release_probability": 0.05, "trace": "chains.csv"},
        reward="paid",
        mask="completes",
        observation="ways",
    )
    ```
    ``scenario``: a preset's name, or a mapping with all keys. ``overrides``: keys to replace.
    ``record``: keep the event log of each episode (``env.unwrapped.twin.log``).

    ## Info
    Each step: ``qoe``, ``rejection``, ``drop``, ``shaping``, the parts of the reward, which is
    their sum. At the end also ``metrics``, the episode's figures (:data:`METRICS`).

    ## Version History
    * v0: first version.

    Raises:
        InputError: unknown scenario, key, reward, mask, observation or render mode; bad values.
    """

    problem = "sfc"
    parts = PARTS
    masks = ("completes", "holds")
    rewards = ("paid", "shaped", "relative", "priced", "marginal")
    observations = ("ways", "authors", "chains")
    picture = "edgesim.plots.sfc.world:draw_now"
    episodic = (*TwinEnv.episodic, "_chains", "_chosen_on", "_known", "observer")
    scenario: SFCScenario

    def __init__(
        self,
        scenario: str | Mapping[str, Any] = "sfc",
        overrides: Mapping[str, Any] | None = None,
        reward: str = "paid",
        mask: str = "completes",
        observation: str = "ways",
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
            observation=observation,
        )
        one_of("reward", reward, self.rewards)
        one_of("mask", mask, self.masks)
        one_of("observation", observation, self.observations)
        if observation == "authors" and self.scenario.network is not None:
            raise InputError("observation", observation, "needs a scenario without network")
        shared = self.shared
        self.world = shared_world(build_world, self.scenario) if shared is None else shared.sfc
        self.observer = build_observer(self.scenario, self.world, observation)
        self.observation_space = self.observer.space
        self._instances = self.world.instances
        self._actions = self._instances + self.scenario.admission_control
        self._chains = self.observer if isinstance(self.observer, ChainsObserver) else None
        if self._chains is not None:
            self._actions = self._chains.space.choices
        self.action_space = spaces.Discrete(self._actions)
        self._mask = mask
        self._reward_model = RewardModel(self.scenario, self.world, reward)
        self._known: ChainOutlook | None = None
        self._chosen_on: ChainOutlook

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Which actions make sense for the choice at hand, shape (actions,), never empty."""
        outlook, chain = self.outlook, self.twin.chain
        if self._chains is not None:
            return self._chains.mask(self.twin, outlook)
        mask = outlook.mask(chain, self._mask)
        if not mask.any():
            mask = outlook.mask(chain, "holds")
            if not mask.any():
                mask = np.ones_like(mask)
        if self._actions > self._instances:
            mask = np.append(mask, True)
        return mask

    @property
    def outlook(self) -> ChainOutlook:
        """The request at hand (or shown last), its ways, and what lies ahead: public knowledge."""
        return self._outlook_of(self.twin)

    @property
    def chain(self) -> Chain:
        """The chain of the request at hand (or shown last), as far as it is built."""
        return self.twin.chain

    def _begin(self) -> None:
        self._reward_model.open()
        self._known = None

    def _open(self, seed: np.random.SeedSequence) -> SFCWorkload:
        if self.shared is not None:
            return self._open_shared(seed)
        return SFCWorkload.alone(self.scenario, seed, world=self.world, record=self._record)

    def _apply(self, twin: SFCWorkload, action: int) -> None:
        self._chosen_on = self._outlook_of(twin)
        self._reward_model.decisions += 1
        if self._chains is not None:
            self._chains.take(twin, self._chosen_on, action)
        elif action < self._instances:
            twin.choose(action)
        else:
            twin.reject()
        self._reward_model.chosen(twin)

    def _settle(self, twin: SFCWorkload, *, over: bool) -> tuple[float, dict[str, Any]]:
        return self._reward_model.settle(twin, self._chosen_on, over=over)

    def _metrics(self, twin: SFCWorkload) -> dict[str, float]:
        return self._reward_model.metrics(twin)

    def _observe(self, twin: SFCWorkload) -> Observation:
        return self.observer.observe(twin, self._outlook_of(twin))

    def _outlook_of(self, twin: SFCWorkload) -> ChainOutlook:
        outlook = self._known
        if outlook is None or outlook.request is not twin.last:
            outlook = self._known = ChainOutlook(twin.fabric, twin.last)
        return outlook


make_vec = partial(vector_env, "sfc")
"""What ``gymnasium.make_vec("edgesim/SFC-v0")`` calls."""
