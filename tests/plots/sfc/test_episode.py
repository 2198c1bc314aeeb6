"""The picture of an episode of service chains follows from its event log alone."""

import numpy as np

from edgesim.plots.log import read_log
from edgesim.plots.sfc.episode import carried, draw
from edgesim.scenarios import resolve
from edgesim.twin.core.log import EventLog
from edgesim.twin.sfc.workload import SFCWorkload


def test_what_an_instance_carries_follows_its_chains():
    log = EventLog("request", "instance")
    for time_s, event, request, instance, value in (
        (0.0, "arrive", 0, -1, 100.0),
        (0.0, "choose", 0, 0, 0.0),
        (0.0, "choose", 0, 2, 10.0),
        (0.0, "accept", 0, -1, 3.0),
        (1.0, "arrive", 1, -1, 50.0),
        (1.0, "choose", 1, 1, 0.0),
        (1.0, "choose", 1, 2, 10.0),
        (1.0, "reject: bandwidth", 1, -1, 1.0),
        (2.0, "release", 0, -1, 3.0),
    ):
        log.rows.append((time_s, event, request, instance, value))
    table = log.table()
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    load = carried(columns, np.array([0.0, 1.0, 2.0]))
    assert load.tolist() == [[100, 100, 0], [0, 0, 0], [100, 100, 0]]


def test_an_episode_is_drawn_twice_alike(tmp_path):
    twin = SFCWorkload.alone(resolve("sfc_paper"), np.random.SeedSequence(0), record=True)
    twin.run(lambda twin, request: request.number % 5)
    assert twin.log is not None
    twin.log.write(tmp_path / "events.parquet")
    first = draw(tmp_path).read_bytes()
    assert first.startswith(b"\x89PNG") and len(first) > 10_000
    assert draw(tmp_path).read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["episode.png", "events.parquet"]


def test_what_a_log_says_besides_does_not_disturb(tmp_path):
    log = EventLog("request", "instance", ("slice", "path"))
    log.add(0.0, "arrive", 0, -1, 2e6, slice="embb")
    log.add(0.0, "choose", 0, 1, 5.0)
    log.add(0.0, "accept", 0, -1, 4.5, slice="embb", path="Bonn > Ulm")
    log.add(1.0, "release", 0, -1, 4.5)
    log.write(tmp_path / "events.parquet")
    assert carried(read_log(tmp_path), np.array([0.0, 0.5, 1.5]))[1].tolist() == [2e6, 2e6, 0.0]
    assert draw(tmp_path).is_file()
