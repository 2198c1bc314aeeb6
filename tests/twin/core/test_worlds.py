"""Worlds are shared by equal scenarios, and only by them."""

from edgesim.scenarios import resolve
from edgesim.twin.aigc.world import AIGCWorld
from edgesim.twin.core.worlds import shared_world


def test_equal_scenarios_share_a_world():
    one, other = (shared_world(AIGCWorld, resolve("aigc_paper")) for _ in range(2))
    assert one is other


def test_another_seed_is_another_world():
    one = shared_world(AIGCWorld, resolve("aigc_paper", {"world_seed": 1}))
    other = shared_world(AIGCWorld, resolve("aigc_paper", {"world_seed": 2}))
    assert one is not other and one.providers != other.providers


def test_a_world_that_reads_a_trace_is_built_anew(tmp_path):
    trace = tmp_path / "tasks.csv"
    trace.write_text("arrival_s,steps\n0,100\n5,120\n")
    scenario = resolve("aigc_paper", {"trace": str(trace)})
    assert shared_world(AIGCWorld, scenario) is not shared_world(AIGCWorld, scenario)


def test_a_text_that_is_too_long_for_a_file_is_none() -> None:
    scenario = resolve("aigc_paper", {"title": "x" * 5000})
    assert isinstance(shared_world(lambda given: given.title, scenario), str)
