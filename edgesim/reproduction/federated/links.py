"""How long methods take where the server's link binds, where those of devices do, or computing."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.reproduction.budget import Training
from edgesim.reproduction.federated.curves import curves
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table

__all__ = ["REGIMES", "TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()

REGIMES: dict[str, dict[str, Any]] = {
    "the server's link": {
        "network.access_bps": [1e9, 1e9],
        "network.wan_bps": 1e9,
        "network.cloud_bps": 2e6,
        "compute.device_flops": [1e12, 1e12],
        "compute.batch_s": 0.0,
    },
    "links of devices": {
        "network.access_bps": [1e6, 1e6],
        "network.wan_bps": 1e9,
        "network.cloud_bps": 1e10,
        "compute.device_flops": [1e12, 1e12],
        "compute.batch_s": 0.0,
    },
    "computing": {
        "network.access_bps": [1e9, 1e9],
        "network.wan_bps": 1e9,
        "network.cloud_bps": 1e10,
        "compute.device_flops": [1e8, 1e8],
    },
}
"""What binds: all else is so fast that it does not."""

_METHODS = {"FedAvg": "fedavg", "FedGS": "fedgs", "FedGSP": "fedgsp"}
_ROUNDS = 10


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``links.csv``: seconds a round of each method in each regime."""
    rows: list[dict[str, Any]] = []
    for regime, keys in REGIMES.items():
        for name, policy in _METHODS.items():
            its = curves(results, "factories", policy, {**keys, "rounds": _ROUNDS}, seeds=1)
            seconds = float(np.mean([curve.time_s[-1] / _ROUNDS for curve in its]))
            rows.append({"regime": regime, "name": name, "round_s": seconds})
    write_table(folder, "links", rows)
    found = {(row["regime"], row["name"]): row["round_s"] for row in rows}
    return [
        Finding(
            f"FedGSP beside FedAvg, s a round where {regime} bind"
            + ("s" if not regime.startswith("links") else ""),
            f"{found[regime, 'FedGSP'] / found[regime, 'FedAvg']:.2f} times",
            "-90 %" if regime == "the server's link" else None,
            "arXiv 2201.12976, abstract: time, to target" if regime.startswith("the") else "",
            None,
            "published where the server binds; rounds to target count as well",
        )
        for regime in REGIMES
    ]
