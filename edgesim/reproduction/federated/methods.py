"""All methods on devices with few classes each: accuracy over rounds, over seconds, over bytes."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.comparing.aggregates import interval
from edgesim.methods.federated.experiment import Curve
from edgesim.reproduction.budget import Training
from edgesim.reproduction.federated.curves import curves, mean_of, split_of
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table

__all__ = ["METHODS", "SCENARIO", "TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()

SCENARIO = "factories"

METHODS: dict[str, str] = {
    "FedAvg": "fedavg",
    "FedProx": "fedprox",
    "FedYogi": "fedyogi",
    "SCAFFOLD": "scaffold",
    "hierarchical FedAvg": "hierarchical",
    "sequential SGD": "sequential",
    "FedGS": "fedgs",
    "FedGS, random each step": "fedgs:selector=random",
    "FedGS, random a round": "fedgs:selector=random_round",
    "FedGS, greedy + swaps": "fedgs:selector=greedy_swap",
    "FedGSP": "fedgsp",
    "FedGSP, random groups": "fedgsp:grouping=random",
}
"""Methods and ablations, each with the best of three or four learning rates as its default."""

_SHARE = 0.97  # of FedAvg's last accuracy, whose first round is told


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``methods.csv`` (a row a method) and ``curves.csv`` (a row a method and round)."""
    found = {name: curves(results, SCENARIO, policy) for name, policy in METHODS.items()}
    target = _SHARE * float(np.mean([_last(curve) for curve in found["FedAvg"]]))
    rows = [_row(name, its, target) for name, its in found.items()]
    write_table(folder, "methods", rows)
    write_table(
        folder, "curves", [row for name, its in found.items() for row in _points(name, its)]
    )
    return _findings({row["name"]: row for row in rows})


def _last(curve: Curve) -> float:
    """Accuracy of the last five models, which scatters less than that of the last."""
    return float(np.mean(curve.accuracy[-5:]))


def _row(name: str, its: list[Curve], target: float) -> dict[str, Any]:
    last = np.array([_last(curve) for curve in its])
    low, high = interval(last[None])
    reached = [curve.first(target) for curve in its]
    there = [it for it in reached if it is not None]
    pairs = zip(its, reached, strict=True)
    server = [sum(curve.server_mb[at]) for curve, at in pairs if at is not None]
    apart = [np.mean(curve.divergence) for curve in its if curve.divergence]
    return {
        "name": name,
        "seeds": len(its),
        "accuracy": float(last.mean()),
        "accuracy_low": low,
        "accuracy_high": high,
        "rounds_to_target": float(np.mean(there)) if there else None,
        "server_mb_to_target": float(np.mean(server)) if server else None,
        "reached": len(there),
        "divergence": float(np.mean(apart)) if apart else None,
        **split_of(its),
    }


def _points(name: str, its: list[Curve]) -> list[dict[str, Any]]:
    keys = ("accuracy", "time_s", "edge_mb", "wan_mb", "server_mb")
    columns = {key: mean_of(its, key) for key in keys}
    rounds = range(len(columns["accuracy"]))
    return [
        {"name": name, "round": at, **{key: values[at] for key, values in columns.items()}}
        for at in rounds
    ]


def _findings(rows: dict[str, dict[str, Any]]) -> list[Finding]:
    avg, gs, gsp = rows["FedAvg"], rows["FedGS"], rows["FedGSP"]
    best_plain = max(
        (rows[name] for name in ("FedAvg", "FedProx", "FedYogi", "SCAFFOLD")),
        key=lambda row: row["accuracy"],
    )
    return [
        Finding(
            "FedGS beside FedAvg, points of accuracy",
            _points_more(gs, avg),
            "+3.5",
            "arXiv 2202.01512, abstract",
            gs["accuracy"] - avg["accuracy"] >= 0.02,
            f"random anew in each step: {_points_more(rows['FedGS, random each step'], avg)};"
            f" hierarchical FedAvg: {_points_more(rows['hierarchical FedAvg'], avg)};"
            f" best of FedAvg's kin, {best_plain['name']}: {_points_more(best_plain, avg)}",
        ),
        Finding(
            f"FedGS beside FedAvg, rounds to {100 * _SHARE:.0f} % of FedAvg's accuracy",
            _less(gs, avg, "rounds_to_target"),
            "-59 %",
            "arXiv 2202.01512, abstract",
            _at_most(gs, avg, "rounds_to_target", 0.5),
            f"with {gs['edge_up_mb'] / avg['edge_up_mb']:.0f} times the bytes in factories",
        ),
        Finding(
            "FedGSP beside FedAvg, points of accuracy",
            _points_more(gsp, avg),
            "+3.7",
            "arXiv 2201.12976, abstract",
            gsp["accuracy"] - avg["accuracy"] >= 0.03,
            f"random groups: {_points_more(rows['FedGSP, random groups'], avg)}",
        ),
        Finding(
            "FedGSP beside FedAvg, MB at the server until then",
            _less(gsp, avg, "server_mb_to_target"),
            "-90 %",
            "arXiv 2201.12976, abstract",
            _at_most(gsp, avg, "server_mb_to_target", 0.1),
            "the bytes of the cloud's own link; chains between factories cross those of factories",
        ),
    ]


def _points_more(one: dict[str, Any], other: dict[str, Any]) -> str:
    return f"{100 * (one['accuracy'] - other['accuracy']):+.1f}"


def _less(one: dict[str, Any], other: dict[str, Any], key: str) -> str:
    if one[key] is None or other[key] is None:
        return "not reached"
    return f"{100 * (one[key] / other[key] - 1):+.0f} %"


def _at_most(one: dict[str, Any], other: dict[str, Any], key: str, share: float) -> bool | None:
    if one[key] is None or other[key] is None:
        return None
    return bool(one[key] <= share * other[key])
