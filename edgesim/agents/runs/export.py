"""``edgesim export``: a run as a model folder with a card."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from edgesim.agents.learning.contract import is_sb3
from edgesim.agents.learning.learner import deciding_model
from edgesim.agents.measuring.evaluation import BOUND, evaluation_in
from edgesim.agents.measuring.table import ranked
from edgesim.agents.runs import runfolder
from edgesim.agents.runs.exported import LAYOUT, WEIGHTS
from edgesim.agents.runs.origin import check_origin
from edgesim.config.config import ExportConfig, TrainConfig
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.importing import load
from edgesim.problems import PROBLEMS, Score
from edgesim.scenarios import presets
from edgesim.version import version

__all__ = ["export"]


def export(config: ExportConfig) -> Path:
    """Write a run as a model folder, which anybody can run by ``policy=<folder>``.

    Returns:
        the folder, with ``README.md`` (the card), ``model.safetensors`` (the weights of the
        policy), ``config.yaml``, ``evaluation.json``, ``learning.png`` and ``edgesim.json``.

    Raises:
        InputError: the run is not complete, its algorithm is not of stable-baselines3's kind, a
            library is missing, or the folder is there and is none of this command.
    """
    if config.run is None:
        raise InputError("run", None, "must name a run folder: runs/<scenario>/<agent>/seed-<n>")
    try:
        from safetensors.torch import save_file
    except ImportError:
        accepted = "needs safetensors: pip install 'edgesim[hub]'"
        raise InputError("export", config.run, accepted) from None
    run = Path(config.run)
    runfolder.check_complete(run)
    trained = runfolder.read_config(run)
    folder = Path(config.out or f"{trained.scenario.name}-{trained.agent.name}")
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not _ours(folder))):
        raise InputError("out", str(folder), "is there, and is no model folder; name another")
    check_origin(run, trained.agent)
    if not is_sb3(load(trained.agent.algorithm)):
        accepted = f"its algorithm {trained.agent.algorithm} is not of stable-baselines3's kind"
        raise InputError("run", config.run, accepted)
    model = deciding_model(trained.agent, run / "model.zip", trained.scenario)
    weights = {
        name: tensor.detach().cpu().contiguous().clone()
        for name, tensor in model.policy.state_dict().items()
    }
    evaluation = evaluation_in(run)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("out", str(folder), f"cannot be made: {error.strerror}") from None
    with replacing(folder / WEIGHTS) as part:
        save_file(weights, part, metadata={"format": "pt"})
    runfolder.write_config(folder, replace(trained, runs="runs", resume=False))
    for name in ("evaluation.json", "learning.png"):
        with replacing(folder / name) as part:
            shutil.copyfile(run / name, part)
    parameters = sum(tensor.numel() for tensor in weights.values())
    with replacing(folder / "README.md") as part:
        part.write_text(_card(folder.name, trained, evaluation, parameters), encoding="utf-8")
    about = {"layout": LAYOUT, "edgesim": version(), "parameters": parameters}
    with replacing(folder / "edgesim.json") as part:
        part.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    print(f"model folder: {folder}")
    return folder


def _ours(folder: Path) -> bool:
    return (folder / "edgesim.json").is_file()


def _card(name: str, trained: TrainConfig, evaluation: Mapping[str, Any], parameters: int) -> str:
    """The card: the hub's front matter, what the model does, how well, and how it is run."""
    scenario, agent = trained.scenario, trained.agent
    score = Score.of(evaluation)
    own = evaluation["policies"][agent.name].get(score.metric)
    problem = PROBLEMS[scenario.problem]
    front: dict[str, Any] = {
        "library_name": "edgesim",
        "pipeline_tag": "reinforcement-learning",
        "tags": ["reinforcement-learning", "gymnasium", "edgesim", scenario.name, agent.name],
    }
    if own is not None:
        metric = {"type": score.metric, "value": round(own["mean"], 4), "name": score.metric}
        front["model-index"] = [
            {
                "name": name,
                "results": [
                    {
                        "task": {"type": "reinforcement-learning"},
                        "dataset": {"name": scenario.name, "type": problem.env_id},
                        "metrics": [metric],
                    }
                ],
            }
        ]
    shipped = scenario.name in presets()
    where = f"scenario={scenario.name} " if shipped else ""
    rows = "\n".join(_row(it, evaluation, score) for it in ranked(evaluation["policies"], score))
    better = "less is better" if score.sign < 0 else "more is better"
    return f"""---
{yaml.safe_dump(front, sort_keys=False).strip()}
---
# {name}

`{agent.name}` ({agent.title or agent.algorithm}), trained by [edgesim](#how-to-run-it) {version()}
in the scenario `{scenario.name}` ({scenario.title or "one's own"}) from {trained.total_steps:,}
decisions, seed {trained.seed}. {parameters:,} parameters. `config.yaml` states every key of the
scenario and of the agent.

![Learning curve](learning.png)

## Figures

{evaluation["episodes"]} held-out episodes, {score.metric} ({better}), mean and 95 % interval:

| policy | {score.metric} | 95 % interval |
|---|---|---|
{rows}

## How to run it

```sh
pip install 'edgesim[hub]'
edgesim evaluate {where}policy=<this folder>
```

In Python `edgesim.evaluate("{scenario.name}", "<this folder>")`. The weights are safetensors;
nothing in the folder is executed. It decides where observations and actions have the shape of its
own scenario.
"""


def _row(name: str, evaluation: Mapping[str, Any], score: Score) -> str:
    own = evaluation["policies"][name].get(score.metric)
    if own is None:
        return f"| {name} | none | |"
    low, high = own["ci95"]
    ends = "" if None in (low, high) else f"{low:,.{score.digits}f} to {high:,.{score.digits}f}"
    title = "bound (no policy can reach more)" if name == BOUND else name
    return f"| {title} | {own['mean']:,.{score.digits}f} | {ends} |"
