"""``edgesim tune``: search keys of an agent for those by which it learns best."""

import csv
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.finding import score_of
from edgesim.agents.learning.training import best_score, train
from edgesim.agents.runs import runfolder
from edgesim.agents.tuning.space import Dimension, dimensions
from edgesim.agents.tuning.study import Study, Trial
from edgesim.config.agents import with_keys
from edgesim.config.config import CompareConfig, TrainConfig, TuneConfig
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.locking import locked
from edgesim.yaml_files import dump_yaml

__all__ = ["tune"]

_SHOWN = 10  # rows of the table


def tune(config: TuneConfig) -> Path:
    """Search keys of an agent with Optuna, and say what was found.

    Each trial trains the agent with other values, without baselines, and counts the best mean score
    over its validation episodes; the held-out test episodes are not touched. The agent as it is is
    tried first where its own values lie in what is searched. A search that was stopped goes on with
    the same command, and with more ``trials`` from where it ended.

    Returns:
        the study's folder: ``study.log`` (Optuna's journal), ``runs/``, ``trials.csv``,
        ``tuning.json``, ``tuning.png`` and ``best.yaml``, the agent that was found, to be used as
        ``agent=<folder>/best.yaml``.

    Raises:
        InputError: nothing is to be searched, or no trial could be trained.
    """
    settled = runfolder.settled(_training(config))
    space = dimensions(config.search_space, asdict(settled.agent))
    if not space:
        accepted = "name keys of the agent: 'agent.hyperparameters.gamma=interval(0.5,0.99)'"
        raise InputError("tune", "nothing to search", accepted)
    for part in space:  # each end is a value that the agent takes
        for value in part.values.values() if part.values else (part.low, part.high):
            with_keys(settled.agent, {part.key: value})
    folder = _folder(config, settled, space)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("out", str(folder), f"must be a folder: {error.strerror}") from None
    with locked(folder, "searched"):
        return _searched(config, settled, space, folder)


def _searched(
    config: TuneConfig, settled: TrainConfig, space: list[Dimension], folder: Path
) -> Path:
    """Run a search in its folder, and write down what was found."""
    score = score_of(settled.scenario)
    own = _own_values(asdict(settled.agent), space)
    study = Study(folder, space, more=score.sign > 0, seed=config.seed, first=own)
    first_reason = ""
    with _bar(config) as tell:
        for trial in study.trials(config.trials):
            tell(study, trial)
            try:
                study.tell(trial, _tried(config, settled, trial, folder))
            except InputError as error:
                first_reason = first_reason or str(error)
                study.tell(trial, None, reason=str(error))
            except _pruned():
                study.tell(trial, None)
    rows = study.rows()
    done = [row for row in rows if row["state"] == "done"]
    if not done:
        raise InputError("tune", f"{len(rows)} trials", f"none could be trained: {first_reason}")
    best = max(done, key=lambda row: score.sign * row["score"])
    _write(folder, settled, rows, best, space)
    _show(settled, rows, space, folder)
    if config.confirm:
        _confirm(config, settled, best, folder)
    return folder


def _training(config: TuneConfig, **changes: Any) -> TrainConfig:
    """The training that a search repeats."""
    own = {item.name: getattr(config, item.name) for item in fields(TrainConfig)}
    return TrainConfig(**{**own, **changes})


def _folder(config: TuneConfig, settled: TrainConfig, space: list[Dimension]) -> Path:
    """The folder of a study: another one for another space, agent, scenario or length."""
    values = {
        "learned": runfolder.learned_from(settled),
        "space": config.search_space,
        "seeds": [config.seed, config.training_seeds],
    }
    digest = blake2b(json.dumps(values, sort_keys=True).encode(), digest_size=4).hexdigest()
    return Path(config.out) / str(settled.scenario.name) / f"{settled.agent.name}-{digest}"


def _own_values(agent: Mapping[str, Any], space: list[Dimension]) -> dict[str, Any]:
    """What is drawn for the agent as it is, as far as the space has its values."""
    found = {}
    for part in space:
        value: Any = agent
        for name in part.key.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        drawn = part.drawn_as(value)
        if drawn is not None:
            found[part.key] = drawn
    return found


def _tried(config: TuneConfig, settled: TrainConfig, trial: Trial, folder: Path) -> float:
    """The mean of the best validation scores of a trial's trainings."""
    scores = []
    agent = with_keys(settled.agent, trial.keys)
    for number in range(config.training_seeds):
        looks = iter(range(10**9))

        def report(
            decisions: int, score: float, looks: Any = looks, first: bool = not number
        ) -> None:
            if first and not np.isnan(score):
                trial.report(next(looks), score, prune=config.prune)

        training = replace(
            settled,
            agent=agent,
            seed=config.seed + number,
            runs=str(folder / "runs"),
            episodes=1,
            baselines=False,
            bound=False,
            resume=True,
        )
        scores.append(best_score(train(training, report=report, quiet=True)))
    return float(np.mean(scores))


