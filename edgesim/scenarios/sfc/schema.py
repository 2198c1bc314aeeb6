"""Schema of a service-function-chaining scenario: VNFs, links, slices, controller, collector.

A preset (one YAML file beside this one) fills these dataclasses. ``network: null`` is the setting
of arXiv 1804.02099: groups of VNF instances joined by stage links. Otherwise the chains run over a
real topology under an SDN controller, and the keys of the stage links are null.
"""

from dataclasses import dataclass, field
from math import isclose
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgesim.errors import InputError, did_you_mean
from edgesim.scenarios.checks import between, integer_from, interval, one_of, positive
from edgesim.scenarios.parts.failures import Failures
from edgesim.scenarios.parts.hosts import Instances
from edgesim.scenarios.parts.links import Links, Topology
from edgesim.scenarios.parts.sdn import Collector, Controller

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = [
    "QOE_MODELS",
    "QoE",
    "SFCScenario",
    "Slice",
    "SliceNetwork",
    "read_links",
]

QOE_MODELS = ("authors", "iqx", "emodel")


@dataclass
class QoE:
    """How quality of experience follows from quality of service, see :mod:`edgesim.twin.sfc.qoe`.

    ``pay_on`` says when a chain's QoE is paid: on ``admission``, as things stand then, or on
    ``release``, for what the network did over the chain's life.
    """

    model: str = "authors"
    bandwidth_unit: float = 1.0
    iqx_alpha: float = 4.0
    iqx_beta: float = 1.0
    iqx_gamma: float = 1.0
    loss_bound: float = 0.01
    floor: float | None = None
    pay_on: str = "admission"
    rejected: float = -10.0
    dropped: float = -10.0

    def check(self) -> None:
        one_of("qoe.model", self.model, QOE_MODELS)
        positive("qoe.bandwidth_unit", self.bandwidth_unit)
        positive("qoe.iqx_alpha", self.iqx_alpha)
        positive("qoe.iqx_beta", self.iqx_beta)
        between("qoe.iqx_gamma", self.iqx_gamma, -1e6, 1e6)
        between("qoe.loss_bound", self.loss_bound, 1e-9, 1)
        if self.floor is not None:
            between("qoe.floor", self.floor, -1e6, 1e6)
        one_of("qoe.pay_on", self.pay_on, ("admission", "release"))
        between("qoe.rejected", self.rejected, -1e6, 1e6)
        between("qoe.dropped", self.dropped, -1e6, 1e6)


@dataclass
class Slice:
    """One slice: its share of the requests, and what they ask for."""

    name: str = "slice"
    share: float = 1.0
    chain: list[str] = field(default_factory=list)
    bandwidth_bps: list[float] = field(default_factory=lambda: [1e6, 1e7])
    max_delay_s: list[float] = field(default_factory=lambda: [0.05, 0.1])
    holding_s: float = 60.0

    def check(self, types: list[str]) -> None:
        key = f"network.slices.{self.name}"
        between(f"{key}.share", self.share, 0, 1)
        if not self.chain:
            raise InputError(f"{key}.chain", self.chain, "must name at least one VNF")
        for vnf in self.chain:
            if vnf not in types:
                raise InputError(f"{key}.chain", vnf, did_you_mean(vnf, types))
        interval(f"{key}.bandwidth_bps", self.bandwidth_bps, open_low=True)
        interval(f"{key}.max_delay_s", self.max_delay_s, open_low=True)
        positive(f"{key}.holding_s", self.holding_s)


@dataclass
class SliceNetwork:
    """Slices over a real topology."""

    topology: Topology = field(default_factory=Topology)
    links: Links = field(default_factory=Links)
    instances: Instances = field(default_factory=Instances)
    slices: list[Slice] = field(default_factory=list)
    arrival_rate_hz: float = 2.0
    horizon_s: float = 300.0
    qos_period_s: float = 5.0
    controller: Controller = field(default_factory=Controller)
    collector: Collector = field(default_factory=Collector)
    failures: Failures = field(default_factory=Failures)

    def check(self) -> None:
        self.topology.check("network.topology")
        self.links.check("network.links")
        self.instances.check("network.instances")
        if not self.slices:
            raise InputError("network.slices", self.slices, "must list at least one slice")
        if len({part.name for part in self.slices}) != len(self.slices):
            raise InputError(
                "network.slices", [part.name for part in self.slices], "names must differ"
            )
        for part in self.slices:
            part.check(self.instances.types)
        total = sum(part.share for part in self.slices)
        if not isclose(total, 1.0, abs_tol=1e-6):
            raise InputError("network.slices share", total, "the shares must sum to 1")
        positive("network.arrival_rate_hz", self.arrival_rate_hz)
        positive("network.horizon_s", self.horizon_s)
        positive("network.qos_period_s", self.qos_period_s)
        self.controller.check("network.controller")
        self.collector.check("network.collector")
        self.failures.check("network.failures")


