"""Virtual network embedding as a Gymnasium environment."""

from collections.abc import Mapping
from functools import partial
from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.envs.twin_env import TwinEnv
from edgesim.envs.vector import vector_env
from edgesim.envs.vne.candidates import KEPT, Candidates, find_candidates
from edgesim.envs.vne.embedding_observation import EmbeddingsObserver
from edgesim.envs.vne.observation import Observer
from edgesim.envs.vne.orders import ORDERS
from edgesim.envs.vne.outlook import Outlook
from edgesim.envs.vne.reward import PARTS, RewardModel
from edgesim.errors import InputError
from edgesim.scenarios.checks import one_of
from edgesim.scenarios.vne.schema import ROUTINGS, VNEScenario
from edgesim.twin.core.worlds import shared_world
from edgesim.twin.vne.request import Embedding
from edgesim.twin.vne.substrate import Substrate
from edgesim.twin.vne.workload import VNEWorkload
from edgesim.twin.vne.world import VNEWorld

__all__ = ["METRICS", "VNEEnv", "make_vec"]

Observation = npt.NDArray[np.float32]

METRICS: dict[str, str] = {
    "return": "sum of the rewards: virtual networks accepted",
    "rac": "request acceptance ratio: accepted over arrived",
    "lrc": "long-term revenue over cost of the accepted, each times its lifetime",
    "lar": "long-term average revenue: of the accepted times lifetime, over the last arrival, 1/s",
    "accepted": "virtual networks that were embedded",
    "arrived": "virtual networks that arrived",
    "declined": "virtual networks that the decision maker rejected",
    "dropped": "accepted virtual networks that failures took away",
    "decisions": "choices made",
}


