"""Random worlds of federated learning: other factories, data, links and speeds."""

from typing import Any

import numpy as np

from edgesim.scenarios.federated.schema import FederatedScenario

__all__ = ["draw"]


def draw(rng: np.random.Generator, scenario: FederatedScenario) -> dict[str, Any]:
    """Keys that make a random world of a scenario; all ranges [chosen] about those of the preset.

    Other data, and where the devices are not bound to the clients of a file 3 to 8 factories of 10
    to 24 devices; 4 to 12 devices a round, labels that are from very uneven to nearly even, links
    of devices and factories of half to twice the scenario's rate, and a cloud whose own link binds
    in every third world.
    """
    network, digits = scenario.network, scenario.data.source == "digits"
    faster = _factor(rng, 2.0)
    keys: dict[str, Any] = {
        "world_seed": int(rng.integers(2**31)),
        "selected": int(rng.integers(4, 13)),
        "data.concentration": _rounded(np.exp(rng.uniform(np.log(0.05), np.log(1.0)))),
        "network.access_bps": [_rounded(bps * faster) for bps in network.access_bps],
        "network.wan_bps": _rounded(network.wan_bps * _factor(rng, 2.0)),
        "network.cloud_bps": _rounded(
            network.wan_bps * (_factor(rng, 2.0) if rng.random() < 1 / 3 else 10.0)
        ),
    }
    factories, devices = int(rng.integers(3, 9)), int(rng.integers(10, 25))
    if digits:
        keys |= {"factories": factories, "devices": devices, "chosen": min(devices, 8)}
    keys["selected"] = min(keys["selected"], scenario.total_devices)
    return keys


def _factor(rng: np.random.Generator, most: float) -> float:
    return float(most ** rng.uniform(-1.0, 1.0))


def _rounded(number: float) -> float:
    return float(f"{number:.4g}")
