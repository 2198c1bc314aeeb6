"""Fair transfers: what those who share links see.

Links carry whole bytes a second (8 bit/s each), so that times can be worked out by hand.
"""

import pickle
from array import array
from collections.abc import Iterable, Sequence
from itertools import count
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from edgesim.twin.core.clock import Clock
from edgesim.twin.core.forking import copied
from edgesim.twin.core.sharing import Job, ProcessorSharing
from edgesim.twin.network.fair import FairTransfers
from edgesim.twin.network.fair_ways import FairTransfer

Log = list[tuple[str, float]]


class World:
    """Links of so many bytes a second, and transfers that write down when they arrive."""

    def __init__(self, *bytes_a_second: float) -> None:
        self.clock = Clock()
        self.room_bps = array("d", [8.0 * rate for rate in bytes_a_second])
        self.altered: list[tuple[float, list[int]]] = []
        self.transfers = FairTransfers(self.clock, self.room_bps, self.loaded)
        self.log: Log = []
        self.sent: dict[str, FairTransfer] = {}

    def loaded(self, links: Any) -> None:
        self.altered.append((self.clock.now, sorted(links.tolist())))

    def arrived(self, name: str) -> None:
        self.log.append((name, self.clock.now))

    def send(self, name: str, size: float, path: Sequence[int], delay_s: float = 0.0) -> None:
        self.sent[name] = self.transfers.send(size, path, self.arrived, name, delay_s)

    def cancel(self, name: str) -> None:
        self.log.append((f"{name} lacked {self.transfers.cancel(self.sent[name])}", self.clock.now))

    def move(self, name: str, path: Sequence[int]) -> None:
        self.transfers.move(self.sent[name], path)

    def room(self, rates: dict[int, float]) -> None:
        for link, rate in rates.items():
            self.room_bps[link] = 8.0 * rate
        self.transfers.changed(rates)

    def at(self, time_s: float, what: str, *arguments: Any) -> None:
        self.clock.at(time_s, self.happen, (what, arguments))

    def happen(self, moment: Any) -> None:
        what, arguments = moment.value
        getattr(self, what)(*arguments)

    def rate(self, name: str) -> float:
        return self.transfers.rate_bps(self.sent[name]) / 8

    def run(self) -> Log:
        self.clock.advance()
        return self.log


# ---- worked out by hand


def test_on_a_line_the_long_way_and_the_short_ones_have_half_each() -> None:
    world = World(1, 1)
    world.send("long", 3, (0, 1))
    world.send("first link", 1, (0,))
    world.send("second link", 2, (1,))
    # All at 1/2. At 2 the first link has room that the long way cannot use: the second is full. At
    # 4 the long way has 1 left, alone.
    assert world.run() == [("first link", 2.0), ("second link", 4.0), ("long", 5.0)]


def test_on_a_line_with_a_wide_link_its_own_transfer_takes_what_the_long_one_cannot() -> None:
    world = World(1, 2)
    world.send("long", 5, (0, 1))
    world.send("narrow", 1, (0,))
    world.send("wide", 6, (1,))
    assert [world.rate(name) for name in world.sent] == [0.5, 0.5, 1.5]
    # At 2 the narrow one is through, wide has 3 left; then all at 1: wide until 5, long until 6.
    assert world.run() == [("narrow", 2.0), ("wide", 5.0), ("long", 6.0)]


def test_in_a_star_the_way_down_to_one_leaf_is_shared_and_leaves_the_ways_up_room() -> None:
    up, down = (0, 1, 2, 3), (4, 5, 6, 7)
    world = World(*[1] * 8)
    world.send("0 to 3", 2, (up[0], down[3]))
    world.send("1 to 3", 1, (up[1], down[3]))
    world.send("2 to 3", 1, (up[2], down[3]))
    world.send("0 to 1", 3, (up[0], down[1]))
    assert [world.rate(name) for name in world.sent] == pytest.approx([1 / 3, 1 / 3, 1 / 3, 2 / 3])
    # At 3 those from 1 and 2 are through; from 0 one byte is left each, and the way up is shared.
    log = world.run()
    assert [name for name, _ in log] == ["1 to 3", "2 to 3", "0 to 3", "0 to 1"]
    assert [time_s for _, time_s in log] == pytest.approx([3, 3, 5, 5], rel=1e-15)


