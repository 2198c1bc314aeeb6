"""Schema of a scenario of federated learning: who has which data, what trains it, and on what.

A preset (one YAML file beside this one) fills these dataclasses.
"""

from dataclasses import dataclass
from math import inf
from typing import Any

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
from edgesim.scenarios.parts.events import EVENTS_HELP, checked_events
from edgesim.scenarios.parts.failures import Failures, expected_failures
from edgesim.scenarios.parts.links import Links
from edgesim.scenarios.settings import setting

__all__ = [
    "ACCESS",
    "DRIFTS",
    "MODELS",
    "PLANES",
    "SKEWS",
    "Chains",
    "Compute",
    "Data",
    "FederatedScenario",
    "Network",
    "Trained",
    "Users",
]

SKEWS = ("natural", "devices", "factories")
"""How labels differ: as writers wrote; a prior for each device; one for each factory as well."""

DRIFTS = ("none", "classes", "style")
"""What changes in the streams of devices: nothing, which classes there are, how images look."""

MODELS = ("softmax", "mlp", "cnn")
PLANES = ("fast", "full")
"""What learns in FL-v0: softmax regression on principal components, or the scenario's own model."""

ACCESS = ("wired", "radio")
PROBLEMS = ("federated", "fl_parallel", "fl_sync")

_EVENTS_A_TRAINING = 11
"""Of a device that trains in a round: the model on three links there and back, and its work."""

MOST_DEVICES = 2000
"""Devices in all: ways between all pairs of nodes are kept."""


@dataclass
class Data:
    """Images by device, and how labels differ between devices."""

    source: str = setting(
        "digits",
        "digits: scikit-learn's, by synthetic writers; or a file: FEMNIST or others as .npz or"
        " Parquet with x, y, client, or a folder or file of LEAF's JSON",
    )
    samples: int = setting(60, "images a synthetic writer has; of a file all are taken")
    pixels: int | None = setting(
        None, "side that square images are averaged to; null: they stay as they are"
    )
    skew: str = setting(
        "devices",
        "natural: as the writers wrote; devices: each device has a prior of its own over its"
        " images; factories: each factory has one as well",
        SKEWS,
    )
    concentration: float = setting(
        0.02, "of a device's Dirichlet prior, times classes and shares: the smaller, the fewer"
    )
    factory_concentration: float = setting(0.05, "likewise, of a factory's prior")
    window: int = setting(
        0, "images that a device has at a time, drawn anew every `every` rounds; 0: all"
    )
    every: int = setting(3, "rounds between two windows")
    drift: str = setting(
        "none",
        "what changes from window to window: none; classes, of which ever more are met; style,"
        " how bright images are",
        DRIFTS,
    )

    def check(self) -> None:
        if not isinstance(self.source, str) or not self.source.strip():
            raise InputError("data.source", self.source, "must be digits, or a file")
        integer_from("data.samples", self.samples, 2, 100_000)
        if self.pixels is not None:
            integer_from("data.pixels", self.pixels, 2, 1000)
        one_of("data.skew", self.skew, SKEWS)
        positive("data.concentration", self.concentration)
        positive("data.factory_concentration", self.factory_concentration)
        integer_from("data.window", self.window, 0, 1_000_000)
        integer_from("data.every", self.every, 1, 1_000_000)
        one_of("data.drift", self.drift, DRIFTS)
        if self.drift != "none" and not self.window:
            raise InputError("data.drift", self.drift, "needs data.window: how many images at once")


@dataclass
class Trained:
    """The model that is trained, and the batches it is trained with."""

    model: str = setting(
        "mlp", "softmax; mlp: fully connected; cnn: two convolutions before it", MODELS
    )
    hidden: list[int] = setting([100], "units of the fully connected layers of mlp and cnn")
    batch: int = setting(16, "samples of a batch")
    steps: int = setting(20, "batches that a chosen device trains on in a round")
    rate: float = setting(
        0.3, "learning rate of devices in FL-v0's full plane; methods have rates of their own"
    )
    plane: str = setting(
        "fast",
        "what learns in FL-v0: fast, softmax regression on principal components; full, the model",
        PLANES,
    )

    def check(self) -> None:
        one_of("trained.model", self.model, MODELS)
        for units in self.hidden:
            integer_from("trained.hidden", units, 1, 100_000)
        integer_from("trained.batch", self.batch, 1, 100_000)
        integer_from("trained.steps", self.steps, 1, 100_000)
        positive("trained.rate", self.rate)
        one_of("trained.plane", self.plane, PLANES)


