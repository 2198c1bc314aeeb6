"""The table that ends a training: its best model beside every baseline, in its run folder."""

import json
from dataclasses import replace
from pathlib import Path

from edgesim.agents.finding import NamedPolicy, find_policy, offered
from edgesim.agents.measuring.baselines import baselines
from edgesim.agents.measuring.evaluation import BOUND, PolicyProgress, compare, evaluation_in
from edgesim.agents.policies import Policy
from edgesim.agents.runs import runfolder
from edgesim.config.config import TrainConfig

__all__ = ["measure", "measured_otherwise"]


def measure(
    folder: Path,
    episodes: int,
    bound: bool,
    *,
    beside: bool = True,
    progress: PolicyProgress | None = None,
    model: Policy | None = None,
) -> None:
    """Measure the model of a run folder beside the baselines; write the table and the figure.

    ``config.yaml`` then says how it was measured; what was learned from stays in it as it was.

    Args:
        folder: the run folder, with the best model of its training.
        episodes: number of held-out episodes.
        bound: also work out the bound on them.
        beside: whether baselines and bound stand beside the model.
        progress: called now and then.
        model: measured in the place of the saved one.
    """
    from edgesim.plots.learning import draw

    config = runfolder.read_config(folder)
    scenario = config.scenario
    name = config.agent.name
    own = find_policy(scenario, str(folder)) if model is None else _made(model, config)
    done = compare(scenario, {name: own}, episodes, progress=progress)
    if beside:
        names = offered(scenario)
        others = baselines(
            scenario, names, episodes, bound=bound, kept=folder.parents[2], progress=progress
        )
        rows = {**others.rows, name: done.rows[name]}
        done.rows = {it: rows[it] for it in sorted(rows, key=lambda it: it == BOUND)}
        done.speeds |= others.speeds
    done.write(folder)
    draw(folder)
    changed = replace(config, episodes=episodes, bound=bound and beside, baselines=beside)
    runfolder.write_config(folder, changed)


def _made(model: Policy, config: TrainConfig) -> NamedPolicy:
    """A model that is at hand, with the arguments of the environments that it learned in."""
    return NamedPolicy(lambda envs, seed: model, config.agent.environment)


def measured_otherwise(folder: Path, episodes: int, bound: bool, beside: bool = True) -> str | None:
    """In what the table of a complete run folder differs from the one that is asked for.

    Raises:
        InputError: its ``evaluation.json`` cannot be read.
    """
    content = evaluation_in(folder)
    there = {
        "episodes": content["episodes"],
        "bound": BOUND in content["policies"],
        "baselines": len(content["policies"].keys() - {BOUND}) > 1,
    }
    differing = [
        f"{key} {json.dumps(there[key])} there, {json.dumps(value)} here"
        for key, value in {"episodes": episodes, "bound": bound, "baselines": beside}.items()
        if there[key] != value
    ]
    return "; ".join(differing) or None
