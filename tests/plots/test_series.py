"""The picture of series over time follows from the files of an episode alone."""

from pathlib import Path

import numpy as np

from edgesim.plots.series import draw
from edgesim.scenarios import resolve
from edgesim.twin.sfc.workload import SFCWorkload


def test_series_are_drawn_twice_alike_with_what_was_stated(tmp_path: Path) -> None:
    events = [
        {"at_s": 10, "event": "fails", "link": 0, "until_s": 20},
        {"at_s": 12, "event": "load", "factor": 2, "slice": "urllc", "until_s": 15},
    ]
    scenario = resolve("sfc", {"network.horizon_s": 30.0, "events": events})
    chains = SFCWorkload.alone(scenario, np.random.SeedSequence(0), record=True)
    chains.run(lambda chains, request: request.number % 5)
    assert chains.log is not None and chains.log.series is not None
    chains.log.write(tmp_path / "events.parquet")
    chains.log.series.write(tmp_path / "series.parquet")
    told = {row["element"] for row in chains.log.table().to_pylist()} - {None}
    assert told == {chains.world.elements["link"][0], "load of urllc ×2"}
    first = draw(tmp_path).read_bytes()
    assert first.startswith(b"\x89PNG") and len(first) > 20_000
    assert draw(tmp_path).read_bytes() == first
