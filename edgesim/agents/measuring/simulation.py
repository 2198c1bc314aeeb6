"""``edgesim simulate``: one episode of the twin under a policy, written down and drawn."""

import json
import re
from math import isnan
from pathlib import Path
from typing import Any

from edgesim.agents.finding import find_policy, named_policies, scenario_of_command
from edgesim.agents.measuring.filming import check_filming, film
from edgesim.agents.measuring.rollout import Rollout
from edgesim.agents.runs.measured import Measured
from edgesim.agents.runs.seeds import policy_seed
from edgesim.config.config import SimulateConfig
from edgesim.envs.recovery import FAULT_METRICS
from edgesim.files import replacing
from edgesim.importing import load
from edgesim.problems import PROBLEMS

__all__ = ["simulate"]


def simulate(config: SimulateConfig) -> Path:
    """Run one episode; write its event log, its figures and its picture; print the figures.

    Returns:
        the folder ``<out>/<scenario>/<policy>-seed-<seed>/`` with ``events.parquet``,
        ``series.parquet`` (:mod:`edgesim.twin.core.series`), ``series.png`` and ``episode.png``, as
        far as the problem has them, ``summary.json``, and ``config.yaml`` and ``provenance.json``,
        see :mod:`edgesim.agents.runs.measured`; and the film where ``video`` asks for one. A
        repeated simulation replaces it; where the scenario is not its preset, a hash of what
        differs ends its name.

    Raises:
        InputError: unknown policy, or a folder that cannot be written.
    """
    scenario = scenario_of_command(config)
    (policy,) = named_policies(config, scenario)
    build = find_policy(scenario, policy)
    if config.video is not None:
        check_filming(scenario, config.video)
    label: str = re.sub(r"[^\w.-]+", "-", policy).strip("-")
    measured = Measured("simulate", scenario, {"policies": [policy], "seed": config.seed})
    name = f"{label}-seed-{config.seed}{measured.suffix}"
    folder = Path(config.out) / str(scenario.name) / name
    problem = PROBLEMS[scenario.problem]
    with measured.at(folder):
        played: Rollout = load(problem.play)(
            scenario,
            build,
            [config.seed],
            policy_seed=policy_seed(config.seed, policy),
            record=True,
        )
        summary = {"scenario": scenario.name, "policy": policy, **played.rows[0]}
        log = _written_down(folder, played, summary)
        measured.finish(folder)
    picture: Path | None = None if problem.picture is None else load(problem.picture)(folder)
    video: Path | None = None
    if config.video is not None:
        named = Path(config.video)
        video = folder / named if named.parent == Path() else named
        headline = f"{scenario.name}: {policy}"
        seeds = config.seed, policy_seed(config.seed, policy)
        film(video, scenario, build, *seeds, played.decisions, headline)
    told = {name: what for name, what in FAULT_METRICS.items() if name in summary}
    _print(summary, {**load(problem.metrics), **told})
    if log is not None:
        print(f"{len(log.rows):,} events in {folder / 'events.parquet'}")
        if (folder / "series.png").is_file():
            print(f"series over time in {folder / 'series.parquet'} and {folder / 'series.png'}")
    print(f"summary in {folder / 'summary.json'}" if picture is None else f"picture in {picture}")
    if video is not None:
        print(f"video in {video}")
    return folder


def _written_down(folder: Path, played: Rollout, summary: dict[str, Any]) -> Any:
    """Write the episode's log, if it has one, its series and its figures; the log."""
    log = played.logs[0] if played.logs else None
    if log is not None:
        log.write(folder / "events.parquet")
        if getattr(log, "series", None) is not None:
            log.series.write(folder / "series.parquet")
            load("edgesim.plots.series:draw")(folder)
    with replacing(folder / "summary.json") as part:
        part.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return log


def _print(summary: dict[str, Any], metrics: dict[str, str]) -> None:
    from edgesim.tables import console, show_table

    out = console()
    out.print(f"{summary['scenario']}: {summary['policy']}, episode seed {summary['seed']}")
    rows = [[name, _written(summary.get(name)), meaning] for name, meaning in metrics.items()]
    show_table(out, ("figure", "value", "what it is"), rows, words=("figure", "what it is"))


def _written(value: float | None) -> str:
    if value is None or isnan(value):
        return "missing"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3f}"
