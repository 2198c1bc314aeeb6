"""Examples in which another library learns on edgesim: run where that library is installed."""

import importlib.util
from math import isfinite
from pathlib import Path
from typing import Any

import pytest

CLIENTS = Path(__file__).parents[1] / "examples" / "clients"


@pytest.mark.parametrize("client", sorted(path.stem for path in CLIENTS.glob("*.py")))
@pytest.mark.filterwarnings("default")  # theirs are not ours
def test_another_library_learns_on_the_environments(client: str) -> None:
    pytest.importorskip(client.removesuffix("_dqn"), reason="the library is not installed")
    spec = importlib.util.spec_from_file_location(client, CLIENTS / f"{client}.py")
    assert spec is not None and spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert isfinite(module.main(1500))
