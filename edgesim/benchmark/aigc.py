"""AIGC worlds of many sizes."""

from collections.abc import Mapping
from typing import Any

from edgesim.benchmark.measures import of_batched, of_twin
from edgesim.benchmark.points import Point

__all__ = ["sizes"]

PROVIDERS = (5, 10, 20, 50, 100, 200, 500)
USERS = (100, 1000, 10_000)
_WORLDS = 64  # of the batched engine, where the number of providers varies


def sizes() -> list[Point]:
    """Both presets by number of providers, the wireless one by number of users as well."""
    found = []
    for count in PROVIDERS:
        # As many requests a provider at every size.
        keys = {"provider_count": count, "arrival_rate_hz": 0.001 * count / 20}
        found.append(_twin("aigc_paper", "providers", count, keys))
        batched = of_batched("aigc_paper", _WORLDS, keys)
        found.append(Point("sizes", "aigc_paper", batched, "providers", count, "batched"))
        wireless = {"provider_count": count, "arrival_rate_hz": 2.5 * count / 20}
        found.append(_twin("aigc", "providers", count, wireless))
    return found + [_twin("aigc", "users", count, {"users": count}) for count in USERS]


def _twin(name: str, axis: str, size: int, overrides: Mapping[str, Any]) -> Point:
    return Point("sizes", name, of_twin(name, overrides), axis, size, "simpy")
