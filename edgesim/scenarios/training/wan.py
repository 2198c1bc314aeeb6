"""Schema of training over a WAN: institutions, their links, the model, and who comes and goes.

A preset (one YAML file beside this one) fills these dataclasses.
"""

from dataclasses import dataclass

from edgesim.errors import InputError
from edgesim.numbers import LARGEST_SEED
from edgesim.scenarios.checks import (
    at_least,
    between,
    integer_from,
    interval,
    one_of,
    positive,
)
from edgesim.scenarios.parts.failures import SHAPES
from edgesim.scenarios.parts.links import Topology
from edgesim.scenarios.settings import setting

__all__ = ["MOST_INSTITUTIONS", "Backbone", "Churn", "Institutions", "Training", "WANScenario"]

MOST_INSTITUTIONS = 2000
"""Institutions of a world."""

_REDUCTIONS = ("ring", "tree")
_RATES = ("joins_per_hour", "leaves_per_hour", "crashes_per_hour", "links_per_hour")
_EVENTS_A_PERIOD = 3  # of background traffic: rates, and what is under way
_EVENTS_A_STEP = 3  # computed, reduced, arrived
_EVENTS_A_JOIN = 60
_EVENTS_A_LEAVE = 10
_EVENTS_A_CUT = 10
_MOST_CHANGES = 100_000  # of a kind in an episode: each is an event, drawn before it begins

LONGEST_S = 1e7
"""Longest episode, s: four months."""


@dataclass
class Backbone:
    """The WAN between the institutions."""

    topology: Topology = setting(Topology(), "where its nodes and links come from")
    capacity_bps: float = setting(1e9, "bit/s of a link each way")
    propagation_ms_per_km: float = setting(0.005, "ms/km; propagation along the cable")
    background_share: list[float] = setting(
        [0.1, 0.5], "share of every link's capacity that other traffic takes, uniform"
    )
    background_period_s: float = setting(60.0, "s between changes of that share")

    def check(self) -> None:
        self.topology.check("backbone.topology")
        positive("backbone.capacity_bps", self.capacity_bps)
        at_least("backbone.propagation_ms_per_km", self.propagation_ms_per_km, 0)
        interval("backbone.background_share", self.background_share)
        between("backbone.background_share", self.background_share[1], 0, 0.99)
        at_least("backbone.background_period_s", self.background_period_s, 1)


@dataclass
class Institutions:
    """Who trains: nodes behind access links of their own."""

    count: int = setting(32, "institutions that there are, in training or not")
    present: int = setting(16, "that train from the beginning")
    access_mbps: float = setting(100.0, "Mbit/s; median rate of an access link out of a node")
    download: float = setting(5.0, "rate of an access link into a node, over that out of it")
    access_spread: float = setting(0.5, "standard deviation of its logarithm")
    access_ms: list[float] = setting([0.2, 2.0], "ms; delay of an access link, uniform")
    speed: list[float] = setting([0.7, 1.3], "samples a second over the mean, uniform")
    memory_bytes: float = setting(6.4e10, "bytes of memory for the training state")
    load_bytes_per_s: float = setting(2e9, "bytes/s; a node loads the state that it pulled")

    def check(self) -> None:
        integer_from("institutions.count", self.count, 2, MOST_INSTITUTIONS)
        integer_from("institutions.present", self.present, 1)
        if self.present > self.count:
            accepted = f"must be at most the {self.count} institutions"
            raise InputError("institutions.present", self.present, accepted)
        positive("institutions.access_mbps", self.access_mbps)
        positive("institutions.download", self.download)
        between("institutions.access_spread", self.access_spread, 0, 3)
        interval("institutions.access_ms", self.access_ms)
        interval("institutions.speed", self.speed, open_low=True)
        positive("institutions.memory_bytes", self.memory_bytes)
        positive("institutions.load_bytes_per_s", self.load_bytes_per_s)


@dataclass
class Training:
    """The model, and what a step is."""

    parameters: float = setting(5e7, "parameters of the model")
    state_bytes_per_parameter: float = setting(
        16.0, "bytes; weight and gradient in 16 bits, weight and two moments in 32"
    )
    gradient_bytes_per_parameter: float = setting(0.25, "bytes that are reduced a step")
    reduction: str = setting("ring", "how gradients are reduced: ring, tree", _REDUCTIONS)
    samples: int = setting(128, "samples of a node in a step")
    samples_per_s: float = setting(12.0, "1/s; samples that a node of mean speed works through")
    shards: int = setting(64, "parts that the state is cut into")
    shard_s: float = setting(0.0, "s that each shard takes besides its sending")

    def check(self) -> None:
        positive("training.parameters", self.parameters)
        positive("training.state_bytes_per_parameter", self.state_bytes_per_parameter)
        positive("training.gradient_bytes_per_parameter", self.gradient_bytes_per_parameter)
        one_of("training.reduction", self.reduction, _REDUCTIONS)
        integer_from("training.samples", self.samples, 1)
        positive("training.samples_per_s", self.samples_per_s)
        integer_from("training.shards", self.shards, 1, 100_000)
        at_least("training.shard_s", self.shard_s, 0)

    @property
    def state_bytes(self) -> float:
        """Bytes of the whole training state."""
        return self.parameters * self.state_bytes_per_parameter

    @property
    def gradient_bytes(self) -> float:
        """Bytes that are reduced a step."""
        return self.parameters * self.gradient_bytes_per_parameter


