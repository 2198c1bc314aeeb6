"""Which column of a trace of chains gives what, and in which unit."""

from dataclasses import dataclass

from edgesim.scenarios.checks import positive
from edgesim.scenarios.settings import setting

__all__ = ["ChainTraceColumns"]


@dataclass
class ChainTraceColumns:
    """Which column of a trace of chains gives what, and what its figures are multiplied by.

    Over a network the first seven are read, of stage links the next three.
    """

    arrival_s: str = setting("arrival_s", "column of the arrivals, s or date-time")
    slice: str = setting("slice", "column of the slice's name")
    source: str = setting("source", "column of the node where the chain begins")
    destination: str = setting("destination", "column of the node where it ends")
    bandwidth_bps: str = setting("bandwidth_bps", "column of the bandwidth, bit/s")
    max_delay_s: str = setting("max_delay_s", "column of the bound on the delay, s")
    holding_s: str = setting("holding_s", "column of the chain's life, s")
    bandwidth: str = setting("bandwidth", "stage links: column of the bandwidth")
    max_delay_ms: str = setting("max_delay_ms", "stage links: column of the bound, ms")
    released_before: str = setting(
        "released_before", "stage links: column of the request before which the chain ends"
    )
    arrival_scale: float = setting(1.0, "arrivals are multiplied by this")
    bandwidth_scale: float = setting(1.0, "bandwidths are multiplied by this; 1e6 for Mbit/s")
    delay_scale: float = setting(1.0, "bounds are multiplied by this; 1e-3 for ms as s")
    holding_scale: float = setting(1.0, "lives are multiplied by this")

    def check(self) -> None:
        for key in ("arrival_scale", "bandwidth_scale", "delay_scale", "holding_scale"):
            positive(f"trace_columns.{key}", getattr(self, key))

    def of(self, *keys: str) -> dict[str, str | None]:
        """The column of each of the keys."""
        return {key: str(getattr(self, key)) for key in keys}
