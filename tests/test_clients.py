"""Examples in which another library learns on edgesim: run where that library is installed."""

import importlib.util
from math import isfinite
from pathlib import Path
from typing import Any

import pytest

CLIENTS = Path(__file__).parents[1] / "examples" / "clients"
LIBRARIES = {
    "cleanrl_ppo": "torch",
    "rllib_ppo": "ray.rllib",
    "sb3_contrib_maskable_ppo": "sb3_contrib",
    "sb3_ppo": "stable_baselines3",
    "sbx_dqn": "sbx",
    "skrl_dqn": "skrl",
    "tianshou_dqn": "tianshou",
    "torchrl_dqn": "torchrl",
}


def test_every_example_names_its_library() -> None:
    assert {path.stem for path in CLIENTS.glob("*.py")} == LIBRARIES.keys()


@pytest.mark.parametrize("client", LIBRARIES)
@pytest.mark.filterwarnings("default")  # theirs are not ours
def test_another_library_learns_on_the_environments(client: str) -> None:
    pytest.importorskip(LIBRARIES[client], reason="the library is not installed")
    spec = importlib.util.spec_from_file_location(client, CLIENTS / f"{client}.py")
    assert spec is not None and spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert isfinite(module.main(1000))
