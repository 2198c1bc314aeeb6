"""Random AIGC worlds: what an agent that is to work in any of them is trained and measured on."""

from typing import Any

import numpy as np

from edgesim.scenarios.aigc.schema import AIGCScenario

__all__ = ["draw"]

_SERVICES = ("photo_inpaint", "photo_inpaint_small", "photo_inpaint_early")


def draw(rng: np.random.Generator, scenario: AIGCScenario) -> dict[str, Any]:
    """Keys that make a random world of a scenario.

    5 to 40 providers, and a load on each of 0.7 to 1.3 times the scenario's. With a network,
    devices of 3 to 9 kinds (one of the measured services, a speed of 0.2 to 0.8 and memory for a
    batch of one to eight), bands of 10 to 40 MHz, links of 20 to 100 Mbit/s. All ranges [chosen]
    about the values of the preset ``aigc``.
    """
    providers = int(rng.integers(5, 41))
    load = float(rng.uniform(0.7, 1.3))
    rate_hz = scenario.arrival_rate_hz * load * providers / scenario.provider_count
    keys: dict[str, Any] = {
        "world_seed": int(rng.integers(2**31)),
        "provider_count": providers,
        "arrival_rate_hz": float(f"{rate_hz:.4g}"),
    }
    if scenario.wireless is None:
        return keys
    slow, fast = np.log((20e6, 100e6))
    return {
        **keys,
        "profiles": [_device(rng, k, scenario) for k in range(int(rng.integers(3, 10)))],
        "wireless.radio.bandwidth_hz": float(rng.choice((10e6, 20e6, 40e6))),
        "wireless.backhaul.link_rate_bps": round(float(np.exp(rng.uniform(slow, fast)))),
    }


def _device(rng: np.random.Generator, number: int, scenario: AIGCScenario) -> dict[str, Any]:
    if scenario.variants is not None:  # other services: memory as the scenario's devices have it
        like = scenario.profiles[int(rng.integers(len(scenario.profiles)))]
        return {
            "name": f"device_{number}",
            "service": str(rng.choice(scenario.variants)),
            "speed": round(float(rng.uniform(0.2, 0.8)), 2),
            "memory_bytes": like.memory_bytes,
        }
    return {
        "name": f"device_{number}",
        "service": str(rng.choice(_SERVICES)),
        "speed": round(float(rng.uniform(0.2, 0.8)), 2),
        "memory_bytes": int(rng.choice((3_000_000, 5_000_000, 8_000_000, 12_000_000))),
    }