@dataclass
class Network:
    """From devices over their factory's edge server to the cloud, and back."""

    access: str = setting(
        "wired",
        "how devices reach their edge server: wired, by a link each of access_bps; radio, at a"
        " distance from it, with what Shannon's formula leaves of a shared band",
        ACCESS,
    )
    access_bps: list[float] = setting(
        [2e7, 1e8], "bit/s of a device's link each way, log-uniform by device"
    )
    radio_hz: float = setting(2e7, "Hz; band that the devices of a factory share evenly")
    radius_m: list[float] = setting([20.0, 200.0], "m from a device to its edge server, uniform")
    wan_bps: float = setting(1e8, "bit/s from an edge server to the cloud, each way")
    cloud_bps: float = setting(1e9, "bit/s of the cloud's own link, which all factories share")
    wan_delay_s: float = setting(0.01, "s; propagation from an edge server to the cloud's link")
    background_share: list[float] = setting(
        [0.0, 0.0], "share of every link that best-effort traffic wants, uniform"
    )

    def check(self) -> None:
        one_of("network.access", self.access, ACCESS)
        interval("network.access_bps", self.access_bps, open_low=True)
        positive("network.radio_hz", self.radio_hz)
        interval("network.radius_m", self.radius_m, low=1.0)
        positive("network.wan_bps", self.wan_bps)
        positive("network.cloud_bps", self.cloud_bps)
        at_least("network.wan_delay_s", self.wan_delay_s, 0)
        interval("network.background_share", self.background_share)
        between("network.background_share", self.background_share[1], 0, 1)


@dataclass
class Compute:
    """How fast devices train: passes forward and back, and a fixed time a batch."""

    device_flops: list[float] = setting(
        [1e9, 1e10], "operations a second of a device, log-uniform by device"
    )
    batch_s: float = setting(0.002, "s that a batch takes besides its operations")
    reduce_flops: float = setting(1e11, "operations a second of a server that averages models")

    def check(self) -> None:
        interval("compute.device_flops", self.device_flops, open_low=True)
        at_least("compute.batch_s", self.batch_s, 0)
        positive("compute.reduce_flops", self.reduce_flops)


def _preset_or_none(key: str, value: object) -> None:
    if value is not None and not isinstance(value, str):
        raise InputError(key, value, "must be a preset's name, or null")


@dataclass
class Chains:
    """Service chains that hold bandwidth on the ways between edge servers and cloud."""

    like: str | None = setting(
        None,
        "preset of service chains whose slices and VNF instances live on these servers and links,"
        " such as sfc; null: chains that hold bandwidth between two ends, and are nothing else",
    )
    arrival_rate_hz: float = setting(0.0, "1/s; chains that ask, Poisson; 0: none")
    bandwidth_bps: list[float] = setting([5e6, 3e7], "bit/s that a chain holds, uniform")
    holding_s: float = setting(30.0, "s; mean time that it holds them, exponential")
    bandwidth_share: float = setting(1.0, "of a preset's bandwidth, what its chains ask for")
    holding_share: float = setting(1.0, "of a preset's holding times, how long they stay")

    def check(self) -> None:
        _preset_or_none("chains.like", self.like)
        if self.like is not None and not self.arrival_rate_hz > 0:
            raise InputError("chains.arrival_rate_hz", self.arrival_rate_hz, "must be above 0")
        positive("chains.bandwidth_share", self.bandwidth_share)
        positive("chains.holding_share", self.holding_share)
        at_least("chains.arrival_rate_hz", self.arrival_rate_hz, 0)
        interval("chains.bandwidth_bps", self.bandwidth_bps, open_low=True)
        positive("chains.holding_s", self.holding_s)


@dataclass
class Users:
    """AIGC users at the factories, whose images and results cross the same links."""

    like: str | None = setting(
        None,
        "preset of AIGC users over a network, such as aigc, whose providers stand at the edge"
        " servers, each with a cell; null: there are none",
    )
    arrival_rate_hz: float = setting(0.0, "1/s; requests of all users, Poisson; 0: none")

    def check(self) -> None:
        _preset_or_none("users.like", self.like)
        at_least("users.arrival_rate_hz", self.arrival_rate_hz, 0)
        if (self.like is None) != (self.arrival_rate_hz == 0):
            accepted = "must be above 0" if self.like else "must be 0 where users.like is null"
            raise InputError("users.arrival_rate_hz", self.arrival_rate_hz, accepted)