def test_in_a_triangle_of_unequal_links() -> None:
    world = World(1, 2, 3)
    world.send("0 and 1", 2, (0, 1))
    world.send("1 and 2", 3, (1, 2))
    world.send("2 and 0", 3, (2, 0))
    # Link 0 is full at 1/2 each, then link 1 with the 3/2 that it has left; link 2 never.
    assert [world.rate(name) for name in world.sent] == [0.5, 1.5, 0.5]
    assert [load / 8 for load in world.transfers.load_bps] == [1.0, 2.0, 2.0]
    # When "0 and 1" is through at 4, "2 and 0" has 1 left and link 0 to itself.
    assert world.run() == [("1 and 2", 2.0), ("0 and 1", 4.0), ("2 and 0", 5.0)]
    assert [world.transfers.carried_bytes(link) for link in range(3)] == [5.0, 5.0, 6.0]


def test_in_a_triangle_of_equal_links_one_more_transfer_speeds_up_another() -> None:
    world = World(1, 1, 1)
    world.send("0 and 1", 9, (0, 1))
    world.send("1 and 2", 9, (1, 2))
    world.send("2 and 0", 9, (2, 0))
    assert [world.rate(name) for name in world.sent] == [0.5, 0.5, 0.5]
    world.send("0 alone", 1, (0,))
    # Link 0 is full at 1/3; what its two others leave on links 1 and 2 goes to the one on both.
    assert [world.rate(name) for name in world.sent] == pytest.approx([1 / 3, 2 / 3, 1 / 3, 1 / 3])
    assert world.transfers.load_bps.tolist() == [8.0, 8.0, 8.0]


def test_two_on_one_link_share_and_the_one_left_speeds_up() -> None:
    world = World(1)
    world.at(0.0, "send", "long", 4, (0,))
    world.at(1.0, "send", "short", 1, (0,))
    # long is alone for 1 s and has 3 left; both then run at 1/2, short for 2 s; long has 2 left.
    assert world.run() == [("short", 3.0), ("long", 5.0)]


def test_what_is_reserved_is_not_there_for_a_transfer() -> None:
    world = World(1)
    world.send("a", 2, (0,))
    world.at(1.0, "room", {0: 0.25})
    world.at(3.0, "room", {0: 0.5})
    # 1 byte until 1, half a byte until 3, the other half in one more second.
    assert world.run() == [("a", 4.0)]


def test_a_link_that_is_down_stops_all_on_it_and_frees_what_they_had_elsewhere() -> None:
    world = World(1, 1)
    world.send("both", 2, (0, 1))
    world.send("second", 3, (1,))
    world.at(2.0, "room", {0: 0.0})
    world.at(4.0, "room", {0: 1.0})
    # At 2 they have 1 and 2 left; second alone is through at 4, when the link is repaired.
    assert world.run() == [("second", 4.0), ("both", 5.0)]
    assert [world.transfers.carried_bytes(link) for link in (0, 1)] == [2.0, 5.0]


def test_a_transfer_that_is_rerouted_goes_on_with_what_it_lacks() -> None:
    world = World(1, 1, 2)
    world.send("stays", 4, (1,))
    world.send("moves", 4, (0, 1))
    world.at(2.0, "move", "moves", (0, 2))
    # Half each until 2, then each on its own: 3 left at 1.
    assert world.run() == [("stays", 5.0), ("moves", 5.0)]
    assert [world.transfers.carried_bytes(link) for link in range(3)] == [4.0, 5.0, 3.0]
    assert world.sent["moves"].path == (0, 2)


