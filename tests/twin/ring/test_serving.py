"""Serving on a ring, worked by hand, and laws that hold whatever is decided."""

from typing import Any

import numpy as np
import pytest

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.scenarios.ring.schema import LLMRingScenario
from edgesim.twin.core.streams import Streams
from edgesim.twin.ring import serving
from edgesim.twin.ring.future import BUSY, GONE, Future, drawn
from edgesim.twin.ring.serving_world import NUMBERS, RingWorld, Tables
from edgesim.twin.ring.workload import RingWorkload

NUMBER = dict.fromkeys(NUMBERS, 0.0) | {
    "horizon_s": 100.0,
    "batch": 2.0,
    "ttft_s": 5.0,
    "tpot_s": 2.0,
    "monitor_s": 1000.0,
    "small_token_s": 0.5,
    "small_quality": 0.5,
    "memory_left": 0.5,
}


def tables(**changed: float) -> Tables:
    """Two systems on two devices: 1 s a token (4 s while device 1 is busy), and 2 s on device 0."""
    return Tables(
        token_s=np.array([[1.0, 1.0, 4.0, 4.0], [2.0, 2.0, 2.0, 2.0]]),
        uses=np.array([[1, 1], [1, 0]]),
        hop_s=np.array([[0.1, 0.1], [0.0, 0.0]]),
        layers=np.array([[2, 2], [4, 0]]),
        layer_bytes=10.0,
        kv_bytes=0.0,
        disk_bytes_per_s=np.array([5.0, 5.0]),
        link_bytes_per_s=1e9,
        drafts=np.array([0, 1]),
        numbers=np.array([(NUMBER | changed)[name] for name in NUMBERS]),
    )


def future(
    arrivals: list[tuple[float, float, float]], events: list[tuple[float, int, int]] | None = None
) -> Future:
    """Requests (when, prompt, output), and what happens (when, device, kind)."""
    events = events or []
    arrival_s, prompt, output = (np.array(it, dtype=float) for it in zip(*arrivals, strict=True))
    return Future(
        arrival_s,
        prompt,
        output,
        acceptance=np.full(len(arrivals), 0.5),
        event_s=np.array([it[0] for it in events], dtype=float),
        event_device=np.array([it[1] for it in events], dtype=np.int64),
        event_kind=np.array([it[2] for it in events], dtype=np.int64),
        event_value=np.ones(len(events)),
        noise=np.zeros((10, 2)),
    )


def served(of: Tables, what: Future, choose: Any = lambda kind, state: 0) -> serving.State:
    state = serving.opened(of, what, 0)
    while (kind := serving.advance(of, what, state)) != serving.END:
        serving.apply(of, what, state, choose(kind, state))
    return state


def ring(kind: int, state: serving.State) -> int:
    return 0 if kind == serving.ARRIVAL else serving.CHANGE


def test_one_request_by_hand() -> None:
    state = served(tables(), future([(10.0, 3.0, 4.0)]), ring)
    # its prompt takes one pass of 1 s and .2 s in the air for each of 3 tokens; 4 tokens, 1 s each
    assert state.first_s[0] == pytest.approx(10 + 1 + 3 * 0.2)
    assert state.end_s[0] == pytest.approx(10 + 1.6 + 4)
    assert state.status[0] == serving.RING_GOOD
    assert state.floats[serving.GOOD] == 4.0


def test_a_batch_shares_a_pass() -> None:
    state = served(tables(), future([(0.0, 1.0, 4.0), (0.0, 1.0, 4.0)]), ring)
    # Prompts one after the other, 1.2 s each; then both get a token each 1 + .2 s
    assert state.first_s == pytest.approx([1.2, 2.4])
    assert state.end_s == pytest.approx([2.4 + 4 * 1.2] * 2)


def test_drafts_make_more_tokens_a_pass() -> None:
    def propose(kind: int, state: serving.State) -> int:
        return 0 if kind == serving.ARRIVAL else serving.CHANGE + 1 + 2 + 1

    state = served(tables(), future([(0.5, 1.0, 6.0)]), propose)
    # 1.5 tokens in each pass of 1 + .2 s
    assert state.end_s[0] - state.first_s[0] == pytest.approx(6 / 1.5 * 1.2)


def test_memory_that_is_taken_slows_tokens_down() -> None:
    state = served(tables(), future([(0.0, 1.0, 4.0)], [(3.2, 1, BUSY)]), ring)
    # 2 of 4 tokens until then, the others at 4 s
    assert state.end_s[0] == pytest.approx(3.2 + 2 * 4.0)
    assert state.status[0] == serving.RING_LATE


