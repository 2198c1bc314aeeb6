"""Bit rates, times and lengths with their units, in the name of an attribute or in its value."""

import re
from collections.abc import Mapping

__all__ = ["Quantity", "bit_rate", "duration", "km_of", "length", "rate_of", "time_of"]

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_PREFIXES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}


class Quantity:
    """A kind of quantity: names by which attributes go, and the units that may stand with them.

    Args:
        bases: names without a unit, in small letters with ``_`` between words.
        units: factors to the unit of the twin, by the unit as it ends a name.
        plain: factor where a name in ``plain_bases`` has no unit.
        plain_bases: names that are understood without a unit.
    """

    def __init__(
        self,
        bases: tuple[str, ...],
        units: Mapping[str, float],
        plain: float = 1.0,
        plain_bases: tuple[str, ...] = (),
    ) -> None:
        self.bases, self.units, self.plain, self.plain_bases = bases, units, plain, plain_bases
        names = "|".join(map(re.escape, bases))
        # A unit of one letter needs its underscore: "delays" are not seconds.
        endings = "|".join(
            f"_{'?' if len(unit) > 1 else ''}(?:{re.escape(unit)})" for unit in units
        )
        self._name = re.compile(rf"(?:link_?)?(?:{names})(?P<unit>{endings})?")

    def factor(self, name: str) -> float | None:
        """Factor by which values of an attribute are multiplied; None where it states no unit.

        Raises:
            KeyError: the attribute is no such quantity.
        """
        if name in self.plain_bases:
            return self.plain
        found = self._name.fullmatch(name)
        if found is None:
            raise KeyError(name)
        unit = found["unit"]
        return None if unit is None else self.units[unit.removeprefix("_")]


bit_rate = Quantity(
    ("capacity", "cap", "bandwidth", "bw", "speed", "rate", "datarate", "data_rate", "bitrate"),
    {
        f"{prefix}{ending}": factor
        for prefix, factor in _PREFIXES.items()
        for ending in ("bps", "bit_s", "bits_s", "bit_per_s")
    },
)
"""bit/s. ``LinkSpeedRaw`` and the units beside ``LinkSpeed`` are the Topology Zoo's own."""

duration = Quantity(
    ("delay", "latency", "propagation_delay", "propagation"),
    {"s": 1.0, "sec": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9},
)
"""s"""

length = Quantity(
    ("length", "dist", "distance"),
    {"km": 1.0, "m": 1e-3, "mi": 1.609344, "miles": 1.609344},
    plain_bases=("length", "dist", "distance"),
)
"""km, also where no unit is stated"""


def rate_of(text: str) -> float | None:
    """bit/s of a text such as ``2.5 Gbps``, ``10Gbit/s``, ``155 M`` or ``5 MB/s``; None if none.

    A capital B stands for bytes where the letters around it are small (``MBps``) or it is followed
    by ``/s``; ``MBPS`` is Mbit/s, as one writes in capitals.
    """
    found = re.fullmatch(
        rf"\s*({_NUMBER})\s*([kKmMgGtT]?)\s*(bps|bit/s|bits/s|bit|b/s|b|Bps|B/s|BPS|)\s*", text
    )
    if found is None or not (found[2] or found[3]):
        return None
    octets = 8.0 if found[3] in ("Bps", "B/s") else 1.0
    return float(found[1]) * _PREFIXES[found[2].lower()] * octets


def time_of(text: str) -> float | None:
    """Seconds of a text such as ``5 ms`` or ``12us``; None if none."""
    found = re.fullmatch(rf"\s*({_NUMBER})\s*(s|sec|ms|us|µs|ns)\s*", text)
    if found is None:
        return None
    return float(found[1]) * duration.units[found[2].replace("µ", "u")]


def km_of(text: str) -> float | None:
    """Kilometres of a text such as ``12 km``, ``800 m`` or ``5 miles``; None if none."""
    found = re.fullmatch(rf"\s*({_NUMBER})\s*(km|m|mi|miles)\s*", text)
    return None if found is None else float(found[1]) * length.units[found[2]]
