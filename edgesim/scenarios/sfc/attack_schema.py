"""Service chains under attack: what comes, what inspects it, and what passes costs."""

from dataclasses import dataclass
from typing import Any

from edgesim.errors import InputError, did_you_mean
from edgesim.scenarios.checks import at_least, between, integer_from, interval, positive
from edgesim.scenarios.settings import setting
from edgesim.scenarios.sfc.schema import SFCScenario

__all__ = ["AttackKind", "AttackScenario", "Attacks", "OperatingPoint"]


@dataclass
class AttackKind:
    """One kind of attack."""

    name: str = setting("attack", "a class of the detectors' profiles")
    damage: float = setting(0.001, "QoE that one such flow costs that passes")
    share: list[float] = setting(
        [], "of the bursts of each slice, in the order of network.slices; scaled to sum to 1"
    )

    def check(self, slices: int) -> None:
        key = f"attacks.kinds.{self.name}"
        between(f"{key}.damage", self.damage, 0, 1e6)
        if len(self.share) != slices:
            raise InputError(f"{key}.share", self.share, f"must have a share a slice: {slices}")
        for share in self.share:
            between(f"{key}.share", share, 0, 1)


@dataclass
class Attacks:
    """What attacks the users of the slices."""

    vnf: str = setting("idps", "the VNF that inspects flows, in the chain of every slice")
    flow_bytes: float = setting(30000.0, "bytes; mean size of a flow")
    cores: float = setting(4.0, "CPU seconds a second that an instance of it has for inspection")
    burst_rate_hz: float = setting(0.01, "1/s; bursts of attacks in a slice, Poisson")
    burst_s: float = setting(30.0, "s; mean length of a burst, exponential")
    burst_share: list[float] = setting(
        [0.02, 0.2], "share of the slice's flows that are attacks during a burst, uniform"
    )
    price: float = setting(1.0, "times the damage of every kind: what a flow costs that passes")
    false_alarm: float = setting(0.0005, "QoE that a benign flow costs which is stopped")
    kinds: list[AttackKind] = setting([], "kinds of attack")

    def check(self, types: list[str], slices: int) -> None:
        if self.vnf not in types:
            raise InputError("attacks.vnf", self.vnf, did_you_mean(self.vnf, types))
        positive("attacks.flow_bytes", self.flow_bytes)
        positive("attacks.cores", self.cores)
        at_least("attacks.burst_rate_hz", self.burst_rate_hz, 0)
        between("attacks.burst_rate_hz", self.burst_rate_hz, 0, 10)
        positive("attacks.burst_s", self.burst_s)
        interval("attacks.burst_share", self.burst_share)
        between("attacks.burst_share", self.burst_share[1], 0, 1)
        between("attacks.price", self.price, 0, 1e6)
        between("attacks.false_alarm", self.false_alarm, 0, 1e6)
        if not self.kinds:
            raise InputError("attacks.kinds", self.kinds, "must list at least one kind of attack")
        names = [kind.name for kind in self.kinds]
        if len(set(names)) < len(names):
            raise InputError("attacks.kinds", names, "names must differ")
        for kind in self.kinds:
            kind.check(slices)
        for number in range(slices):
            if not sum(kind.share[number] for kind in self.kinds):
                raise InputError(
                    "attacks.kinds", f"slice {number}", "no kind has a share of its bursts"
                )


@dataclass
class OperatingPoint:
    """One way to run a detector."""

    name: str = setting("off", "what it is called")
    profile: str | None = setting(
        None, "an embedded detector (edgesim list services) or the JSON file of one; null: none"
    )
    threshold: float = setting(
        0.5, "a flow is stopped where the detector holds it for benign by 1 - threshold or less"
    )
    batch: int = setting(1, "flows of a chain that are gathered and inspected together")

    def check(self) -> None:
        between(f"points.{self.name}.threshold", self.threshold, 0, 1)
        integer_from(f"points.{self.name}.batch", self.batch, 1, 100_000)


@dataclass
class AttackScenario(SFCScenario):
    """Service chains over a network, some flows of which are attacks.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    problem: str = setting("sfc_attack", "the problem whose keys these are")
    attacks: Attacks = setting(Attacks(), "what attacks the users of the slices")
    points: list[OperatingPoint] = setting([], "ways to inspect a chain's flows, to choose from")

    def __post_init__(self) -> None:
        super().__post_init__()
        network: Any = self.network
        if network is None:
            raise InputError("network", None, "must be given: attacks come over a network")
        if self.qoe.pay_on != "release":
            raise InputError("qoe.pay_on", self.qoe.pay_on, "must be release: attacks come later")
        self.attacks.check(network.instances.types, len(network.slices))
        for part in network.slices:
            if part.chain.count(self.attacks.vnf) != 1:
                accepted = f"must name {self.attacks.vnf} once, which inspects its flows"
                raise InputError(f"network.slices.{part.name}.chain", part.chain, accepted)
        if not self.points:
            raise InputError("points", self.points, "must list at least one way to inspect")
        names = [point.name for point in self.points]
        if len(set(names)) < len(names):
            raise InputError("points", names, "names must differ")
        for point in self.points:
            point.check()
