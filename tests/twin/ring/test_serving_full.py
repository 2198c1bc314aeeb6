"""Serving on the clock beside serving as arithmetic, and what only the clock shows."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.scenarios.ring.schema import LLMRingScenario
from edgesim.twin.ring import serving
from edgesim.twin.ring.future import BACK, BUSY, CROWD, GONE, LINK, Future
from edgesim.twin.ring.serving_world import RingWorld
from edgesim.twin.ring.workload import Asked, RingWorkload

QUIET = {
    "horizon_s": 300.0,
    "changes.memory_free_s": 1e9,
    "changes.away_after_s": 1e9,
    "changes.wifi_db": 0.0,
    "changes.others_busy_s": 0.0,
}


def world_of(keys: dict[str, Any], preset: str = "llm_ring_small") -> RingWorld:
    scenario = resolve(preset, keys)
    assert isinstance(scenario, LLMRingScenario)
    return RingWorld(scenario)


@pytest.fixture(scope="module")
def quiet() -> RingWorld:
    return world_of(QUIET)


Event = tuple[float, int, int, float]


def future(requests: Sequence[tuple[float, float, float]], events: Sequence[Event] = ()) -> Future:
    """Requests (when, prompt, output), and what happens (when, device, kind, value)."""
    arrival_s, prompt, output = (np.array(it, dtype=float) for it in zip(*requests, strict=True))
    when, device, kind, value = zip(*events, strict=True) if events else ((), (), (), ())
    return Future(
        arrival_s,
        prompt,
        output,
        np.full(len(requests), 0.5),
        np.array(when, dtype=float),
        np.array(device, dtype=np.int64),
        np.array(kind, dtype=np.int64),
        np.array(value, dtype=float),
        np.zeros((1000, 3)),
    )


Rule = Callable[[RingWorkload, Asked], int]


def stay(ring: RingWorkload, asked: Asked) -> int:
    return 0 if asked.about == "arrival" else 3


def served(
    world: RingWorld, what: Future, form: str, system: str = "all taken", rule: Rule = stay
) -> RingWorkload:
    """An episode whose future is known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edgesim.twin.ring.workload.drawn", lambda *_: what)
        ring = RingWorkload.alone(
            world.scenario, np.random.SeedSequence(0), world=world, system=system, form=form
        )
    assert ring.run(rule).closes
    return ring


APART = [(10.3, 20.0, 15.0), (90.1, 3.0, 40.0), (151.7, 50.0, 7.0)]
"""Requests of which each has the ring for itself."""


@pytest.mark.parametrize("system", ["all taken", "free", "without:laptop"])
def test_both_forms_agree_exactly_where_nothing_interferes(quiet: RingWorld, system: str) -> None:
    fast, full = (served(quiet, future(APART), form, system) for form in ("fast", "full"))
    assert full.state.end_s == pytest.approx(fast.state.end_s, rel=1e-9)
    assert full.state.first_s == pytest.approx(fast.state.first_s, rel=1e-9)
    assert full.state.status.tolist() == fast.state.status.tolist()


def test_both_forms_agree_in_the_mean() -> None:
    world = world_of({"horizon_s": 400.0})
    returns = []
    for seed in range(6):
        pair = []
        for form in ("fast", "full"):
            ring = RingWorkload.alone(
                world.scenario,
                np.random.SeedSequence(seed),
                world=world,
                system="all taken",
                form=form,
            )
            ring.run(stay)
            pair.append(float(ring.state.floats[serving.GOOD]))
        returns.append(pair)
    fast, full = np.mean(returns, axis=0)
    assert full == pytest.approx(fast, rel=0.08)


