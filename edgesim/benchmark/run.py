"""``edgesim benchmark``: decisions a CPU second of what we have, beside SimPy alone."""

import json
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from edgesim.agents.runs.provenance import provenance
from edgesim.benchmark.grid import PARTS, points
from edgesim.benchmark.points import Point
from edgesim.config.config import BenchmarkConfig
from edgesim.errors import InputError, did_you_mean
from edgesim.files import replacing

__all__ = ["benchmark"]


def benchmark(config: BenchmarkConfig) -> dict[str, Any]:
    """Measure, print the table, and write the figures as JSON and PNG where ``out`` names a file.

    Rounds go through all measurements one after the other, so that a machine that slows down does
    so for all; the median of the rounds counts.

    Raises:
        InputError: unknown part, or ``out`` cannot be written.
    """
    chosen = _parts(config.chosen)
    path = None if config.out is None else _writable(Path(config.out))
    wall, cpu = perf_counter(), process_time()
    measured = points(chosen)
    rounds: list[list[float]] = [[] for _ in measured]
    for number in range(config.repeats):
        for point, found in zip(measured, rounds, strict=True):
            _tell(f"round {number + 1} of {config.repeats}: {_label(point)}")
            found.append(point.measure(config.seconds))
    _tell("")
    rows = [
        {
            "part": point.part,
            "what": point.name,
            "engine": point.engine,
            "axis": point.axis,
            "size": point.size,
            "decisions_per_cpu_second": median(found),
            "rounds": found,
        }
        for point, found in zip(measured, rounds, strict=True)
    ]
    result: dict[str, Any] = {
        "seconds": config.seconds,
        "rows": rows,
        **provenance(perf_counter() - wall, process_time() - cpu),
    }
    if path is not None:
        with replacing(path) as part:
            part.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        if {"worlds", "sizes", "transfers"} & set(chosen):
            from edgesim.plots.benchmark import draw

            print(draw(path))
    _print(rows)
    return result


def _parts(given: Sequence[str]) -> list[str]:
    for part in given:
        if part != "all" and part not in PARTS:
            raise InputError("parts", part, did_you_mean(part, ("all", *PARTS)))
    return list(PARTS) if "all" in given else list(given)


def _writable(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(21, "Is a directory")
    except OSError as error:
        raise InputError("out", str(path), f"must be a file to write: {error.strerror}") from None
    return path


def _label(point: Point) -> str:
    size = f" {point.axis}={point.size:,}" if point.axis else ""
    return f"{point.name}{f' ({point.engine})' if point.engine else ''}{size}"


def _tell(line: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)


def _print(rows: Sequence[dict[str, Any]]) -> None:
    from edgesim.tables import console as at_terminal
    from edgesim.tables import show_table

    alone = rows[0]["decisions_per_cpu_second"]
    ceiling = {
        row["what"]: row["decisions_per_cpu_second"] for row in rows if row["engine"] == "nothing"
    }
    words = ("what runs", "engine", "size")
    lines = []
    parts = [row["part"] for row in rows]
    for row in rows:
        rate = row["decisions_per_cpu_second"]
        learns = row["part"] == "learner"
        lines.append(
            [
                f"{row['what']}, training" if learns else row["what"],
                row["engine"],
                f"{row['size']:,} {row['axis']}" if row["axis"] else "",
                f"{rate:,.0f}",
                f"{rate / alone:.2f}",
                f"{rate / ceiling[row['what']]:.2f}" if learns else "",
            ]
        )
    console = at_terminal()
    console.print("decisions a CPU second, random actions, one thread")
    if any(row["part"] == "transfers" for row in rows):
        console.print("(of transfers: how many begin or end a CPU second)")
    show_table(
        console,
        (*words, "decisions/s", "of SimPy alone", "of the learner alone"),
        lines,
        words=words,
        sections=[k for k, (part, then) in enumerate(pairwise(parts)) if part != then],
    )