def test_who_is_taken_away_makes_room_and_takes_the_rest_along() -> None:
    world = World(1)
    world.send("stays", 3, (0,))
    world.send("goes", 5, (0,))
    world.at(2.0, "cancel", "goes")
    assert world.run() == [("goes lacked 4.0", 2.0), ("stays", 4.0)]
    for name in world.sent:
        with pytest.raises(ValueError, match="not on its way"):
            world.transfers.cancel(world.sent[name])
        with pytest.raises(ValueError, match="not on its way"):
            world.transfers.move(world.sent[name], (0,))


def test_the_last_byte_propagates_while_the_links_serve_others() -> None:
    world = World(1)
    world.send("far", 2, (0,), delay_s=3.0)
    world.send("near", 3, (0,))
    world.at(4.5, "cancel", "far")
    world.at(6.0, "send", "far", 2, (0,), 3.0)
    assert world.run() == [("far lacked 0.0", 4.5), ("near", 5.0), ("far", 11.0)]


def test_no_bytes_and_no_links_take_an_event_and_the_delay() -> None:
    world = World(0)
    world.send("nothing", 0, (0,))
    world.send("nowhere", 7, (), delay_s=0.5)
    world.send("goes", 0, ())
    world.cancel("goes")
    assert world.log == [("goes lacked 0.0", 0.0)]
    assert world.run()[1:] == [("nothing", 0.0), ("nowhere", 0.5)]


def test_a_transfer_may_move_away_and_back() -> None:
    world = World(1, 1)
    world.send("a", 4, (0,))
    world.send("b", 4, (0,))
    world.at(2.0, "move", "a", (1,))
    world.at(2.0, "move", "a", (0,))
    world.at(4.0, "move", "a", (1,))
    world.at(5.0, "move", "a", (0,))
    # Half each until 4, each on its own for a second, then half each again: both lack 1 at 5.
    assert world.run() == [("a", 7.0), ("b", 7.0)]
    assert [world.transfers.carried_bytes(link) for link in (0, 1)] == [7.0, 1.0]


def test_a_transfer_moved_to_no_links_is_through() -> None:
    world = World(1)
    world.send("a", 5, (0,))
    world.send("b", 5, (0,))
    world.at(2.0, "move", "a", ())
    assert world.run() == [("a", 2.0), ("b", 6.0)]


# ---- order, instants


def test_ways_that_come_and_go_are_as_good_as_new_however_many_there_are() -> None:
    """Each link alone at 1, one after the other: more than ways are kept for the next time.

    In between two are taken away as they come: one along a new way, one along the oldest kept.
    """
    world = World(*[1] * 301)
    for link in range(300):
        world.at(5.0 * link, "send", f"{link}", 2.0, (link,))
    for name, link in (("new", 300), ("oldest", 36)):
        world.at(499.0, "send", name, 2.0, (link,))
        world.at(499.0, "cancel", name)
    world.at(2000.0, "send", "again", 2.0, (36,))
    log = [line for line in world.run() if "lacked" not in line[0]]
    assert log == [*((f"{link}", 5.0 * link + 2.0) for link in range(300)), ("again", 2002.0)]


def test_changes_that_are_alone_at_their_instant_are_worked_out_without_an_event() -> None:
    world = World(1)
    clock, transfers = world.clock, world.transfers

    def both(_: Any) -> None:
        world.send("one", 1, (0,))
        world.send("two", 1, (0,))

    def come(_: Any) -> None:
        transfers.alone(both, None)
        world.log.append((f"ends at {clock.free_until_s:g}", clock.now))

    clock.at(1.0, come)
    assert world.run() == [("ends at 3", 1.0), ("one", 3.0), ("two", 3.0)]


