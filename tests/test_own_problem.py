"""Problems that live outside edgesim: added by one call, and every command works on them.

The packages in ``examples/`` are copied to a temporary folder and used from there. One has
``MultiBinary`` actions and a score where less is better; the other has methods and no environment.
Neither problem is known to a process that does not import its package.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"

SLEEPING = """
import json, sys
import gymnasium, numpy as np
from gymnasium.utils.env_checker import check_env
import cell_sleeping
from edgesim.commands.cli import main
from edgesim.config.compose import compose
from edgesim.agents.measuring.command import evaluate

def run(*words):
    assert main(list(words)) == 0, words

keys = ["scenario=cell_sleeping", "scenario.intervals=12"]
run("list")
env = gymnasium.make("cell_sleeping/CellSleeping-v0")
check_env(env.unwrapped)
run("train", *keys, "total_steps=4096", "episodes=4", "validations=2", "validation_episodes=2",
    "agent.n_envs=8", "progress=false")
run("simulate", *keys, "policy=light")
run("compare")
envs = gymnasium.make_vec("cell_sleeping/CellSleeping-v0", num_envs=2)
envs.reset(seed=0)
*_, infos = envs.step(np.ones((2, 4), dtype=np.int8))
print(json.dumps(evaluate(compose("evaluate", [*keys, "policy=all", "episodes=4"]))))
print(main(["evaluate", *keys, "bound=true"]), main(["train", *keys, "agent=dqn"]))
"""


def run(tmp_path: Path, package: str, script: str) -> tuple[list[str], str]:
    """The lines that a script prints, and its errors, with a copy of an example beside it."""
    shutil.copytree(EXAMPLES / package, tmp_path / package)
    (tmp_path / "script.py").write_text(script)
    command = [sys.executable, "-W", "error::UserWarning", "script.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines(), ran.stderr


@pytest.fixture(scope="module")
def sleeping(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], str]:
    folder = tmp_path_factory.mktemp("own")
    return folder, *run(folder, "cell_sleeping", SLEEPING)


def test_lists_and_tables_have_it(sleeping: tuple[Path, list[str], str]) -> None:
    _, printed, _ = sleeping
    text = "\n".join(printed)
    assert "A macro cell and four small cells" in text
    assert "cell_sleeping: no cell sleeps" in text
    headings = [line.split() for line in printed if line.split()[:2] == ["policy", "cost_wh"]]
    assert headings, "tables show the problem's score"
    assert "less cost_wh is better" in text


def test_less_is_better_in_every_ranking(sleeping: tuple[Path, list[str], str]) -> None:
    folder, printed, _ = sleeping
    (place,) = (folder / "runs/cell_sleeping/ppo").iterdir()
    written = json.loads((place / "evaluation.json").read_text())
    assert written["score"] == {
        "metric": "cost_wh",
        "better": "lower",
        "missing": None,
        "digits": 1,
    }
    costs = {name: figures["cost_wh"]["mean"] for name, figures in written["policies"].items()}
    assert costs["all_on"] < costs["random"]
    table = printed[printed.index("cell_sleeping: 4 held-out episodes, seed 0") :]
    shown = [line.split()[0] for line in table if line.split()[:1] and line.split()[0] in costs]
    ranked = sorted(costs.values())
    assert [costs[name] for name in shown[: len(costs)]] == ranked, "the table after training"
    rows = json.loads((folder / "comparison/comparison.json").read_text())["rows"]
    assert [row["score"] for row in rows] == pytest.approx(ranked)
    assert {row["metric"] for row in rows} == {"cost_wh"}
    best = min((row for row in rows if row["kind"] == "policy"), key=lambda row: row["score"])
    (agent,) = (row for row in rows if row["kind"] == "agent")
    assert agent["minus_best"] == pytest.approx(agent["score"] - best["score"])


def test_the_best_model_is_the_one_of_least_cost(sleeping: tuple[Path, list[str], str]) -> None:
    import csv

    folder, _, _ = sleeping
    (place,) = (folder / "runs/cell_sleeping/ppo").iterdir()
    rows = list(csv.DictReader((place / "progress.csv").read_text().splitlines()))
    costs = [float(row["cost_wh"]) for row in rows]
    assert [float(row["best_cost_wh"]) for row in rows] == [
        min(costs[: k + 1]) for k in range(len(costs))
    ]
    for name in ("learning.png", "model.zip"):
        assert (place / name).is_file()
    # The scenario is not the preset as it is: a hash ends the folder's name.
    (simulated,) = (folder / "simulations/cell_sleeping").glob("light-seed-0-*")
    assert (simulated / "episode.png").is_file()


def test_what_it_lacks_is_said_before_any_work(sleeping: tuple[Path, list[str], str]) -> None:
    folder, printed, errors = sleeping
    assert printed[-1] == "2 2"
    assert "bound = True: cell_sleeping has none" in errors
    assert "MultiBinary" in errors.splitlines()[-1] and "dqn" in errors.splitlines()[-1]
    assert [path.name for path in (folder / "runs/cell_sleeping").iterdir()] == ["ppo"]


METHODS = """
import json
import packing
from edgesim.commands.cli import main
from edgesim.config.compose import compose
from edgesim.agents.measuring.command import evaluate

for words in (["list"], ["simulate", "scenario=packing"]):
    assert main(words) == 0
keys = ["scenario=packing", "episodes=10"]
made = evaluate(compose("evaluate", [*keys, "policy=all", "bound=true"]))
own = evaluate(compose("evaluate", [*keys, "policy=packing.methods:largest_first"]))
print(json.dumps([made, own]))
print(main(["train", "scenario=packing"]), main(["evaluate", *keys, "record=true"]))
"""


def test_methods_share_the_tables_and_need_no_environment(tmp_path: Path) -> None:
    printed, errors = run(tmp_path, "packing", METHODS)
    made, own = json.loads(printed[-2])
    machines: dict[str, Any] = {
        name: figures["machines"]["mean"] for name, figures in made["policies"].items()
    }
    assert machines["bound"] <= machines["largest_first"] <= machines["first_fit"]
    assert (
        own["policies"]["packing.methods:largest_first"]["machines"]
        == (made["policies"]["largest_first"]["machines"])
    ), "one's own method, on the same seeds"
    assert printed[-1] == "2 2"
    assert "no decision that an agent learns" in errors
    assert "has methods, which keep no events" in errors


def test_a_problem_that_is_not_imported_is_not_there() -> None:
    from edgesim.problems import PROBLEMS

    assert not {"cell_sleeping", "packing"} & PROBLEMS.keys()