@dataclass
class SFCScenario:
    """One world of service function chains and its workload.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    problem: str = "sfc"
    name: str = ""
    title: str = ""
    world_seed: int = 0
    trace: str | None = None
    admission_control: bool = False
    qoe: QoE = field(default_factory=QoE)
    # stage links and their workload; null with a network
    groups: int | None = None
    instances: int | None = None
    bandwidth: Any = None
    delay_ms: Any = None
    bandwidth_range: list[float] | None = None
    delay_range_ms: list[float] | None = None
    requests: int | None = None
    request_bandwidth: list[int] | None = None
    request_delay_ms: list[int] | None = None
    release_probability: float | None = None
    # chains over a real topology instead
    network: SliceNetwork | None = None

    def __post_init__(self) -> None:
        integer_from("world_seed", self.world_seed, 0)
        self.qoe.check()
        if self.network is not None:
            for key in _STAGE_KEYS:
                if getattr(self, key) is not None:
                    raise InputError(key, getattr(self, key), "must be null beside a network")
            self.network.check()
            failures = self.network.failures
            may_fail = failures.link_mtbf_s is not None or failures.node_mtbf_s is not None
            if may_fail and self.qoe.model == "authors" and self.qoe.floor is None:
                raise InputError(
                    "qoe.floor",
                    None,
                    "must be a number where links or nodes fail: qoe.model = authors takes the"
                    " logarithm of a chain's bandwidth, which is 0 while it is interrupted",
                )
            return
        integer_from("groups", self.groups, 2)
        integer_from("instances", self.instances, 1)
        assert self.groups is not None and self.instances is not None
        if self.groups * self.instances**2 > MAX_LINKS:
            raise InputError(
                "instances", self.instances, f"gives more than {MAX_LINKS:,} links between groups"
            )
        interval("bandwidth_range", self.bandwidth_range, open_low=True)
        interval("delay_range_ms", self.delay_range_ms)
        integer_from("requests", self.requests, 1)
        interval("request_bandwidth", self.request_bandwidth, low=1)
        interval("request_delay_ms", self.request_delay_ms, open_low=True)
        between("release_probability", self.release_probability, 0, 1)
        # Read here, so that bad matrices are refused at once; they set the counts.
        given = {key: read_links(self, key) for key in ("bandwidth", "delay_ms")}
        shapes = {key: matrix.shape for key, matrix in given.items() if matrix is not None}
        if len(set(shapes.values())) > 1:
            raise InputError(
                "delay_ms",
                f"shape {shapes['delay_ms']}",
                f"must have the shape of bandwidth, which is {shapes['bandwidth']}",
            )
        for shape in shapes.values():
            self.instances, self.groups = shape[0], shape[2] + 1


_STAGE_KEYS = (
    "groups",
    "instances",
    "bandwidth",
    "delay_ms",
    "bandwidth_range",
    "delay_range_ms",
    "requests",
    "request_bandwidth",
    "request_delay_ms",
    "release_probability",
)

MAX_LINKS = 1_000_000
"""Most stage links of a world."""


def read_links(scenario: SFCScenario, key: str) -> "npt.NDArray[np.float64] | None":
    """A matrix of the stage links as the scenario states it; None where it is to be drawn.

    Args:
        scenario: states nested lists, or the path of an ``.npz`` file with an array named ``key``.
        key: ``"bandwidth"`` (unit of the requests) or ``"delay_ms"``.

    Returns:
        shape (next instance, previous instance, stage), one stage less than groups.

    Raises:
        InputError: no such file or array, a wrong shape, a value that is negative or not finite.
    """
    import numpy as np  # here, so that listing the scenarios stays quick

    source, where = getattr(scenario, key), key
    if source is None:
        return None
    if isinstance(source, str | Path):
        where = f"{key} in {source}"
        source = _npz_array(Path(source), key)
    accepted = "must be numbers [next instance][previous instance][stage], as many next as previous"
    try:
        matrix = np.array(source, dtype=np.float64)
    except (ValueError, TypeError):
        raise InputError(where, source, accepted) from None
    if matrix.ndim != 3 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise InputError(where, f"shape {matrix.shape}", accepted)
    bad = ~(np.isfinite(matrix) & (matrix >= 0))
    if bad.any():
        place = tuple(int(index) for index in np.argwhere(bad)[0])
        raise InputError(
            f"{where}{list(place)}", float(matrix[place]), "must be a finite number of at least 0"
        )
    return matrix


def _npz_array(path: Path, key: str) -> Any:
    import numpy as np

    accepted = f"must be an .npz file with an array named {key}"
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile) or key not in file:
                raise InputError(key, str(path), accepted)
            return file[key]
    except InputError:
        raise
    except Exception as error:  # a damaged file raises whatever its parts do
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(key, str(path), f"{accepted}: {reason}") from None