def test_changes_that_others_follow_at_their_instant_wait_for_them() -> None:
    world = World(1)
    clock, transfers = world.clock, world.transfers

    def come(_: Any) -> None:
        transfers.alone(lambda _: world.send("one", 1, (0,)), None)
        world.log.append((f"next at {clock.free_until_s:g}", clock.now))

    clock.at(1.0, come)
    clock.at(1.0, lambda _: world.cancel("one"))
    assert world.run() == [("next at 1", 1.0), ("one lacked 1.0", 1.0)]
    assert world.altered == []  # no rate was worked out for one that never began


def test_equals_end_in_order_of_arrival() -> None:
    world = World(1, 1)
    for place, name in enumerate("dbca"):
        world.send(name, 1, (place % 2,))
    assert world.run() == [("d", 2.0), ("b", 2.0), ("c", 2.0), ("a", 2.0)]


def test_equals_on_paper_end_in_order_of_arrival_although_their_sums_round() -> None:
    for paths in (((0,), (0,)), ((0,), (1,))):
        world = World(1, 1)
        world.send("first", 0.30000000000000004, paths[0])
        world.send("second", 0.3, paths[1])
        log = world.run()
        assert [name for name, _ in log] == ["first", "second"]
        assert log[0][1] == log[1][1]


def test_ends_that_are_equal_on_paper_are_one_instant_on_other_ways_too() -> None:
    world = World(1, 1, 1)
    world.send("first", 0.1 + 0.2, (0,))
    world.send("second", 0.3, (1,))
    world.send("later", 0.3 + 1e-9, (2,))
    log = world.run()
    assert [name for name, _ in log] == ["first", "second", "later"]
    assert log[0][1] == log[1][1] < log[2][1]
    # A way's next end is its own: far apart ends on a hundred ways come one by one.
    world = World(*[1] * 100)
    for number in range(100):
        world.send(str(number), 1 + number * 37 % 100, (number,))
    log = world.run()
    assert [time_s for _, time_s in log] == [1.0 + number for number in range(100)]
    assert all(1 + int(name) * 37 % 100 == time_s for name, time_s in log)


def test_what_rounding_has_taken_from_a_load_is_summed_up_afresh_after_some_changes() -> None:
    """Beside 10^16 a load of 0.8 bit/s cannot be told; when that is gone it has to come back."""
    world = World(1e16, 0.1, 1.0, 1e15)
    transfers = world.transfers
    world.send("slow", 1e9, (0, 1))
    world.send("huge", 1e30, (0, 3))
    assert world.rate("huge") == 1e15
    world.cancel("huge")
    assert transfers.load_bps[0] != 8 * 0.1
    for _ in range(300):
        world.send("small", 1e9, (0, 2))
        assert transfers.load_bps[0] == pytest.approx(8 * 1.1, abs=2.0)
        world.cancel("small")
        assert transfers.load_bps[0] == pytest.approx(8 * 0.1, abs=2.0)
    assert transfers.load_bps[0] == pytest.approx(8 * 0.1, rel=1e-12)
    assert world.rate("slow") == pytest.approx(0.1, rel=1e-15)


def test_the_end_of_one_may_take_away_another_that_ends_with_it_and_bring_a_new_one() -> None:
    world = World(1)
    ends: Log = []

    def ended(name: str) -> None:
        ends.append((name, world.clock.now))
        if name == "a":
            assert world.transfers.cancel(b) == 0.0
            world.transfers.send(2, (0,), ended, "new")

    for name in "abc":
        world.sent[name] = world.transfers.send(1, (0,), ended, name)
    b = world.sent["b"]
    world.clock.advance()
    assert ends == [("a", 3.0), ("c", 3.0), ("new", 5.0)]
    assert world.transfers.count == 0


def test_all_changes_of_an_instant_are_worked_out_together() -> None:
    world = World(1, 1, 1)
    for name in "abcd":
        world.at(1.0, "send", name, 1, (0, 1))
    world.at(1.0, "room", {0: 2.0})
    world.at(1.0, "send", "e", 1, (2,))
    world.at(1.0, "cancel", "d")
    world.run()
    assert world.altered == [(1.0, [0, 1, 2]), (2.0, [2]), (4.0, [0, 1])]