def test_a_leap_over_passes_is_what_they_are_one_by_one(
    quiet: RingWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = [(0.5, 20.0, 60.0), (3.1, 10.0, 30.0), (60.0, 5.0, 90.0)]
    what = future(busy, [(40.0, 0, BUSY, 1.0)])
    leaping = served(quiet, what, "full", "free")
    monkeypatch.setattr("edgesim.twin.ring.serving_full.FullServing._leap", lambda *_: False)
    walking = served(quiet, what, "full", "free")
    assert leaping.state.end_s == pytest.approx(walking.state.end_s, rel=1e-9)
    assert np.isfinite(leaping.state.end_s).all()


def test_memory_that_is_taken_falls_out_of_the_page_cache(quiet: RingWorld) -> None:
    request = [(0.5, 1.0, 30.0)]
    free, taken = (
        served(quiet, future(request, events), "full", "free")
        for events in ((), [(3.0, 0, BUSY, 1.0)])
    )
    times = quiet.tables.token_s[quiet.systems["free"]]
    assert float(free.state.end_s[0] - free.state.first_s[0]) == pytest.approx(30 * times[0])
    slower = float(taken.state.end_s[0] - taken.state.first_s[0])
    made = int((3.0 - float(taken.state.first_s[0])) / times[0])
    # The first passes after it find some pages still there
    assert slower == pytest.approx((made * times[0]) + (30 - made) * times[1], rel=0.05)


def test_a_device_that_is_away_holds_the_pass_until_it_is_back(quiet: RingWorld) -> None:
    request = [(0.5, 1.0, 10.0)]
    events = [(2.0, 1, GONE, 1.0), (52.0, 1, BACK, 1.0)]
    there, gone = (
        served(quiet, future(request, them), "full", "all taken") for them in ((), events)
    )
    late_s = float(gone.state.end_s[0] - there.state.end_s[0])
    assert 49.5 < late_s <= 50.0


def test_others_on_the_air_and_a_weak_signal_slow_hops_down(quiet: RingWorld) -> None:
    request = [(0.5, 2000.0, 1.0)]
    world = quiet
    air_s = 2001 * world.tables.hop_s[world.systems["all taken"]].sum()
    alone, shared, weak = (
        served(world, future(request, events), "full", "all taken").state.first_s[0]
        for events in ((), [(0.1, 0, CROWD, 1.0)], [(0.1, n, LINK, 0.5) for n in range(3)])
    )
    assert shared - alone == pytest.approx(air_s, rel=1e-6)
    assert weak - alone == pytest.approx(air_s, rel=1e-6)


def test_a_new_plan_reads_what_a_device_did_not_have(quiet: RingWorld) -> None:
    def change(ring: RingWorkload, asked: Asked) -> int:
        if asked.about == "arrival":
            return 0
        return 4 + world.systems["all taken"] if asked.number == 1 else 3

    world = quiet
    old, new = (world.plans[world.systems[name]] for name in ("free", "all taken"))
    assert old is not None and new is not None
    moved = served(world, future([(0.5, 1.0, 40.0)]), "full", "free", change)
    still = served(world, future([(0.5, 1.0, 40.0)]), "full", "free")
    assert moved.state.floats[serving.REPLANS] == 1.0
    # Device 1 had layers 51 to 59 and gets 39 to 53; device 2 had none
    rates, size = world.tables.disk_bytes_per_s, world.tables.layer_bytes
    ends = np.cumsum(new.windows)
    fresh = [len(set(range(ends[0], ends[1])) - set(range(old.windows[0], 60))), new.windows[2]]
    read_s = max(fresh[0] * size / rates[1], fresh[1] * size / rates[2])
    assert float(moved.state.end_s[0]) > float(still.state.end_s[0]) + 0.5 * read_s


def test_tokens_that_are_proposed_are_whole_and_accepted_by_chance() -> None:
    world = world_of(QUIET | {"drafts": [0, 3]})
    draft = 4 + len(world.names) + 1

    def propose(ring: RingWorkload, asked: Asked) -> int:
        return 0 if asked.about == "arrival" else draft

    many = future([(0.5, 1.0, 400.0)])
    fast, full = (served(world, many, form, "all taken", propose) for form in ("fast", "full"))
    assert float(full.state.end_s[0]) == pytest.approx(float(fast.state.end_s[0]), rel=0.1)
    assert float(full.state.end_s[0]) != float(fast.state.end_s[0])


def test_a_fork_goes_on_alike_and_with_another_seed_otherwise() -> None:
    world = world_of({"horizon_s": 200.0})
    ring = RingWorkload.alone(
        world.scenario, np.random.SeedSequence(5), world=world, system="all taken", form="full"
    )
    for _ in range(25):
        asked = ring.next_decision()
        assert asked is not None
        ring.decide(stay(ring, asked))
    same, other = ring.fork(), ring.fork(np.random.SeedSequence(9))
    ends = [it.run(stay) and it.state.end_s.tolist() for it in (ring, same, other)]
    assert ends[0] == ends[1]
    assert ends[2] != ends[0]
    assert other.ledger.closes


def test_placements_without_windows_run_while_all_is_free() -> None:
    keys = QUIET | {"horizon_s": 60.0}
    world = world_of(keys, "llm_ring_32b")
    what = future([(0.5, 1.0, 10.0)], [(1.0, 1, BUSY, 1.0)])
    exo = served(world, what, "full", "exo")
    assert exo.ledger.counts["unfinished"] == 1
    ended = served(world, future([(0.5, 1.0, 10.0)]), "full", "exo")
    token_s = world.tables.token_s[world.systems["exo"], 0]
    assert ended.state.end_s[0] - ended.state.first_s[0] == pytest.approx(10 * token_s)


def test_another_form_is_refused(quiet: RingWorld) -> None:
    with pytest.raises(InputError, match="form"):
        RingWorkload(quiet.scenario, quiet, form="exact")
