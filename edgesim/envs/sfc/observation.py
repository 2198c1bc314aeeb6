"""What a decision maker sees of a world of stage links when a stage of a chain is to be chosen."""

from math import exp, log
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.envs.choice_box import ChoiceBox
from edgesim.envs.sfc.outlook import WEIGHTS, ChainOutlook
from edgesim.importing import load
from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.core.forking import Running
from edgesim.twin.sfc.fabric import World
from edgesim.twin.sfc.stage_links import StageWorld
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["AuthorsObserver", "Observer", "PagedObserver", "StageObserver", "build_observer"]

Observation = npt.NDArray[np.float32]


class Observer(Protocol):
    """Writes the observation of a twin.

    Attributes:
        space: of the observations.
        names: name of each entry of a flat observation.
    """

    space: spaces.Space[Observation]
    names: list[str]

    def observe(self, twin: SFCWorkload, outlook: ChainOutlook) -> Observation:
        """The observation of the request at hand, or shown last; ``outlook`` is of that request."""
        ...


def build_observer(scenario: SFCScenario, world: World, kind: str) -> Observer:
    """The observer of a scenario; ``kind`` is ``"ways"``, ``"authors"`` (stage links only) or
    ``"chains"``.
    """
    if kind == "chains":
        of_chains: Observer = load("edgesim.envs.sfc.chain_observation:ChainsObserver")(world)
        return of_chains
    if isinstance(world, StageWorld):
        return AuthorsObserver(world) if kind == "authors" else StageObserver(world)
    observer: Observer = load("edgesim.envs.sfc.slice_observation:SliceObserver")(world)
    return observer


class PagedObserver(Running):
    """An observer that remembers what it has worked out for the request at hand."""

    kept = ("names", "space")

    def episode(self) -> dict[str, Any]:
        """All but names and space, see :class:`edgesim.twin.core.forking.Running`."""
        return {name: it for name, it in self.__dict__.items() if name not in self.kept}


class StageObserver(PagedObserver):
    """The ways from the last chosen instance, what can follow, and what all links still hold.

    The entries of a feature stand together, one an instance of the next stage. After the features
    come the residuals of all links (stage by stage, previous by next instance), then the request's.

    Attributes:
        space: ``ChoiceBox(-1, 1)`` but for what a trace asks beyond the usual, shape (entries,).
        names: name of each entry.
        features: what is told of each instance of the next stage, in order.
        request: what is told of the request, in order.
        scale: of the residual of each link, shape (stages, instances, instances).
        regret: of the costs beyond the best instance's, shape (weights,).
        slowest_ms: delay of the slowest link.
        most, log_most: of a request's bandwidth and its logarithm.
        most_ms: of a request's bound.
    """

    features = (
        "residual",  # of the link to the instance, over the link's capacity
        "price",  # bandwidth asked for, over that residual; 1 where it does not hold
        "delay",  # of the link, over the slowest link's
        "holds",  # whether the link holds
        "longer",  # least delay of the rest of the chain, beyond the best instance's
        *(f"dearer {delay:g}" for delay, price in WEIGHTS if price),  # likewise, weighted cost
        "slack",  # bound less the least delay of the whole chain, over the largest bound
        "completes",  # whether a rest of the chain holds within the bound
        "qoe",  # authors' QoE of the fastest such chain, over 10; -1 where there is none
    )
    request = ("bandwidth", "log_bandwidth", "max_delay", "delay", "slack", "qoe")

    def __init__(self, world: StageWorld) -> None:
        self._world = world
        width, stages = world.instances, world.stages
        self._width, self._stages = width, stages
        self.names = [f"{feature} {j}" for feature in self.features for j in range(width)]
        self.names += [
            f"residual {stage} {i} {j}"
            for stage in range(1, stages)
            for i in range(width)
            for j in range(width)
        ]
        self.names += [f"request {name}" for name in self.request]
        self.names += [f"stage {stage}" for stage in range(stages)]
        self.names += [f"previous {i}" for i in range(width)]
        low = np.full(len(self.names), -1.0, dtype=np.float32)
        high = np.ones(len(self.names), dtype=np.float32)
        self._near = len(self.features) - 3  # features that do not depend on the delay so far
        self._links = len(self.features) * width
        self._request = self._links + (stages - 1) * width * width
        self._stage = self._request + len(self.request)
        self._previous = self._stage + stages
        self.space: spaces.Space[Observation] = ChoiceBox(
            low, high, self.names, self.features, width
        )
        self.scale = 1.0 / np.where(
            np.isfinite(world.capacity) & (world.capacity > 0), world.capacity, 1.0
        )
        self.slowest_ms = slowest_ms = max(float(world.delay_ms.max()), 1e-9)
        # Costs beyond the best instance's, to about [0, 1].
        self.regret = np.array([1 / (delay * slowest_ms + price) for delay, price in WEIGHTS])
        self.most_ms = world.most_delay_ms
        self.most = max(world.most_bandwidth, 1.0)
        self.log_most = max(log(self.most), 1.0)
        self._known: ChainOutlook | None = None
        self._page = np.zeros(len(self.names), dtype=np.float32)
        self._blocks = np.zeros((stages, width, self._near, width), dtype=np.float32)
        self._blocks[:, :, 2] = world.delay_ms / slowest_ms

    def observe(self, twin: SFCWorkload, outlook: ChainOutlook) -> Observation:
        """See :class:`Observer`; shape (entries,)."""
        if outlook is not self._known:
            self._turn_page(outlook)
        width, near, chain = self._width, self._near, twin.chain
        stage, previous, spent_ms = outlook.place(chain)
        seen = self._page.copy()
        seen[: near * width] = self._blocks[stage, previous].reshape(-1)
        room_ms = outlook.request.max_delay_ms - spent_ms
        least_ms: list[float] = outlook.least_delay_ms(stage, previous).tolist()
        slacks, completes, qoes = [], [], []
        log_bandwidth = self._log_bandwidth
        for delay_ms in least_ms:
            slack_ms = room_ms - delay_ms
            if slack_ms >= 0:
                slacks.append(slack_ms / self.most_ms)
                completes.append(1.0)
                qoes.append(
                    max(min((log_bandwidth - 10.0 * exp(-slack_ms / 10.0)) / 10, 1.0), -1.0)
                )
            else:
                slacks.append(max(slack_ms / self.most_ms, -1.0))
                completes.append(0.0)
                qoes.append(-1.0)
        seen[near * width : self._links] = slacks + completes + qoes
        seen[self._request + 3] = min(spent_ms / self.most_ms, 1.0)
        seen[self._request + 4] = max(slacks)
        seen[self._request + 5] = max(qoes)
        seen[self._stage + stage] = 1.0
        if stage:
            seen[self._previous + previous] = 1.0
        return seen

    def _turn_page(self, outlook: ChainOutlook) -> None:
        """Write what stays while this request is decided."""
        self._known = outlook
        request = outlook.request
        left = outlook.layers.residual * self.scale
        left[0] = 1.0
        blocks = self._blocks
        blocks[:, :, 0] = left
        blocks[:, :, 1] = outlook.price
        blocks[:, :, 3] = outlook.holds
        beyond = outlook.cost - np.minimum.reduce(outlook.cost, axis=2)[:, :, None]
        beyond *= self.regret
        np.minimum(beyond, 1.0, out=beyond)
        blocks[:, :, 4:] = beyond.transpose(0, 1, 3, 2)
        self._log_bandwidth = log(request.bandwidth)
        page = self._page
        page[self._links : self._request] = left[1:].reshape(-1)
        page[self._request : self._request + 3] = (
            request.bandwidth / self.most,
            max(self._log_bandwidth / self.log_most, -1.0),
            request.max_delay_ms / self.most_ms,
        )