def test_asked_within_an_instant_rates_and_loads_are_those_of_now() -> None:
    world = World(1)
    world.send("a", 4, (0,))
    assert world.rate("a") == 1.0
    world.send("b", 4, (0,))
    assert world.transfers.load_bps[0] == 8.0
    assert world.rate("a") == world.rate("b") == 0.5
    world.at(2.0, "cancel", "a")
    assert world.run() == [("a lacked 3.0", 2.0), ("b", 5.0)]
    assert world.rate("a") == world.rate("b") == world.transfers.load_bps[0] == 0.0


def test_who_is_on_a_link_and_what_they_lack_can_be_asked_at_any_time() -> None:
    world = World(1, 1)
    world.send("b", 3, (0,))
    world.send("a", 3, (1, 0))
    world.send("through", 1, (1,), delay_s=9.0)
    world.move("b", (0, 1))
    on = world.transfers.on
    assert [[transfer.value for transfer in on(link)] for link in (0, 1)] == [
        ["b", "a"],
        ["b", "a", "through"],
    ]
    world.at(3.5, "cancel", "b")
    while world.clock.peek() < 3.5:
        world.clock.step()
    lacking = [world.transfers.lacking_bytes(transfer) for transfer in world.sent.values()]
    assert lacking == pytest.approx([2.0, 2.0, 0.0]), "at 3"
    world.clock.step()
    assert [transfer.value for transfer in on(1)] == ["a"]


def test_transfers_that_do_not_meet_do_not_hear_of_one_another() -> None:
    world = World(*[1] * 400)
    for number in range(200):
        world.send(str(number), 1 + number, (2 * number, 2 * number + 1))
    world.run()
    assert world.log == [(str(number), 1.0 + number) for number in range(200)]
    assert world.altered[1:] == [
        (1.0 + number, [2 * number, 2 * number + 1]) for number in range(200)
    ]


def test_late_in_a_long_world_tiny_transfers_still_end() -> None:
    world = World(1)
    for size in (1e-7, 1e-9, 0.0, 1e3):
        world.at(1e12, "send", str(size), size, (0,))
    events = 0
    while world.clock.peek() < inf:
        world.clock.step()
        events += 1
    assert sorted(name for name, _ in world.log) == sorted(["0.0", "1e-09", "1e-07", "1000.0"])
    assert events < 20


@pytest.mark.parametrize("size", [-1.0, nan, inf])
def test_impossible_sizes_are_refused(size: float) -> None:
    world = World(1)
    with pytest.raises(ValueError, match="size_bytes"):
        world.send("a", size, (0,))
    with pytest.raises(ValueError, match="delay_s"):
        world.send("a", 1.0, (0,), delay_s=size)
    assert world.transfers.count == 0
    assert world.run() == []


@pytest.mark.parametrize("path", [(0, 1, 0), (0, 2), (-1,)])
def test_impossible_paths_are_refused(path: tuple[int, ...]) -> None:
    world = World(1, 1)
    with pytest.raises(ValueError, match=r"twice|0 to 1"):
        world.send("a", 1.0, path)
    world.send("a", 1.0, (0,))
    with pytest.raises(ValueError, match=r"twice|0 to 1"):
        world.move("a", path)
    with pytest.raises(ValueError, match="0 to 1"):
        world.transfers.changed([0, 2])
    assert world.run() == [("a", 1.0)], "nothing has happened to it"


# ---- as laws

LINKS = 5

