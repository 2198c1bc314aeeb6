"""Schema of a service-function-chaining scenario: VNFs, links, slices, controller, collector.

A preset (one YAML file beside this one) fills these dataclasses. ``network: null`` is the setting
of arXiv 1804.02099: groups of VNF instances joined by stage links. Otherwise the chains run over a
real topology under an SDN controller, and the keys of the stage links are null.
"""

from dataclasses import dataclass
from math import inf, isclose, log
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgesim.errors import InputError, did_you_mean
from edgesim.numbers import LARGEST_SEED
from edgesim.scenarios.checks import (
    MOST_REQUESTS,
    between,
    integer_from,
    interval,
    one_of,
    period,
    positive,
    requests_of,
)
from edgesim.scenarios.parts.events import EVENTS_HELP, checked_events
from edgesim.scenarios.parts.failures import Failures, expected_failures
from edgesim.scenarios.parts.faults import FAULTS_HELP, checked_faults, expected_faults
from edgesim.scenarios.parts.hosts import Instances
from edgesim.scenarios.parts.links import Links, Topology
from edgesim.scenarios.parts.sdn import Collector, Controller
from edgesim.scenarios.settings import setting
from edgesim.scenarios.sfc.trace_columns import ChainTraceColumns

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


_PAY_ON = ("admission", "release")


@dataclass
class QoE:
    """How quality of experience follows from quality of service, see :mod:`edgesim.twin.sfc.qoe`.

    ``pay_on`` says when a chain's QoE is paid: on ``admission``, as things stand then, or on
    ``release``, for what the network did over the chain's life.
    """

    model: str = setting(
        "authors",
        "authors: ln(b) - 10 exp(-(bound - delay) / 10); iqx, emodel: a mean opinion score",
        QOE_MODELS,
    )
    bandwidth_unit: float = setting(1.0, "bandwidth that counts as 1 in the authors' logarithm")
    iqx_alpha: float = setting(4.0, "iqx: what is lost between no disturbance and endless")
    iqx_beta: float = setting(
        1.0, "iqx: how fast, per delay of one bound or loss of one loss_bound"
    )
    iqx_gamma: float = setting(1.0, "iqx: what remains under endless disturbance")
    loss_bound: float = setting(
        0.01, "iqx: loss that disturbs as much as a delay of the whole bound"
    )
    floor: float | None = setting(None, "no QoE is below this; null: no floor")
    pay_on: str = setting(
        "admission",
        "admission: as things stand then; release: what the network did over the chain's life",
        _PAY_ON,
    )
    rejected: float = setting(-10.0, "what a request without a chain pays")
    dropped: float = setting(-10.0, "what a chain that a failure ended pays")

    def check(self) -> None:
        one_of("qoe.model", self.model, QOE_MODELS)
        positive("qoe.bandwidth_unit", self.bandwidth_unit)
        positive("qoe.iqx_alpha", self.iqx_alpha)
        positive("qoe.iqx_beta", self.iqx_beta)
        between("qoe.iqx_gamma", self.iqx_gamma, -1e6, 1e6)
        between("qoe.loss_bound", self.loss_bound, 1e-9, 1)
        if self.floor is not None:
            between("qoe.floor", self.floor, -1e6, 1e6)
        one_of("qoe.pay_on", self.pay_on, _PAY_ON)
        between("qoe.rejected", self.rejected, -1e6, 1e6)
        between("qoe.dropped", self.dropped, -1e6, 1e6)


@dataclass
class Slice:
    """One slice: its share of the requests, and what they ask for."""

    name: str = setting("slice", "what it is called")
    share: float = setting(1.0, "share of the requests; all sum to 1")
    chain: list[str] = setting([], "VNFs in the order of the traffic")
    bandwidth_bps: list[float] = setting([1e6, 1e7], "bit/s, log-uniform", usual=(100, 1e12))
    max_delay_s: list[float] = setting(
        [0.05, 0.1], "s; bound on the chain's delay, uniform", usual=(1e-4, 20)
    )
    holding_s: float = setting(60.0, "s; mean life of a chain, exponential", usual=(0.05, 1e7))

    @property
    def mean_bandwidth_bps(self) -> float:
        """What a request asks for on average, bit/s: the mean of the log-uniform distribution."""
        low, high = self.bandwidth_bps
        return low if low == high else (high - low) / log(high / low)

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

    topology: Topology = setting(Topology(), "where the switches and links come from")
    links: Links = setting(Links(), "what a link is")
    instances: Instances = setting(Instances(), "VNFs, and their instances on the NFV nodes")
    slices: list[Slice] = setting([], "who asks for which chains")
    arrival_rate_hz: float = setting(2.0, "1/s; requests, Poisson", usual=(1e-6, 1e4))
    horizon_s: float = setting(
        300.0, "s; length of an episode; it ends with its last request", usual=(1, 1e9)
    )
    qos_period_s: float = setting(
        5.0, "s between looks at what running chains truly get", usual=(0.01, 1e4)
    )
    controller: Controller = setting(
        Controller(), "how the SDN controller routes, and how long its rules take"
    )
    collector: Collector = setting(Collector(), "how it measures the links")
    failures: Failures = setting(Failures(), "what fails, and for how long, exponential")

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
        requests_of("network.horizon_s", self.horizon_s, self.arrival_rate_hz)
        period("network.qos_period_s", self.qos_period_s)
        self.controller.check("network.controller")
        self.collector.check("network.collector")
        self.failures.check("network.failures")