def _pruned() -> type[Exception]:
    import optuna

    pruned: type[Exception] = optuna.TrialPruned
    return pruned


# --- what is said and written -----------------------------------------------------------------


def _write(
    folder: Path,
    settled: TrainConfig,
    rows: list[dict[str, Any]],
    best: Mapping[str, Any],
    space: list[Dimension],
) -> None:
    from edgesim.plots.tuning import draw

    score = score_of(settled.scenario)
    with (
        replacing(folder / "trials.csv") as part,
        part.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(
            ["number", "state", score.metric, "base", *(it.key for it in space), "reason"]
        )
        for row in rows:
            values = [row["keys"][it.key] for it in space]
            writer.writerow(
                [row["number"], row["state"], row["score"], row["base"], *values, row["reason"]]
            )
    content = {
        "scenario": settled.scenario.name,
        "agent": settled.agent.name,
        "score": asdict(score),
        "trials": rows,
        "best": best["number"],
    }
    with replacing(folder / "tuning.json") as part:
        part.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    found = asdict(with_keys(settled.agent, best["keys"]))
    found |= {
        "name": f"{settled.agent.name}_tuned",
        "title": f"{settled.agent.name}, tuned in {settled.scenario.name}",
        "total_steps": settled.total_steps,
    }
    found.pop("scenarios")
    with replacing(folder / "best.yaml") as part:
        part.write_text(dump_yaml(found), encoding="utf-8")
    draw(folder)


def _show(
    settled: TrainConfig, rows: list[dict[str, Any]], space: list[Dimension], folder: Path
) -> None:
    from edgesim.tables import console, show_table

    score = score_of(settled.scenario)
    out = console()
    done = sorted(
        (row for row in rows if row["state"] == "done"), key=lambda it: -score.sign * it["score"]
    )
    counts = {state: sum(row["state"] == state for row in rows) for state in ("stopped", "refused")}
    told = "".join(f", {count} {state}" for state, count in counts.items() if count)
    out.print(f"{settled.scenario.name}: {settled.agent.name}, {len(done)} trials{told}")
    shown = done[:_SHOWN] + [row for row in done[_SHOWN:] if row["base"]]
    headings = ["trial", score.metric, *(it.key.rpartition(".")[2] for it in space)]
    cells = [
        [
            f"{row['number']}{' (as it is)' if row['base'] else ''}",
            f"{row['score']:,.{score.digits}f}",
            *(_value(row["keys"][it.key]) for it in space),
        ]
        for row in shown
    ]
    show_table(out, headings, cells, words=["trial"], bold=[0])
    out.print(f"{score.metric}: best mean over the validation episodes of a training")
    print(f"the best: agent={folder / 'best.yaml'}")


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _confirm(
    config: TuneConfig, settled: TrainConfig, best: Mapping[str, Any], folder: Path
) -> None:
    """Train the best setting and the agent as it is anew, and compare them on test episodes."""
    from edgesim.agents.comparing.comparison import compare_runs

    tuned = replace(with_keys(settled.agent, best["keys"]), name=f"{settled.agent.name}_tuned")
    begin = config.seed + config.training_seeds
    folders = []
    for seed in range(begin, begin + config.confirm):
        for agent in (settled.agent, tuned):
            training = replace(
                settled,
                agent=agent,
                seed=seed,
                runs=str(folder / "confirmed"),
                episodes=config.episodes,
                baselines=config.baselines,
                bound=config.bound if config.baselines else False,
                resume=True,
            )
            folders.append(str(train(training, quiet=True)))
    print(f"\n{config.confirm} fresh training seeds, {config.episodes} held-out episodes each:")
    compare_runs(CompareConfig(runs=folders, out=str(folder / "confirmed" / "comparison")))


@contextmanager
def _bar(config: TuneConfig) -> Iterator[Callable[[Study, Trial], None]]:
    """What is tried, at a terminal as a bar, elsewhere a line a trial."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    errors = Console(stderr=True, highlight=False)

    def line(study: Study, trial: Trial) -> None:
        keys = " ".join(f"{key.rpartition('.')[2]}={_value(it)}" for key, it in trial.keys.items())
        errors.print(
            f"trial {study.done + 1} of {config.trials}: {keys}", soft_wrap=True, markup=False
        )

    if not (config.progress and sys.stderr.isatty()):
        yield line
        return
    columns = (
        TextColumn("trials"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=errors) as shown:
        task = shown.add_task("", total=config.trials)

        def move(study: Study, trial: Trial) -> None:
            scores = [row["score"] for row in study.rows() if row["score"] is not None]
            best = f"best {max(scores):.5g}" if scores else ""
            shown.update(task, completed=study.done, description=best)

        yield move