def test_a_new_plan_reads_its_layers_first() -> None:
    def other(kind: int, state: serving.State) -> int:
        return 0 if kind == serving.ARRIVAL else serving.CHANGE + 1 + 1

    state = served(tables(monitor_s=3.2), future([(0.0, 1.0, 4.0)]), other)
    # At 0 s device 0 reads 2 layers in 4 s; then the prompt of 2 s, and 4 tokens of 2 s
    assert state.floats[serving.REPLANS] == 1.0
    assert state.first_s[0] == pytest.approx(4 + 2)
    assert state.end_s[0] == pytest.approx(4 + 2 + 8)


def test_a_device_that_is_away_stops_its_ring() -> None:
    what = future([(0.0, 1.0, 4.0)], [(1.2, 1, GONE)])
    state = served(tables(monitor_s=10.0), what, ring)
    assert state.status[0] == serving.UNFINISHED
    assert state.floats[serving.LATE] == 4.0


def test_the_small_model_serves_one_after_the_other() -> None:
    state = served(tables(), future([(0.0, 1.0, 8.0), (1.0, 1.0, 8.0)]), lambda kind, state: 1)
    assert state.first_s == pytest.approx([0.5, 5.0])
    assert state.end_s == pytest.approx([4.5, 9.0])
    assert state.floats[serving.GOOD] == pytest.approx(0.5 * 16)


@pytest.fixture(scope="module")
def world() -> RingWorld:
    scenario = resolve("llm_ring_small", {"horizon_s": 300.0})
    assert isinstance(scenario, LLMRingScenario)
    return RingWorld(scenario)


@pytest.mark.parametrize("seed", range(4))
def test_the_books_close_whatever_is_decided(world: RingWorld, seed: int) -> None:
    dice = np.random.default_rng(seed)
    workload = RingWorkload.alone(world.scenario, np.random.SeedSequence(seed), world=world)
    times = []
    while (asked := workload.next_decision()) is not None:
        times.append(asked.time_s)
        low, high = (0, 3) if asked.about == "arrival" else (3, 4 + len(world.names))
        workload.decide(int(dice.integers(low, high)))
        assert workload.ledger.closes
    assert times == sorted(times)
    counts = workload.ledger.counts
    assert counts["open"] == 0
    assert sum(counts.values()) == len(workload.future.arrival_s)


def test_seeds_draw_the_future_and_decisions_do_not(world: RingWorld) -> None:
    one, same, other = (
        drawn(world.scenario, Streams(np.random.SeedSequence(seed)), 3) for seed in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not np.array_equal(one.arrival_s, other.arrival_s)


def test_a_fork_goes_on_alike_and_with_another_seed_otherwise(world: RingWorld) -> None:
    workload = RingWorkload.alone(world.scenario, np.random.SeedSequence(5), world=world)
    for _ in range(20):
        workload.next_decision()
        workload.decide(0)
    same, other = workload.fork(), workload.fork(np.random.SeedSequence(9))
    ends = [it.run(lambda twin, asked: 0).counts for it in (workload, same, other)]
    assert ends[0] == ends[1]
    assert same.future.arrival_s.tolist() == workload.future.arrival_s.tolist()
    assert other.future.arrival_s.tolist() != workload.future.arrival_s.tolist()


def test_requests_of_a_trace(tmp_path: Any, world: RingWorld) -> None:
    path = tmp_path / "trace.csv"
    path.write_text(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2023-11-16 18:17:03.9799600,4808,10\n"
        "2023-11-16 18:17:04.9799600,3180,8\n",
        encoding="utf-8",
    )
    keys = {"requests.trace": str(path), "requests.trace_stretch": 10.0}
    scenario = resolve("llm_ring_small", keys)
    assert isinstance(scenario, LLMRingScenario)
    found = drawn(scenario, Streams(np.random.SeedSequence(0)), 3)
    assert found.arrival_s == pytest.approx([0.0, 10.0], abs=1e-5)
    assert found.prompt.tolist() == [4808, 3180]
    assert found.output.tolist() == [10, 8]
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"requests\.trace"):
        drawn(scenario, Streams(np.random.SeedSequence(0)), 3)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("drafts", [3]),
        ("requests.acceptance", [0.7, 0.3]),
        ("changes.memory_left", 0.0),
        ("target.ttft_s", 0.0),
        ("cluster", "nowhere"),
        ("model", "gpt"),
        ("batch", 0),
    ],
)
def test_bad_keys_are_refused(key: str, value: Any) -> None:
    with pytest.raises(InputError, match=key.rpartition(".")[2]):
        resolve("llm_ring_small", {key: value})
