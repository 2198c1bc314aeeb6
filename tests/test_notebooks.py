"""The notebooks run from first to last in a Jupyter kernel; each equals its script."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NAMES = ("other_library", "own_agent", "own_network")


def executed(name: str, folder: Path, answer: str, before: str = "") -> Any:
    """What the expression ``answer`` is, as JSON, when a kernel has run a notebook in a folder.

    ``before`` is run first. A cell that fails fails the test, with its traceback.
    """
    nbclient = pytest.importorskip("nbclient", reason="the extra [notebooks] is not installed")
    nbformat = pytest.importorskip("nbformat", reason="the extra [notebooks] is not installed")
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    cell = nbformat.v4.new_code_cell
    last = cell(f"import json\nprint(json.dumps({answer}))")
    notebook.cells = [cell(before), *notebook.cells, last]
    place = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources=place).execute()
    return json.loads(last.outputs[0].text)


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels find this checkout and leave nothing in the user's home."""
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parent))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / ".jupyter"))


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


@pytest.mark.parametrize("name", NAMES)
def test_what_a_notebook_imports_is_there(name: str) -> None:
    for node in ast.walk(ast.parse((FOLDER / f"{name}.py").read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            exec(compile(ast.Module([node], []), name, "exec"), {})


@pytest.mark.slow
def test_an_agent_of_ones_own_learns(tmp_path: Path) -> None:
    answer = "[float(np.mean(it)) for it in (own, learned, random)]"
    own, learned, at_random = executed("own_agent", tmp_path, answer)
    assert own > at_random
    assert learned > at_random


@pytest.mark.slow
def test_a_network_of_ones_own_is_simulated(tmp_path: Path) -> None:
    made = executed(
        "own_network",
        tmp_path,
        "{'measured': sorted(set(episodes.index.get_level_values('policy'))),"
        " 'policies': sorted(policies), 'requests': requests,"
        " 'arrived': int(log['event'].eq('arrive').sum()),"
        " 'finished': ledger.finished, 'closes': ledger.closes}",
    )
    assert made["measured"] == made["policies"]
    assert made["arrived"] == made["requests"]
    assert made["finished"] > 0
    assert made["closes"]


@pytest.mark.slow
def test_ppo_in_plain_torch_learns_where_there_is_no_stable_baselines3(tmp_path: Path) -> None:
    reached = executed(
        "other_library",
        tmp_path,
        "{name: float(np.mean([row['return'] for row in rollout(scenario, build, [1, 2]).rows]))"
        " for name, build in policies.items()}",
        before="import sys\nsys.modules |= {'stable_baselines3': None, 'sb3_contrib': None}",
    )
    assert reached["mine"] > reached["overload_avoidance"] > reached["random"]
