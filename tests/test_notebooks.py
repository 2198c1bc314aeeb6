"""The notebooks run from first to last, and each equals the script that is its source."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NAMES = ("other_library", "own_agent", "own_network")

# In a process of its own, where importing either fails.
WITHOUT_SB3 = """
import runpy, sys
sys.modules |= {"stable_baselines3": None, "sb3_contrib": None}
runpy.run_path(sys.argv[1])
"""


def run(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Everything that a notebook has made, run in a folder of its own."""
    matplotlib.use("agg")
    monkeypatch.chdir(folder)
    return runpy.run_path(str(FOLDER / f"{name}.py"))


def test_these_are_all_the_notebooks() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.py")) == list(NAMES)
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_equals_its_script(name: str) -> None:
    jupytext = pytest.importorskip("jupytext", reason="the extra [notebooks] is not installed")
    notebook, script = (jupytext.read(FOLDER / f"{name}{end}") for end in (".ipynb", ".py"))
    cells = [[(cell.cell_type, cell.source) for cell in it.cells] for it in (notebook, script)]
    assert cells[0] == cells[1], (
        f"jupytext --to notebook --update notebooks/{name}.py brings it up to date"
    )
    assert not any(cell.get("outputs") for cell in notebook.cells), "outputs would go stale"


def test_an_agent_of_ones_own_learns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run("own_agent", tmp_path, monkeypatch)
    assert np.mean(made["own"]) > np.mean(made["random"])
    assert np.mean(made["learned"]) > np.mean(made["random"])


def test_a_network_of_ones_own_is_simulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pandas", reason="the extra [notebooks] is not installed")
    made = run("own_network", tmp_path, monkeypatch)
    assert set(made["episodes"].index.get_level_values("policy")) == set(made["policies"])
    assert made["log"]["event"].eq("arrive").sum() == made["requests"]
    assert made["ledger"].finished > 0
    assert made["ledger"].closes


def test_ppo_in_plain_torch_learns_where_there_is_no_stable_baselines3(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_SB3, str(FOLDER / "other_library.py")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(FOLDER.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told = {line.split()[0]: float(line.split()[-1]) for line in ran.stdout.splitlines()[-3:]}
    assert told["mine"] > told["overload_avoidance"] > told["random"]