SIZES = st.one_of(st.sampled_from([1.0, 2.0]), st.floats(0.001, 20.0))
ROOMS = st.one_of(st.sampled_from([0.0, 1.0, 2.0]), st.floats(0.0, 5.0))
GAPS = st.one_of(st.just(0.0), st.floats(0.0, 4.0))
PATHS = st.permutations(range(LINKS)).flatmap(
    lambda links: st.integers(1, LINKS).map(lambda hops: tuple(links[:hops]))
)
WHOM = st.integers(0, 1000)
HAPPENINGS = st.one_of(
    st.tuples(st.just("send"), SIZES, PATHS),
    st.tuples(st.just("send"), SIZES, PATHS),
    st.tuples(st.just("cancel"), WHOM),
    st.tuples(st.just("move"), WHOM, PATHS),
    st.tuples(st.just("room"), st.dictionaries(st.integers(0, LINKS - 1), ROOMS, min_size=1)),
)
HISTORIES = st.lists(st.tuples(GAPS, HAPPENINGS), min_size=1, max_size=30)
ROOM_AT_FIRST = st.lists(ROOMS, min_size=LINKS, max_size=LINKS)


class Watched(World):
    """A world that keeps its own books, transfer by transfer."""

    def __init__(self, rooms: Iterable[float], history: list[tuple[float, Any]]) -> None:
        super().__init__(*rooms)
        self.present: dict[str, FairTransfer] = {}
        self.lacked: dict[str, float] = {}  # when looked at last
        self.carried = [0.0] * LINKS
        self.names = count()
        time_s = 0.0
        for gap, happening in history:
            time_s += gap
            self.at(time_s, "take", happening)
        # In the end all links are there, so that all will arrive.
        self.at(time_s, "room", dict.fromkeys(range(LINKS), 1.0))

    def take(self, happening: Any) -> None:
        what, *details = happening
        self.look()
        if what == "send":
            name = str(next(self.names))
            self.send(name, *details)
            self.present[name], self.lacked[name] = self.sent[name], details[0]
        elif what == "room":
            self.room(details[0])
        elif self.present:
            name = sorted(self.present)[details[0] % len(self.present)]
            if what == "cancel":
                lacking = self.transfers.cancel(self.present.pop(name))
                assert lacking == self.lacked.pop(name)
            else:
                self.move(name, details[1])

    def arrived(self, name: str) -> None:
        super().arrived(name)
        self.look(through=name)
        del self.present[name], self.lacked[name]

    def look(self, through: str = "") -> None:
        """Book what each has got since the last look on every link of its path."""
        for name, transfer in self.present.items():
            lacking = self.transfers.lacking_bytes(transfer)
            assert 0.0 <= lacking <= self.lacked[name] + 1e-9
            assert name != through or lacking == 0.0
            for link in transfer.path:
                self.carried[link] += self.lacked[name] - lacking
            self.lacked[name] = lacking


def assert_max_min_fair(world: World, present: Iterable[FairTransfer]) -> None:
    """Every transfer has a bottleneck: a link that is full, on which none is faster."""
    rates = {transfer: world.transfers.rate_bps(transfer) for transfer in present}
    load_bps = [0.0] * len(world.room_bps)
    fastest_bps = [0.0] * len(world.room_bps)
    for transfer, rate in rates.items():
        for link in transfer.path:
            load_bps[link] += rate
            fastest_bps[link] = max(fastest_bps[link], rate)
    for link, room_bps in enumerate(world.room_bps):
        assert world.transfers.load_bps[link] <= room_bps
        assert world.transfers.load_bps[link] == pytest.approx(load_bps[link], rel=1e-9, abs=1e-9)
    for transfer, rate in rates.items():
        assert any(
            load_bps[link] >= world.room_bps[link] * (1 - 1e-9)
            and rate >= fastest_bps[link] * (1 - 1e-9)
            for link in transfer.path
        ), (transfer.path, rate)


@settings(max_examples=100, deadline=None)
@given(ROOM_AT_FIRST, HISTORIES)
def test_rates_are_max_min_fair_at_every_event(
    rooms: list[float], history: list[tuple[float, Any]]
) -> None:
    world = Watched(rooms, history)
    while world.clock.peek() < inf:
        world.clock.step()
        assert_max_min_fair(world, world.present.values())
    assert not world.present
    assert world.transfers.count == 0