@dataclass
class SFCScenario:
    """One world of service function chains and its workload.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    problem: str = setting("sfc", "the problem whose keys these are")
    name: str = ""
    title: str = setting("", "one line on the scenario")
    world_seed: int = setting(
        0,
        "seed of what is the same in every episode: drawn topology, hosts, matrices that are null",
    )
    trace: str | None = setting(
        None,
        "CSV or Parquet to replay; over a network: arrival_s, slice, source, destination,"
        " bandwidth_bps, max_delay_s, holding_s; else bandwidth, max_delay_ms, released_before",
    )
    trace_columns: ChainTraceColumns | None = setting(
        None, "which column gives what, and scales; null: each column bears the name of its key"
    )
    admission_control: bool = setting(
        False, "whether there is one action more, which rejects the request at hand"
    )
    qoe: QoE = setting(QoE(), "what a request pays")
    # stage links and their workload; null with a network
    groups: int | None = setting(
        None, "VNFs of a chain, in a fixed order; set by matrices, if given"
    )
    instances: int | None = setting(None, "instances of each; set by matrices, if given")
    bandwidth: Any = setting(
        None,
        "bandwidth of the stage links, in the requests' unit, by next instance, previous instance"
        " and stage; or an .npz file with an array of the key's name; null: drawn",
    )
    delay_ms: Any = setting(None, "ms; delay of the stage links, likewise")
    bandwidth_range: list[float] | None = setting(
        None, "drawn bandwidth, whole numbers, uniform: where bandwidth is null"
    )
    delay_range_ms: list[float] | None = setting(
        None, "ms; drawn delay, whole numbers, uniform: where delay_ms is null"
    )
    requests: int | None = setting(None, "requests an episode")
    request_bandwidth: list[int] | None = setting(
        None, "bandwidth asked for, whole numbers, uniform"
    )
    request_delay_ms: list[int] | None = setting(
        None, "ms; bound on the delay of a chain, whole numbers, uniform"
    )
    release_probability: float | None = setting(
        None, "probability that a running chain ends before a request"
    )
    # chains over a real topology instead
    network: SliceNetwork | None = setting(
        None, "switches, links, slices and their controller instead of stage links; null: none"
    )
    events: Any = setting(None, EVENTS_HELP)
    faults: Any = setting(None, FAULTS_HELP)

    def __post_init__(self) -> None:
        integer_from("world_seed", self.world_seed, 0, LARGEST_SEED)
        self.qoe.check()
        if self.trace_columns is not None:
            self.trace_columns.check()
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
            self._check_events()
            return
        if self.events:
            raise InputError("events", self.events, "needs a network; must be null beside null")
        if self.faults:
            raise InputError("faults", self.faults, "needs a network; must be null beside null")
        integer_from("groups", self.groups, 2)
        integer_from("instances", self.instances, 1)
        assert self.groups is not None and self.instances is not None
        if self.groups * self.instances**2 > MAX_LINKS:
            raise InputError(
                "instances", self.instances, f"gives more than {MAX_LINKS:,} links between groups"
            )
        interval("bandwidth_range", self.bandwidth_range, open_low=True)
        interval("delay_range_ms", self.delay_range_ms)
        integer_from("requests", self.requests, 1, MOST_REQUESTS)
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

    def expected_events(self) -> dict[str, float]:
        """About how often what takes time to simulate happens in an episode, at the least.

        Of a trace nothing is known before it is read.
        """
        network = self.network
        if self.trace is not None:
            return {}
        if network is None:
            assert self.requests is not None and self.groups is not None
            return {"requests and their choices": float(self.requests) * self.groups}
        requests = 1 + network.arrival_rate_hz * network.horizon_s
        holding_s = sum(part.share * part.holding_s for part in network.slices)
        held = network.arrival_rate_hz * min(holding_s, network.horizon_s)  # all accepted
        looks = network.horizon_s / network.qos_period_s
        events = {
            "requests and their ends": 2 * requests,
            "looks at what running chains get": looks * (1 + held),
            "changes of background traffic": network.horizon_s / network.links.background_period_s,
        }
        nodes = network.topology.nodes
        events["faults"] = expected_faults(self.faults, nodes, network.horizon_s)
        failures = expected_failures(network.failures, nodes - 1, nodes, network.horizon_s)
        events["failures of links and nodes"] = failures  # a tree has the fewest links
        if network.collector.mode != "truth":
            links = 2 * network.topology.nodes  # of each node one at least, both ways
            frames = links * network.horizon_s / network.collector.period_s
            events["frames of the collector"] = frames / 20  # compiled: so much faster
        return events

    def _check_events(self) -> None:
        network = self.network
        assert network is not None
        self.events = checked_events(
            self.events,
            subjects={"provider": "chains have no providers; accepted: link, node, host"},
            slices=[part.name for part in network.slices],
            horizon_s=inf if self.trace is not None else network.horizon_s,
            drawn=self.trace is None,
        )
        self.faults = checked_faults(
            self.faults,
            ("link", "node", "host", "collector", "load"),
            self.events,
            drawn=self.trace is None,
        )
        failing = [event["event"] for event in self.events or ()]
        failing += [
            "fails" for fault in self.faults or () if fault["what"] in ("link", "node", "host")
        ]
        stops = "fails" in failing
        if stops and self.qoe.model == "authors" and self.qoe.floor is None:
            raise InputError("qoe.floor", None, "must be a number where links or nodes fail")


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
