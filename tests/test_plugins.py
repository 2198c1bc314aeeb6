"""What an installed package adds through entry points, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ENTRY_POINTS = """
[edgesim.problems]
packing = packing
broken = no_such_module:PROBLEM
[edgesim.scenarios]
towns = towns.worlds
[edgesim.agents]
towns = towns.learners
[edgesim.policies]
aigc = towns.rules:POLICIES
[edgesim.services]
sketches = towns.sketches:Sketches
"""

FILES = {
    "towns-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: towns\nVersion: 1.0\n",
    "towns-1.0.dist-info/entry_points.txt": ENTRY_POINTS,
    "towns/__init__.py": "",
    "towns/worlds/__init__.py": "",
    "towns/worlds/small_town.yaml": "base: aigc_paper\ntitle: a small town\nusers: 3\n",
    "towns/learners/__init__.py": "",
    "towns/learners/brief.yaml": "base: ppo\ntitle: stops early\ntotal_steps: 64\nn_envs: 2\n"
    "hyperparameters: {n_steps: 16, batch_size: 32, n_epochs: 1}\n",
    "towns/rules.py": "from edgesim.agents.specs import PolicySpec\n"
    "POLICIES = {'first': PolicySpec('the first provider', 'towns.deciding:First'),\n"
    "            'random': PolicySpec('not ours', 'towns.deciding:First')}\n",
    "towns/deciding.py": "import numpy as np\n"
    "class First:\n"
    "    def predict(self, observation):\n"
    "        return np.zeros(len(observation), dtype=int), None\n",
    "towns/sketches.py": "def Sketches(config):\n    return object()\n",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an installed package that adds one thing of each kind."""
    folder = tmp_path_factory.mktemp("site")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def edgesim(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(map(str, (site, ROOT / "examples", ROOT)))
    return subprocess.run(
        [sys.executable, "-m", "edgesim", *words],
        env={**os.environ, "PYTHONPATH": path},
        cwd=site,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_list_shows_what_a_package_adds(site: Path) -> None:
    done = edgesim(site, "list")
    assert done.returncode == 0, done.stderr
    words = done.stdout.split()
    for name in ("small_town", "brief", "first", "packing", "sketches"):
        assert name in words, name
    assert "a small town" in done.stdout
    assert "broken" in done.stderr
    assert "is left out: No module named 'no_such_module'" in done.stderr


def test_scenario_agent_and_policy_of_a_package_work_together(site: Path) -> None:
    keys = ["episodes=1", "validation_episodes=1", "validations=1", "bound=false"]
    done = edgesim(site, "train", "scenario=small_town", "agent=brief", *keys)
    assert done.returncode == 0, done.stderr
    assert "first" in done.stdout
    assert list(site.glob("runs/small_town/brief/seed-0*/evaluation.json"))


def test_a_name_of_edgesims_own_holds(site: Path) -> None:
    done = edgesim(site, "list", "policies")
    assert "not ours" not in done.stdout


def test_what_makes_no_service_is_said(site: Path) -> None:
    pytest.importorskip("diffusers")
    done = edgesim(site, "calibrate", "service=sketches")
    assert done.returncode == 2
    assert "service = 'sketches': must make a service" in done.stderr