@dataclass
class Churn:
    """Who comes and goes, and how that is found out."""

    joins_per_hour: float = setting(24.0, "institutions that want to join, an hour")
    leaves_per_hour: float = setting(14.0, "that say good-bye and leave, an hour")
    crashes_per_hour: float = setting(6.0, "that vanish, an hour")
    links_per_hour: float = setting(6.0, "links of the backbone that are cut, an hour")
    link_down_s: float = setting(300.0, "s; mean time until a cut link is joined again")
    shape: float = setting(
        1.0, "Weibull shape of the times between changes of a kind; 1: exponential"
    )
    link_down_shape: float = setting(1.0, "Weibull shape of link_down_s; 1: exponential")
    least: int = setting(2, "institutions below which none leaves")
    heartbeat_s: float = setting(1.0, "s between heartbeats")
    missed: int = setting(3, "heartbeats in a row whose absence tells of a crash")
    processing_s: float = setting(0.001, "s that a node takes to answer a control message")
    restart_s: float = setting(30.0, "s of a restart from a checkpoint (of Pollux's simulator)")

    def check(self) -> None:
        for key in _RATES:
            at_least(f"churn.{key}", getattr(self, key), 0)
        positive("churn.link_down_s", self.link_down_s)
        for key in ("shape", "link_down_shape"):
            between(f"churn.{key}", getattr(self, key), *SHAPES)
        integer_from("churn.least", self.least, 1)
        positive("churn.heartbeat_s", self.heartbeat_s)
        integer_from("churn.missed", self.missed, 1, 1000)
        at_least("churn.processing_s", self.processing_s, 0)
        at_least("churn.restart_s", self.restart_s, 0)

    def check_count(self, horizon_s: float) -> None:
        """Whether the changes of an episode can be drawn."""
        most = max(_RATES, key=lambda key: float(getattr(self, key)))
        rate = float(getattr(self, most))
        if rate * horizon_s / 3600.0 > _MOST_CHANGES:
            accepted = f"must be at most {_MOST_CHANGES:,} an episode of {horizon_s:g} s"
            raise InputError(f"churn.{most}", rate, accepted)


@dataclass
class WANScenario:
    """Institutions that train one model together over a WAN, and come and go.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    problem: str = setting("wan_training", "the problem whose keys these are")
    name: str = ""
    title: str = setting("", "one line on the scenario")
    world_seed: int = setting(
        0, "seed of what is the same in every episode: a drawn map, places, access links, speeds"
    )
    horizon_s: float = setting(3600.0, "s; length of an episode")
    idle_weight: float = setting(
        0.5, "what an idle node-second costs, in samples that a node of mean speed makes in it"
    )
    backbone: Backbone = setting(Backbone(), "the WAN")
    institutions: Institutions = setting(Institutions(), "who trains")
    training: Training = setting(Training(), "the model and its steps")
    churn: Churn = setting(Churn(), "who comes and goes")

    def __post_init__(self) -> None:
        integer_from("world_seed", self.world_seed, 0, LARGEST_SEED)
        positive("horizon_s", self.horizon_s)
        if self.horizon_s > LONGEST_S:
            raise InputError("horizon_s", self.horizon_s, f"must be at most {LONGEST_S:g}")
        at_least("idle_weight", self.idle_weight, 0)
        self.backbone.check()
        self.institutions.check()
        self.training.check()
        self.churn.check()
        self.churn.check_count(self.horizon_s)
        state, memory = self.training.state_bytes, self.institutions.memory_bytes
        if state > memory:
            accepted = (
                f"make a state of {state:g} bytes, above the {memory:g} of a node's memory"
                " (institutions.memory_bytes)"
            )
            raise InputError("training.parameters", self.training.parameters, accepted)

    def expected_events(self) -> dict[str, float]:
        """About how often what takes time to simulate happens in an episode.

        How many events a join, a departure and a cut take depends on how far away who sends is and
        how often rates change meanwhile: what they take in the preset. Steps between which nothing
        changes take none. Ranges of the keys alone keep all of it below 10^9.
        """
        hours = self.horizon_s / 3600.0
        background, training, churn = self.backbone, self.training, self.churn
        varies = background.background_share[1] > 0
        changes = self.horizon_s / background.background_period_s if varies else 0.0
        step_s = training.samples / training.samples_per_s / self.institutions.speed[0]
        steps = min(self.horizon_s / step_s, 2 * changes)  # of the clock: two after each change
        left = churn.leaves_per_hour + churn.crashes_per_hour
        return {
            "changes of background traffic": _EVENTS_A_PERIOD * changes,
            "steps": _EVENTS_A_STEP * steps,
            "institutions that join": _EVENTS_A_JOIN * churn.joins_per_hour * hours,
            "institutions that leave": _EVENTS_A_LEAVE * left * hours,
            "cuts of links": _EVENTS_A_CUT * churn.links_per_hour * hours,
        }
