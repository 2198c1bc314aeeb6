"""Labels of groups: how far they are from everybody's, by selector and by grouping."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.methods.federated.grouping.icg import divergence, icg, random_groups
from edgesim.methods.federated.selectors.balance import deviation, wanted_counts
from edgesim.methods.federated.selectors.choosing import SELECTORS
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table

__all__ = ["TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()

_DEVICES, _CHOSEN, _BATCH, _CLASSES, _CONCENTRATION = 20, 6, 32, 10, 1.24
_TRIES = 40


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``groups.csv``: a row a selector or grouping, with its mean distance."""
    rows = results.kept("label divergence of groups", {"tries": _TRIES}, _rows)
    write_table(folder, "groups", rows)
    found = {row["name"]: row["distance"] for row in rows}
    return [
        Finding(
            "distance of labels: random, GBP-CS, greedy with swaps, exact",
            ", ".join(f"{found[it]:.3f}" for it in ("random", "gbp_cs", "greedy_swap", "milp")),
            None,
            "",
            found["greedy_swap"] <= found["gbp_cs"],
            "swaps with exact cost, at equal cost of labels told",
        ),
        Finding(
            "distance of labels in groups: random, ICG",
            ", ".join(f"{found[it]:.3f}" for it in ("random groups", "ICG")),
            None,
            "",
            None,
            "accuracy of both stands in the figure federated",
        ),
    ]


def _rows() -> list[dict[str, Any]]:
    distances: dict[str, list[float]] = {name: [] for name in SELECTORS if name != "random_round"}
    grouped: dict[str, list[float]] = {"random groups": [], "ICG": []}
    for seed in range(_TRIES):
        rng = np.random.default_rng(seed)
        shares = rng.dirichlet(np.full(_CLASSES, _CONCENTRATION / _CLASSES), size=_DEVICES)
        everybody = shares.mean(axis=0)
        counted = np.stack([rng.multinomial(_BATCH, it) for it in shares]).T.astype(float)
        y = wanted_counts(np.zeros(_CLASSES), everybody, _BATCH, _CHOSEN)
        for name, its in distances.items():
            chosen = SELECTORS[name](counted, y, _CHOSEN, rng)
            its.append(deviation(counted, y, chosen, _BATCH, _CHOSEN))
        counts = counted.T + 1e-9
        grouped["random groups"].append(divergence(counts, random_groups(_DEVICES, 4, rng)))
        grouped["ICG"].append(divergence(counts, icg(counts, 4, rng)))
    return [
        {"name": name, "distance": float(np.mean(its)), "tries": len(its)}
        for name, its in (distances | grouped).items()
    ]
