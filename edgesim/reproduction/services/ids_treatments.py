"""Detectors whose rare classes are treated: macro-F1, what is found, and false alarms, by seed."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table
from edgesim.services.extras import needs_extra

__all__ = ["PUBLISHED", "TRAININGS", "averaged", "by_class", "paired", "tables"]

TRAININGS: tuple[Training, ...] = ()

PUBLISHED = {"network none": 0.674, "network smote": 0.835, "network s2cgan": 0.920}
"""Macro-F1 of table IV of arXiv 2306.03707, on CICIDS2017."""

BASE = "network none"
"""What all others are compared with: the paper's network on what is there."""

_DRAWN = 20_000  # flows of the generator where no file is given
_FIGURES = ("macro_f1", "detected", "false_alarms", "right_type", "cpu_s")
_PAIRED = ("macro_f1", "detected", "false_alarms")

Row = Mapping[str, Any]


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``arms.csv``, ``seeds.csv``, ``differences.csv``, ``classes.csv``; returns findings.

    Raises:
        InputError: the extra is missing, or the file of flows cannot be used.
    """
    needs_extra("services", "figure", "ids_treatments")
    rows, name = _compared(results)
    write_table(folder, "seeds", [{key: row[key] for key in _OF_SEED} for row in rows])
    arms = averaged(rows)
    write_table(folder, "arms", [{**row, "published": PUBLISHED.get(row["arm"])} for row in arms])
    differences = paired(rows, BASE)
    write_table(folder, "differences", differences)
    write_table(folder, "classes", by_class(rows))
    seeds = len({row["seed"] for row in rows})
    found = [
        Finding(
            f"{row['arm']}: macro-F1 on {name}, {seeds} seeds",
            f"{row['macro_f1']:.3f} ± {row['macro_f1_half']:.3f}; detected {row['detected']:.3f},"
            f" false alarms {100 * row['false_alarms']:.2f} %",
            f"{PUBLISHED[row['arm']]:.3f}" if row["arm"] in PUBLISHED else None,
            "arXiv 2306.03707, table IV" if row["arm"] in PUBLISHED else "",
            remark="the published figure is of CICIDS2017" if row["arm"] in PUBLISHED else "",
        )
        for row in arms
    ]
    found += [
        Finding(
            f"{row['arm']} less {against}, paired by seed: macro-F1",
            f"{row['macro_f1']:+.3f} ± {row['macro_f1_half']:.3f}",
        )
        for against in ("network smote", "forest none")
        for row in paired(rows, against)
        if row["arm"] == "network s2cgan"
    ]
    passed = [share for row in rows for share in row.get("passed", {}).values()]
    if passed:
        shares = f"{min(passed):.0%} to {max(passed):.0%}, median {np.median(passed):.0%}"
        found.append(Finding("flows that S2CGAN's filter let through, by class and seed", shares))
    return found


_OF_SEED = ("arm", "seed", "macro_precision", "macro_recall", *_FIGURES)


def _compared(results: ResultStore) -> tuple[list[Row], str]:
    """The rows of every seed, each kept as soon as it is there; and what the flows are called."""
    from edgesim.services.detectors.generator import generate
    from edgesim.services.detectors.protocol import ARMS, compare, protocol_of
    from edgesim.services.detectors.readers import read_flows_of

    if results.data is None:
        flows, known = generate(_DRAWN, 0), "drawn flows"
    else:
        flows = read_flows_of(results.data)
        known = blake2b(Path(results.data).read_bytes(), digest_size=12).hexdigest()
    protocol = protocol_of(flows)
    if protocol.distinct:
        flows = flows.distinct()
    # In the quick budget the paper's network and one forest; the others take as long again.
    whole = results.budget.steps >= 1
    arms = ARMS if whole else [it for it in ARMS if it.name in _QUICK]
    rows: list[Row] = []
    for seed in range(results.budget.seeds):
        rows += results.kept(
            f"detectors and treatments, seed {seed}",
            {"flows": known, "arms": [it.name for it in arms], "protocol": protocol._asdict()},
            lambda: compare(flows, [seed], arms, *protocol[1:4]),  # noqa: B023 # called at once
        )
    return rows, protocol.name if results.data is not None else "drawn flows"


_QUICK = (BASE, "network smote", "network s2cgan", "forest none")


def averaged(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Every arm's means over seeds, each with half of Student's 95 % interval."""
    found = []
    for arm in dict.fromkeys(row["arm"] for row in rows):
        of = [row for row in rows if row["arm"] == arm]
        line: dict[str, Any] = {"arm": arm, "seeds": len(of)}
        for figure in _FIGURES:
            line |= _mean(figure, [row[figure] for row in of])
        found.append(line)
    return found


def paired(rows: Sequence[Row], against: str) -> list[dict[str, Any]]:
    """Every other arm less one of them, paired by seed."""
    of = {(row["arm"], row["seed"]): row for row in rows}
    arms = dict.fromkeys(row["arm"] for row in rows)
    found = []
    for arm in arms:
        if arm == against or against not in arms:
            continue
        line: dict[str, Any] = {"arm": arm, "against": against}
        for figure in _PAIRED:
            less = [of[arm, s][figure] - of[against, s][figure] for a, s in of if a == arm]
            line |= _mean(figure, less)
        found.append(line)
    return found


def by_class(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """F1 of every class, a row an arm and class: mean over seeds, half of the interval."""
    found = []
    for arm in dict.fromkeys(row["arm"] for row in rows):
        of = [row for row in rows if row["arm"] == arm]
        for number, name in enumerate(of[0]["classes"]):
            tested = float(np.mean([sum(row["matrix"][number]) for row in of]))
            line: dict[str, Any] = {"arm": arm, "class": name, "tested": tested}
            found.append(line | _mean("f1", [row["f1"][number] for row in of]))
    return found


def _mean(name: str, values: Sequence[float]) -> dict[str, float]:
    """A mean and half of its 95 % interval by Student's t (NaN of one value)."""
    from scipy.stats import t

    count, half = len(values), float("nan")
    if count > 1:
        half = float(t.ppf(0.975, count - 1) * np.std(values, ddof=1) / np.sqrt(count))
    return {name: float(np.mean(values)), f"{name}_half": half}