@settings(max_examples=100, deadline=None)
@given(ROOM_AT_FIRST, HISTORIES)
def test_bytes_are_conserved_on_every_link_at_every_event(
    rooms: list[float], history: list[tuple[float, Any]]
) -> None:
    world = Watched(rooms, history)
    while world.clock.peek() < inf:
        world.clock.step()
        world.look()
        for link in range(LINKS):
            carried = world.transfers.carried_bytes(link)
            assert carried == pytest.approx(world.carried[link], rel=1e-9, abs=1e-9)
        assert world.transfers.count == len(world.present)
        for link in range(LINKS):
            on = [transfer.value for transfer in world.transfers.on(link)]
            assert on == [name for name, it in world.present.items() if link in it.path]


@settings(max_examples=60, deadline=None)
@given(ROOM_AT_FIRST, HISTORIES, st.integers(0, 80))
def test_a_copy_made_at_any_event_goes_on_bit_for_bit(
    rooms: list[float], history: list[tuple[float, Any]], events: int
) -> None:
    straight = Watched(rooms, history)
    straight.run()
    interrupted = Watched(rooms, history)
    while events and interrupted.clock.peek() < inf:
        interrupted.clock.step()
        events -= 1
    copies: list[Watched] = [pickle.loads(pickle.dumps(interrupted)), copied(interrupted)]
    for world in (*copies, interrupted):
        world.run()
        assert world.log == straight.log
        assert world.carried == straight.carried


def test_a_copy_of_a_crowd_has_its_own_links() -> None:
    world = World(*[1] * 300)
    for number in range(300):
        path = [(number + step) % 300 for step in (0, 1, 77)]
        world.send(str(number), 1 + number * 0.731 % 7, path)
    for _ in range(40):
        world.clock.step()
    copy: World = pickle.loads(pickle.dumps(world))
    copy.room(dict.fromkeys(range(300), 2.0))
    later = len(world.log)
    world.run()
    copy.run()
    assert len(world.log) == len(copy.log) == 300
    assert copy.log[:later] == world.log[:later]
    assert copy.log[-1][1] < world.log[-1][1]


def arrivals() -> st.SearchStrategy[list[tuple[float, float]]]:
    return st.lists(st.tuples(GAPS, SIZES), min_size=1, max_size=25)


@settings(max_examples=100, deadline=None)
@given(arrivals(), st.lists(st.tuples(st.floats(0, 20), st.integers(0, 24)), max_size=8))
def test_one_link_is_a_processor_sharing_server(
    rows: list[tuple[float, float]], leavers: list[tuple[float, int]]
) -> None:
    def run(alike: bool) -> tuple[dict[int, float], dict[int, float]]:
        clock = Clock()
        # A second link that is never full makes ways of two kinds.
        transfers = FairTransfers(clock, array("d", [8.0, 80.0]))
        server = ProcessorSharing(clock, lambda present: 1 / present)
        ends: dict[int, float] = {}
        left: dict[int, float] = {}
        here: dict[int, Any] = {}

        def ended(number: int) -> None:
            ends[number] = clock.now
            del here[number]

        def served(job: Job) -> None:
            ended(job.value)

        def come(moment: Any) -> None:
            number, size = moment.value
            if alike:
                here[number] = server.add(size, served, number)
            else:
                path = (0, 1) if number % 3 else (0,)
                here[number] = transfers.send(size, path, ended, number)

        def leave(moment: Any) -> None:
            number = moment.value
            if number in here:
                gone = here.pop(number)
                left[number] = server.remove(gone) if alike else transfers.cancel(gone)

        time_s = 0.0
        for number, (gap, size) in enumerate(rows):
            time_s += gap
            clock.at(time_s, come, (number, size))
        for time_s, number in leavers:
            clock.at(time_s, leave, number)
        clock.advance()
        return ends, left

    for fair, alone in zip(run(alike=False), run(alike=True), strict=True):
        assert fair.keys() == alone.keys()
        for number, figure in fair.items():
            assert figure == pytest.approx(alone[number], rel=1e-9, abs=1e-9)


