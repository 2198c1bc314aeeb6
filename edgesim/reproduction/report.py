"""The page beside a figure: how it was made, and what agrees with what was published."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path

from edgesim.files import replacing
from edgesim.reproduction.figures import Figure
from edgesim.reproduction.findings import Finding
from edgesim.version import version

__all__ = ["Effort", "training_effort", "write_report"]

_LIBRARIES = ("gymnasium", "numpy", "stable-baselines3", "sb3-contrib", "simpy", "torch")


@dataclass(frozen=True)
class Effort:
    """Time that something took."""

    wall_s: float
    cpu_s: float


def training_effort(folders: Iterable[Path]) -> Effort:
    """What the runs of a figure took when they were trained, by their ``provenance.json``."""
    told = [
        json.loads((folder / "provenance.json").read_text(encoding="utf-8")) for folder in folders
    ]
    return Effort(sum(it["wall_s"] for it in told), sum(it["cpu_s"] for it in told))


def write_report(
    folder: Path,
    figure: Figure,
    command: str,
    seeds: int,
    evaluation_seed: int,
    findings: Sequence[Finding],
    runs: Sequence[Path],
    here: Effort,
) -> None:
    """Write ``README.md`` of a figure.

    Args:
        folder: the figure's.
        figure: its entry in the registry.
        command: the command line that makes it.
        seeds: number of training seeds.
        evaluation_seed: from which the held-out episodes follow.
        findings: number beside number.
        runs: the run folders that it used.
        here: what measuring and drawing took this time, without what was on disk already.
    """
    tables = ", ".join(f"`{path.name}`" for path in sorted(folder.glob("*.csv")))
    lines = [
        f"# {figure.name}",
        "",
        f"{figure.title}.",
        "",
        "![the figure](figure.png)",
        "",
        *_findings(findings),
        "## How it was made",
        "",
        f"    {command}",
        "",
        f"- drawn from {tables}, which the same command gives again to the byte"
        " (times measured apart)",
    ]
    if runs:
        spent = training_effort(runs)
        lines.append(
            f"- training seeds 0 to {seeds - 1}; {len(runs)} runs, {spent.wall_s:,.0f} s of wall"
            f" and {spent.cpu_s:,.0f} s of CPU time when they were trained"
        )
    lines += [
        f"- held-out episodes follow from evaluation seed {evaluation_seed}",
        f"- measuring and drawing took {here.wall_s:,.1f} s of wall and {here.cpu_s:,.1f} s of CPU"
        " time; what was on disk already was not measured again",
        f"- edgesim {version()}; Python {sys.version.split()[0]}; "
        + ", ".join(f"{name} {installed(name)}" for name in _LIBRARIES),
    ]
    with replacing(folder / "README.md") as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _findings(findings: Sequence[Finding]) -> list[str]:
    if not findings:
        return []
    lines = ["## Number beside number", "", "| what | here | published | |", "|---|---|---|---|"]
    remarks: list[str] = []
    for finding in findings:
        verdict = {True: "agrees", False: "**differs**", None: ""}[finding.agrees]
        published = f"{finding.published} ({finding.source})" if finding.published else ""
        lines.append(f"| {finding.what} | {finding.here} | {published} | {verdict} |")
        if finding.remark:
            remarks.append(f"- {finding.what}: {finding.remark}")
    return [*lines, "", *remarks, *([""] if remarks else [])]