class VNEEnv(TwinEnv[VNEWorkload, Observation, SupportsIndex]):
    """Virtual network embedding: hosts for the nodes of virtual networks, paths for their links.

    ## Description
    Virtual networks (VNs) arrive one after another. Their nodes ask for CPU, their links for
    bandwidth. For each node of a VN a physical node is chosen as its host, one a step; different
    nodes of a VN have different hosts. A link is led over one path as soon as both its ends have a
    host. An accepted VN holds what it takes until it leaves; a VN is rejected whole. The setting of
    the presets is that of the virne benchmark (arXiv 2507.19234).

    ## Observation Space
    ``Box(float32)``, values in [0, 1]. For each physical node: CPU left, bandwidth left on its
    links, the most left on one of them, degree, whether it fits (CPU, no other node of the VN),
    whether the links to placed neighbours would find paths from there, what these would cost in
    bandwidth times hops, and how far it is from the hosts of the VN so far. Then of the request:
    CPU of the node, bandwidth to placed neighbours and to those that follow, nodes, share of them
    that is placed, and the share of all CPU and bandwidth that is held. How long a VN stays is not
    told. ``env.unwrapped.observer.names`` names each entry.

    With ``observation="embeddings"`` a choice is a whole embedding, and one step decides one VN:
    what is shown are some of the cheapest embeddings, in figures that fit any network
    (:class:`edgesim.envs.vne.embedding_observation.EmbeddingsObserver`).

    ## Action Space
    ``Discrete(nodes + 1)``: the host of the next virtual node; the last rejects the VN.
    ``action_masks()`` tells which make sense: ``mask="reaches"`` (default) hosts that fit and from
    which each link to a placed neighbour would find a path, ``mask="fits"`` those that fit; to
    reject always does. Any action is legal: one that cannot hold ends its VN. With
    ``observation="embeddings"`` ``Discrete(13)``: one of at most twelve embeddings, the cheapest
    first; the last rejects the VN, as do those that are not there.

    ## Rewards
    1 for an accepted VN, paid at its last node; all other steps pay 0. With ``reward="shaped"``
    each node that gets a host pays its share of 1 at once, and the VN gives it back when it is
    accepted or rejected: potential-based shaping (Ng, Harada and Russell 1999). The undiscounted
    return is the same: the number of VNs accepted.

    ## Starting State
    No VN runs; the first is at hand. What nodes and links hold is drawn from the episode's seed,
    unless ``physical.drawn`` says that ``world_seed`` draws it.

    ## Episode End
    Terminated after the last VN. Never truncated by the environment itself.

    ## Arguments
    ```python
    import gymnasium

    gymnasium.make(
        "edgesim/VNE-v0",
        scenario="vne_wx100",
        overrides={"virtual.count": 100},
        reward="paid",
        mask="reaches",
        order="outwards",
        routing=None,
        observation="nodes",
    )
    ```
    ``scenario``: a preset's name, or a mapping with all keys. ``overrides``: keys to replace.
    ``order``: of the virtual nodes: ``"outwards"`` from the most demanding one, next the one with
    the most bandwidth to those before it; ``"demand"`` from the most demanding to the least (CPU
    times bandwidth); ``"given"`` as they are numbered; not used with ``observation="embeddings"``.
    ``routing``: ``"k_shortest"`` or ``"shortest"`` instead of the scenario's; embeddings take
    ``"shortest"``. ``record``: keep the event log of each episode
    (``env.unwrapped.twin.log``).

    ## Info
    Each step: ``accepted`` and ``shaping``, the parts of the reward, which is their sum. At the end
    also ``metrics``, the episode's figures (:data:`METRICS`).

    ## Version History
    * v0: first version.

    Raises:
        InputError: unknown scenario, key, reward, mask, order, routing, observation or render mode;
            bad values; embeddings over ``routing="k_shortest"``.
    """

    problem = "vne"
    parts = PARTS
    masks = ("reaches", "fits")
    rewards = ("paid", "shaped")
    observations = ("nodes", "embeddings")
    picture = "edgesim.plots.vne.world:draw_now"
    episodic = (*TwinEnv.episodic, "_candidates", "_known", "_order")
    scenario: VNEScenario

    def __init__(
        self,
        scenario: str | Mapping[str, Any] = "vne_wx100",
        overrides: Mapping[str, Any] | None = None,
        reward: str = "paid",
        mask: str = "reaches",
        order: str = "outwards",
        routing: str | None = None,
        record: bool = False,
        render_mode: str | None = None,
        observation: str = "nodes",
    ) -> None:
        super().__init__(
            scenario,
            overrides,
            record=record,
            render_mode=render_mode,
            reward=reward,
            mask=mask,
            order=order,
            routing=routing,
            observation=observation,
        )
        one_of("reward", reward, self.rewards)
        one_of("mask", mask, self.masks)
        one_of("order", order, tuple(ORDERS))
        one_of("routing", routing, (None, *ROUTINGS))
        one_of("observation", observation, self.observations)
        self._whole = observation == "embeddings"
        if self._whole:
            if routing not in (None, "shortest"):
                raise InputError("routing", routing, "must be shortest where embeddings are chosen")
            routing = "shortest"
        self.world: VNEWorld = shared_world(VNEWorld, self.scenario)
        self.observer = (EmbeddingsObserver if self._whole else Observer)(self.world)
        self.observation_space = self.observer.space
        self.action_space = spaces.Discrete(KEPT + 1 if self._whole else self.world.nodes + 1)
        self._mask = mask
        self._order_of = ORDERS[order]
        self._routing = routing
        self._reward_model = RewardModel(reward, faults=bool(self.scenario.faults))
        self._known: tuple[Embedding, int, Outlook] | None = None
        self._order: tuple[Embedding, list[int]] | None = None
        self._candidates: tuple[Embedding, Candidates] | None = None

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Which actions make sense now, shape (actions,), never empty."""
        if self._whole:
            return np.append(np.arange(KEPT) < len(self.candidates.cost), True)
        outlook = self.outlook
        hosts = outlook.fits & outlook.reaches if self._mask == "reaches" else outlook.fits
        return np.append(hosts, True)

    @property
    def embedding(self) -> Embedding:
        """The VN at hand (or shown last), and its hosts and paths so far."""
        return self.twin.embedding

    @property
    def substrate(self) -> Substrate:
        """What nodes and links hold, and have left: public knowledge."""
        return self.twin.substrate

    @property
    def next_node(self) -> int:
        """The virtual node that is to have a host; when all have one, the last."""
        return self._next_of(self.twin)

    @property
    def outlook(self) -> Outlook:
        """What each physical node would be to the virtual node at hand: public knowledge."""
        return self._outlook_of(self.twin)

    @property
    def candidates(self) -> Candidates:
        """The embeddings to choose from for the VN at hand: public knowledge."""
        return self._candidates_of(self.twin)

    def _begin(self) -> None:
        self._reward_model.open()
        self._known = self._order = self._candidates = None

    def _open(self, seed: np.random.SeedSequence) -> VNEWorkload:
        return VNEWorkload.alone(
            self.scenario, seed, world=self.world, routing=self._routing, record=self._record
        )

    def _apply(self, twin: VNEWorkload, action: int) -> None:
        self._reward_model.decisions += 1
        if self._whole:
            self._embed(twin, action)
        elif action < self.world.nodes:
            twin.choose(self._next_of(twin), action)
        else:
            twin.reject()

    def _settle(self, twin: VNEWorkload, *, over: bool) -> tuple[float, dict[str, Any]]:
        return self._reward_model.settle(twin)

    def _metrics(self, twin: VNEWorkload) -> dict[str, float]:
        return self._reward_model.metrics(twin)

    def _embed(self, twin: VNEWorkload, action: int) -> None:
        """Take an embedding, or reject the VN at hand."""
        found = self._candidates_of(twin)
        if action >= len(found.cost):
            twin.reject()
            return
        hosts = found.hosts[action].tolist()
        for node in found.orders[action].tolist():
            twin.choose(node, hosts[node])

    def _candidates_of(self, twin: VNEWorkload) -> Candidates:
        if self._candidates is None or self._candidates[0] is not twin.embedding:
            self._candidates = (twin.embedding, find_candidates(twin))
        return self._candidates[1]

    def _observe(self, twin: VNEWorkload) -> Observation:
        if isinstance(self.observer, EmbeddingsObserver):
            return self.observer.observe(twin, self._candidates_of(twin))
        return self.observer.observe(twin, self._outlook_of(twin))

    def _next_of(self, twin: VNEWorkload) -> int:
        embedding = twin.embedding
        if self._order is None or self._order[0] is not embedding:
            self._order = (embedding, self._order_of(embedding.request))
        order = self._order[1]
        return order[min(embedding.placed, len(order) - 1)]

    def _outlook_of(self, twin: VNEWorkload) -> Outlook:
        embedding, known = twin.embedding, self._known
        if known is None or known[0] is not embedding or known[1] != embedding.placed:
            outlook = Outlook(twin, self._next_of(twin))
            self._known = known = (embedding, embedding.placed, outlook)
        return known[2]


make_vec = partial(vector_env, "vne")
"""What ``gymnasium.make_vec("edgesim/VNE-v0")`` calls."""