class AuthorsObserver:
    """The authors' tensor, in the units of the world: shape (instances, instances, channels).

    Index [next, previous, channel]; channels, for s stages of links: residual bandwidth of each
    stage's links (s), bandwidth asked for, delay in ms of each stage's links (s), bound in ms,
    delay so far in ms, and a one-hot code of the step (s + 1): 16 for five groups. It leaves out
    the instance chosen last, as the authors do, so that what it shows is not Markov.

    Attributes:
        space: ``Box``, shape (instances, instances, 3 s + 4).
        names: empty: the tensor is not flat.
        template: what never changes, the delays of the links; else 0.
    """

    def __init__(self, world: StageWorld) -> None:
        width, links = world.instances, world.stages - 1
        self._links = links
        self.names: list[str] = []
        high = np.ones((width, width, 3 * links + 4), dtype=np.float32)
        high[..., :links] = world.capacity[1:].transpose(2, 1, 0)
        high[..., links] = world.most_bandwidth
        high[..., links + 1 : 2 * links + 1] = world.delay_ms[1:].transpose(2, 1, 0)
        high[..., 2 * links + 1] = world.most_delay_ms
        high[..., 2 * links + 2] = world.delay_ms.max(axis=(1, 2)).sum()
        self.space: spaces.Space[Observation] = spaces.Box(
            np.zeros_like(high), high, dtype=np.float32
        )
        self.template = np.zeros_like(high)
        delays = slice(links + 1, 2 * links + 1)
        self.template[..., delays] = high[..., delays]

    def observe(self, twin: SFCWorkload, outlook: ChainOutlook) -> Observation:
        """See :class:`Observer`."""
        links, request = self._links, outlook.request
        stage, _, spent_ms = outlook.place(twin.chain)
        seen = self.template.copy()
        seen[..., :links] = outlook.layers.residual[1:].transpose(2, 1, 0)
        seen[..., links] = request.bandwidth
        seen[..., 2 * links + 1] = request.max_delay_ms
        seen[..., 2 * links + 2] = spent_ms
        seen[..., 2 * links + 3 + stage] = 1.0
        return seen
