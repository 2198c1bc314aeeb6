"""Made-up run folders."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgesim.agents.runs import runfolder
from edgesim.config.compose import compose

BASELINES = {"random": [0.0, 2.0, 1.0], "greedy": [5.0, 6.0, 7.0], "bound": [9.0, 11.0, 10.0]}


def _run(
    place: Path,
    returns: list[float],
    *overrides: str,
    seed: int = 0,
    baselines: Mapping[str, list[float]] = BASELINES,
) -> Path:
    """A complete run folder whose agent got these returns on episodes 2, 6, 10, ..."""
    named = any(word.startswith("agent=") for word in overrides)
    given = ["scenario=sfc_paper", *([] if named else ["agent=maskable_ppo"]), *overrides]
    config = compose("train", [f"seed={seed}", f"runs={place}", *given])
    folder = runfolder.folder_of(config)
    folder.mkdir(parents=True)
    runfolder.write_config(folder, config)
    rows = [
        {"policy": name, "seed": 4 * k + 2, "return": value}
        for name, own in {**baselines, config.agent.name: returns}.items()
        for k, value in enumerate(own[: len(returns)])
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "episodes.parquet")
    for name in runfolder.missing(folder):
        (folder / name).write_text("")
    return folder


@pytest.fixture
def run() -> Callable[..., Path]:
    """What makes a complete run folder."""
    return _run