def test_a_crowd_on_many_links_has_fair_rates_to_the_end_and_twice_the_same() -> None:
    def run(looks: int) -> tuple[Log, list[float]]:
        rng = np.random.default_rng(5)
        world = World(*rng.uniform(1.0, 3.0, 120))
        time_s = 0.0
        for number in range(600):
            time_s += rng.exponential(0.05)
            path = rng.choice(120, size=int(rng.integers(1, 7)), replace=False).tolist()
            world.at(time_s, "send", str(number), rng.exponential(4.0), path, 0.01)
        for edge in range(10):
            world.at(5.0 + edge, "room", {2 * edge: 0.0, 2 * edge + 1: 0.0})
            world.at(9.0 + edge, "room", {2 * edge: 1.0, 2 * edge + 1: 1.0})
        events = 0
        while world.clock.peek() < inf:
            world.clock.step()
            events += 1
            if looks and events % looks == 0:
                present = [it for it in world.sent.values() if world.transfers.lacking_bytes(it)]
                assert_max_min_fair(world, present)
        assert len(world.log) == 600
        return world.log, [world.transfers.carried_bytes(link) for link in range(120)]

    assert run(looks=20) == run(looks=0)


# ---- queueing theory

BATCHES = 25


def agrees(values: Any, expected: float, within: float) -> bool:
    """The 99 % interval of the mean, from means of batches with a tenth left out as warm-up, holds
    ``expected`` and reaches no further than the share ``within`` of it.
    """
    kept = values[len(values) // 10 :]
    means = kept[: len(kept) // BATCHES * BATCHES].reshape(BATCHES, -1).mean(axis=1)
    half = stats.t.ppf(0.995, BATCHES - 1) * means.std(ddof=1) / BATCHES**0.5
    assert half < within * expected, f"{means.mean():.4g} ± {half:.4g} is too wide to tell"
    return bool(abs(means.mean() - expected) <= half)


SECOND_MOMENT = {"exponential": 2.0, "constant": 1.0, "varied": 6.5}


@pytest.mark.parametrize("service", SECOND_MOMENT)
def test_a_link_is_an_m_g_1_ps_queue_whatever_the_sizes(service: str) -> None:
    """E[T | S = x] = x / (1 - rho) (L. Kleinrock, "Queueing Systems", volume 2, 1976, section 4.4),
    where messages in order would stay rho E[S^2] / 2 (1 - rho) + x.
    """
    load, number = 0.6, 30_000
    rng = np.random.default_rng(11)
    mixed = np.where(rng.random(number) < 0.9, 0.5, 5.5)  # of mean 1
    sizes = {
        "exponential": rng.exponential(1.0, number),
        "constant": np.ones(number),
        "varied": mixed * rng.exponential(1.0, number),
    }[service]
    clock = Clock()
    transfers = FairTransfers(clock, array("d", [8.0]))
    times = rng.exponential(1 / load, number).cumsum()
    stays = np.zeros(number)

    def arrived(which: int) -> None:
        stays[which] = clock.now - times[which]

    def come(moment: Any) -> None:
        which = moment.value
        if which + 1 < number:
            clock.at(float(times[which + 1]), come, which + 1)
        transfers.send(float(sizes[which]), (0,), arrived, which)

    clock.at(float(times[0]), come, 0)
    clock.advance()
    assert agrees(stays, 1 / (1 - load), within=0.16)
    assert agrees(stays / sizes, 1 / (1 - load), within=0.1)
    small = sizes <= np.median(sizes)
    assert agrees((stays / sizes)[small], 1 / (1 - load), within=0.1)
    in_order = 1 + load * SECOND_MOMENT[service] / (2 * (1 - load))
    assert service == "exponential" or not agrees(stays, in_order, within=0.2)