@dataclass
class FederatedScenario:
    """Factories with devices that hold data and train one model together.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    problem: str = setting("federated", "the problem whose decisions are made", PROBLEMS)
    name: str = ""
    title: str = setting("", "one line on the scenario")
    world_seed: int = setting(
        0, "seed of what is the same in every episode: who has which data, links, speeds"
    )
    factories: int = setting(5, "factories, each with an edge server")
    devices: int = setting(20, "devices of a factory")
    chosen: int = setting(8, "devices of a factory that train in a round (or an internal step)")
    selected: int = setting(8, "devices in all that FL-v0 chooses for a round")
    rounds: int = setting(40, "rounds of a method")
    budget_s: float = setting(120.0, "s over which the area under accuracy is taken")
    target: float = setting(0.8, "accuracy whose first round, time and bytes are told")
    data: Data = setting(Data(), "who has which images")
    trained: Trained = setting(Trained(), "the model and its batches")
    network: Network = setting(Network(), "links")
    compute: Compute = setting(Compute(), "speeds")
    chains: Chains = setting(Chains(), "others who hold bandwidth")
    users: Users = setting(Users(), "others who send")
    failures: Failures = setting(Failures(), "how links and nodes fail")
    patience_s: float = setting(
        5.0, "s that a transfer which a failure holds up is waited for; then its device drops out"
    )
    events: Any = setting(None, EVENTS_HELP)

    def __post_init__(self) -> None:
        one_of("problem", self.problem, PROBLEMS)
        integer_from("world_seed", self.world_seed, 0, LARGEST_SEED)
        integer_from("factories", self.factories, 1, MOST_DEVICES)
        integer_from("devices", self.devices, 1, MOST_DEVICES)
        if self.factories * self.devices > MOST_DEVICES:
            raise InputError("devices", self.devices, f"times factories must be <= {MOST_DEVICES}")
        integer_from("chosen", self.chosen, 1)
        if self.chosen > self.devices:
            raise InputError("chosen", self.chosen, f"must be at most devices, {self.devices}")
        integer_from("selected", self.selected, 1)
        if self.selected > self.total_devices:
            accepted = f"must be at most factories times devices, {self.total_devices}"
            raise InputError("selected", self.selected, accepted)
        integer_from("rounds", self.rounds, 1, 100_000)
        positive("budget_s", self.budget_s)
        between("target", self.target, 0, 1)
        self.data.check()
        self.trained.check()
        self.network.check()
        self.compute.check()
        self.chains.check()
        self.users.check()
        self.failures.check("failures")
        positive("patience_s", self.patience_s)
        self.events = checked_events(
            self.events,
            subjects={
                "provider": "there are no providers; accepted: link, node",
                "host": "there are no hosts; accepted: link, node",
            },
            horizon_s=inf,  # the rounds of a method may last longer than the budget
            places=False,
        )

    @property
    def total_devices(self) -> int:
        """Devices of all factories."""
        return self.factories * self.devices

    def expected_events(self) -> dict[str, float]:
        """About how often what takes time to simulate happens in an episode.

        That has the rounds of a method, and lasts as long as the budget: an environment's ends
        when that has passed, whatever ``rounds`` says. What tenants of a preset do besides asking
        is left out.
        """
        trainings = float(self.rounds) * self.factories * self.chosen
        nodes = 2 + self.factories + self.total_devices  # a tree, with a cloud and a gateway
        failures = expected_failures(self.failures, nodes - 1, nodes, self.budget_s)
        events = {
            "models on their way and trainings": _EVENTS_A_TRAINING * trainings,
            "chains that come and go": 2.0 * self.chains.arrival_rate_hz * self.budget_s,
            "requests of users, their runs and their ends": (
                3.0 * self.users.arrival_rate_hz * self.budget_s
            ),
            "failures of links and nodes": failures,
        }
        if self.network.background_share[1] > 0:
            periods = self.budget_s / Links().background_period_s
            events["changes of background traffic"] = periods
        return events
