"""A request for a service chain, and the chain that is built for it."""

from typing import Any, NamedTuple

__all__ = ["Chain", "QoS", "Request"]


class QoS(NamedTuple):
    """Quality of service of a chain.

    Attributes:
        delay_ms: one-way delay from end to end, ms.
        bandwidth: what it gets, in the unit of the requests.
        loss: share of the packets that is lost, 0 to 1.
    """

    delay_ms: float
    bandwidth: float
    loss: float


class Request:
    """What a user asks for: VNFs in a row, joined with enough bandwidth and little enough delay.

    Attributes:
        number: index of the request in its episode, from 0.
        arrival_s: when it is made.
        bandwidth: what every way between two VNFs must hold, in the unit of the scenario (bit/s
            over a network).
        max_delay_ms: bound on the delay of the chain.
        holding_s: how long the chain stays once it is admitted; infinite for one that stays.
        stages: number of VNFs, so of choices.
        kind: index of its slice, 0 where there are none.
        source, destination: index of the nodes that the chain joins; -1 where there are none.
    """

    __slots__ = (
        "arrival_s",
        "bandwidth",
        "destination",
        "holding_s",
        "kind",
        "max_delay_ms",
        "number",
        "source",
        "stages",
    )

    def __init__(
        self,
        number: int,
        arrival_s: float,
        bandwidth: float,
        max_delay_ms: float,
        holding_s: float,
        stages: int,
        kind: int = 0,
        source: int = -1,
        destination: int = -1,
    ) -> None:
        self.number = number
        self.arrival_s = arrival_s
        self.bandwidth = bandwidth
        self.max_delay_ms = max_delay_ms
        self.holding_s = holding_s
        self.stages = stages
        self.kind = kind
        self.source = source
        self.destination = destination

    def __repr__(self) -> str:
        return (
            f"Request({self.number}, bandwidth={self.bandwidth:g}, "
            f"max_delay_ms={self.max_delay_ms:g})"
        )


class Chain:
    """A chain from its first choice to its end.

    Attributes:
        request: what it is built for.
        choices: the instance chosen at each stage so far, numbered within its stage.
        delay_ms: delay of what is chosen so far.
        held: what the fabric holds for the chain; the fabric's own.
        qoe: quality of experience at admission.
        end: the event of its release.
    """

    __slots__ = (
        "_qoe",
        "_qoe_s",
        "_since_s",
        "choices",
        "delay_ms",
        "end",
        "held",
        "qoe",
        "request",
    )

    def __init__(self, request: Request) -> None:
        self.request = request
        self.choices: list[int] = []
        self.delay_ms = 0.0
        self.held: Any = None
        self.end: Any = None
        self.qoe = 0.0

    def begin(self, now_s: float, qoe: float) -> None:
        """The chain is admitted, and its quality of experience is ``qoe`` until told otherwise."""
        self.qoe = self._qoe = qoe
        self._since_s = now_s
        self._qoe_s = 0.0

    def meter(self, now_s: float, qoe: float) -> None:
        """From now on the quality of experience is ``qoe``."""
        self._qoe_s += self._qoe * (now_s - self._since_s)
        self._qoe = qoe
        self._since_s = now_s

    def mean_qoe(self, admitted_s: float, now_s: float) -> float:
        """Quality of experience over the chain's life so far, by time."""
        if now_s <= admitted_s:
            return self._qoe
        return (self._qoe_s + self._qoe * (now_s - self._since_s)) / (now_s - admitted_s)

    def __repr__(self) -> str:
        return f"Chain({self.request!r}, choices={self.choices})"
