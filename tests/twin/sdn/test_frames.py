"""The loop over frames and echoes, by hand: tables in, tables out."""

from typing import Any

import numpy as np
import pytest

from edgesim.twin.network.links import LinkTables
from edgesim.twin.sdn.frames import (
    ARRIVED,
    CROSSING,
    ECHO,
    FLYING,
    HEAD,
    HEARD,
    LOST,
    SENT,
    Kept,
    Lines,
    advance,
)
from edgesim.twin.sdn.link_view import ViewTables
from edgesim.twin.sdn.timetable import NextEchoes, NextFrames

NEVER = 1e9  # the last entry of each table, so that none comes to its end


class Desk:
    """Two switches, and a link each way that carries 800 bit/s of its 8,000 and loses a tenth.

    A frame takes 2 s over a link, and messages take no time: it is back 2 s after it crossed.
    """

    def __init__(
        self,
        frames: list[tuple[float, int]],
        echoes: list[tuple[float, int, float]] | None = None,
        *,
        fates: list[float] | None = None,
        back_s: list[float] | None = None,
        room: int = 8,
        smoothing: int = 2,
        first_probe: int = 0,
        piggyback: bool = True,
        ends: bool = False,
    ) -> None:
        frames = frames if ends else [*frames, (NEVER, 0)]
        crossed_s = np.array([time_s for time_s, _ in frames])
        back = np.array(crossed_s if back_s is None else [*back_s, NEVER])
        self.frames = NextFrames(
            crossed_s,
            np.array([line for _, line in frames], dtype=np.intp),
            crossed_s.copy(),
            back,
            np.array([*(fates or [0.5] * (len(frames) - 1)), 0.5])[: len(frames)],
        )
        replies = [*(echoes or []), (NEVER, 0, 0.0)]
        self.echoes = NextEchoes(
            np.array([it[0] for it in replies]),
            np.array([it[1] for it in replies], dtype=np.intp),
            np.array([it[2] for it in replies]),
        )
        lines = np.array([0, 1, 0, 1]), np.array([1, 0, 1, 0])
        self.lines = Lines(*lines, first_probe=first_probe, piggyback=piggyback)
        self.links = LinkTables(
            capacity_bps=np.full(2, 8000.0),
            load_bps=np.full(2, 800.0),
            delay_s=np.full(2, 2.0),
            loss=np.full(2, 0.1),
            since_s=np.zeros(2),
            sent_bytes=np.zeros(2),
            received_bytes=np.zeros(2),
            delay_area=np.zeros(2),
        )
        self.kept = Kept(
            node_up=np.ones(2, dtype=np.bool_),
            latency_s=np.zeros(2),
            last=np.zeros((2, 3)),
            delays_s=np.zeros((2, 1 + smoothing)),
            measured=np.zeros((2, 2)),
        )
        self.view = ViewTables(np.full(2, 9.0), np.full(2, 9.0), np.full(2, 9.0), np.full(2, 9.0))
        self.counters = np.zeros(8, dtype=np.int64)
        self.flying = np.zeros((room, 6))

    def until(self, now: float) -> bool:
        return advance(
            now, self.counters, self.flying, self.frames, self.echoes,
            self.lines, self.links, self.kept, self.view,
        )  # fmt: skip

    def counted(self, *places: int) -> list[int]:
        return [int(self.counters[place]) for place in places]


def test_a_frame_brings_the_counters_of_when_it_crossed_and_the_delay_of_the_link() -> None:
    desk = Desk([(10.0, 0)])
    assert desk.until(10.0)
    # 800 bit/s for 10 s are 1,000 bytes, of which 900 come out; the delay's integral is 20 s².
    assert desk.counted(CROSSING, FLYING, SENT, LOST, ARRIVED) == [1, 1, 1, 0, 0]
    assert desk.links.sent_bytes.tolist() == [1000.0, 0.0]
    assert desk.links.received_bytes.tolist() == [900.0, 0.0]
    assert desk.links.delay_area.tolist() == [20.0, 0.0]
    assert desk.links.since_s.tolist() == [10.0, 0.0]
    assert desk.flying[0].tolist() == [12.0, 10.0, 0.0, 10.0, 1000.0, 900.0]
    assert desk.until(11.9) and desk.view.delay_s[0] == 9.0  # not back yet
    assert desk.until(12.0)
    assert desk.counted(FLYING, SENT, LOST, ARRIVED, HEAD) == [0, 1, 0, 1, 0]
    assert desk.kept.last[0].tolist() == [10.0, 1000.0, 900.0]
    assert desk.kept.measured.tolist() == [[1.0, 2.0], [0.0, 0.0]]
    view = [float(column[0]) for column in desk.view]
    assert view == pytest.approx([2.0, 7200.0, 0.1, 10.0])
    assert [float(column[1]) for column in desk.view] == [9.0] * 4


def test_a_second_frame_tells_what_has_happened_since_the_first() -> None:
    desk = Desk([(10.0, 0), (20.0, 0)])
    desk.until(15.0)
    desk.links.load_bps[0], desk.links.loss[0], desk.links.delay_s[0] = 1600.0, 0.2, 4.0
    desk.until(24.0)
    # 10 s at 1,600 bit/s and a fifth lost: the whole 10 s, as the integrals stood at 10 s.
    assert desk.links.sent_bytes[0] == 3000.0 and desk.links.received_bytes[0] == 2500.0
    assert desk.links.delay_area[0] == 60.0
    view = [float(column[0]) for column in desk.view]
    assert view == pytest.approx([3.0, 6400.0, 0.2, 20.0])  # the mean of delays of 2 and 4 s
    assert desk.kept.measured[0].tolist() == [2.0, 6.0]


def test_no_more_delays_are_averaged_than_were_asked_for() -> None:
    desk = Desk([(10.0, 0), (20.0, 0), (30.0, 0), (40.0, 0)], smoothing=3)
    means = []
    for time_s, delay_s in ((14.0, 1.0), (24.0, 4.0), (34.0, 7.0), (48.0, 1.0)):
        desk.until(time_s)
        means.append(float(desk.view.delay_s[0]))
        desk.links.delay_s[0] = delay_s
    # Delays of 2, 1, 4 and 7 s.
    assert means == pytest.approx([2.0, 1.5, 7 / 3, 4.0])
    assert desk.kept.delays_s[0].tolist() == [3.0, 1.0, 4.0, 7.0]


@pytest.mark.parametrize(("fate", "lost"), [(0.0999, 1), (0.1, 0), (0.1001, 0)])
def test_a_frame_is_lost_where_its_number_lies_below_the_loss(fate: float, lost: int) -> None:
    desk = Desk([(10.0, 1)], fates=[fate])
    desk.until(20.0)
    assert desk.counted(SENT, LOST, ARRIVED) == [1, lost, 1 - lost]
    assert (desk.links.since_s[1] == 10.0) == (lost == 0)


def test_of_a_switch_that_is_down_nothing_is_sent_and_to_one_nothing_arrives() -> None:
    desk = Desk([(10.0, 0), (10.0, 1), (30.0, 0)], [(5.0, 0, 0.1), (5.0, 1, 0.1)])
    desk.kept.node_up[1] = False
    desk.until(20.0)
    assert desk.counted(SENT, LOST, ARRIVED, HEARD) == [1, 1, 0, 1]
    assert desk.kept.latency_s.tolist() == [0.1, 0.0]
    desk.kept.node_up[1] = True
    desk.until(40.0)
    assert desk.counted(SENT, LOST, ARRIVED, FLYING, HEAD) == [2, 1, 1, 0, 0]


def test_frames_arrive_in_the_order_of_their_arrival() -> None:
    """Crossed at 1, 2 and 3 s on links of 2 s, the first is 9 s in the channel, the second 4 s."""
    desk = Desk([(1.0, 0), (2.0, 1), (3.0, 0)], back_s=[10.0, 6.0, 3.0])
    desk.until(4.0)
    assert desk.flying[:3, 0].tolist() == [5.0, 8.0, 12.0]
    assert desk.flying[:3, 1].tolist() == [3.0, 2.0, 1.0]
    assert desk.flying[:3, 2].tolist() == [0.0, 1.0, 0.0]
    desk.until(5.0)
    assert desk.counted(FLYING, HEAD, ARRIVED) == [2, 0, 1]
    assert desk.flying[:2, 0].tolist() == [8.0, 12.0]  # moved to the beginning
    assert desk.flying[:2, 5].tolist() == [180.0, 90.0]
    desk.until(12.0)
    assert desk.counted(FLYING, ARRIVED) == [0, 3]
    # The frame of 1 s comes after that of 3 s over the same link: it tells nothing any more.
    assert desk.kept.measured.tolist() == [[1.0, 2.0], [1.0, 6.0]]
    assert desk.view.measured_s.tolist() == [3.0, 2.0]


def test_frames_that_arrive_together_come_in_the_order_in_which_they_crossed() -> None:
    desk = Desk([(1.0, 0), (2.0, 1)], back_s=[6.0, 6.0])
    desk.until(3.0)
    assert desk.flying[:2, 1].tolist() == [1.0, 2.0]


def test_a_latency_counts_from_when_its_echo_is_heard() -> None:
    """A frame that comes at 12 s knows the echo of 12 s, and not that of 12.5 s."""
    desk = Desk([(10.0, 0)], [(11.0, 0, 0.25), (12.0, 1, 0.5), (12.5, 1, 2.0)])
    desk.until(13.0)
    assert desk.view.delay_s[0] == pytest.approx(12.0 - 10.0 - 0.25 - 0.5)
    assert desk.kept.latency_s.tolist() == [0.25, 2.0]
    assert desk.counted(ECHO, HEARD) == [3, 3]


def test_a_delay_is_never_negative() -> None:
    desk = Desk([(10.0, 0)], [(11.0, 0, 1.5), (11.0, 1, 1.0)])
    desk.until(13.0)
    assert desk.view.delay_s[0] == 0.0 and desk.kept.measured[0].tolist() == [1.0, 0.0]


def test_without_counters_of_their_own_frames_tell_delays_alone() -> None:
    desk = Desk([(10.0, 0), (20.0, 2)], piggyback=False, first_probe=2)
    desk.until(30.0)
    # Line 0 is a bare discovery frame, line 2 the probe of the same link.
    assert desk.counted(SENT, ARRIVED) == [2, 2]
    assert desk.kept.measured.tolist() == [[1.0, 2.0], [0.0, 0.0]]
    assert [float(column[0]) for column in desk.view] == [2.0, 9.0, 9.0, 20.0]


def test_an_idle_link_loses_nothing_and_more_than_all_is_not_there() -> None:
    desk = Desk([(10.0, 0), (10.0, 1)])
    desk.links.load_bps[:] = (0.0, 16_000.0)
    desk.until(20.0)
    assert desk.view.loss.tolist() == pytest.approx([0.0, 0.1])
    assert desk.view.available_bps.tolist() == [8000.0, 0.0]


def test_what_is_full_asks_for_more_room_and_goes_on_there() -> None:
    desk = Desk([(1.0, 0), (1.5, 1), (1.75, 0)], room=2)
    assert not desk.until(1.8)
    assert desk.counted(CROSSING, FLYING, SENT) == [2, 2, 2]
    desk.flying = np.concatenate([desk.flying, np.zeros_like(desk.flying)])
    assert desk.until(1.8)
    assert desk.counted(CROSSING, FLYING, SENT) == [3, 3, 3]
    assert desk.until(9.0)
    assert desk.counted(FLYING, ARRIVED) == [0, 3]


def test_the_last_entry_of_a_table_asks_for_the_next_table() -> None:
    desk = Desk([(1.0, 0), (2.0, 1)], ends=True)
    assert desk.until(1.5)
    assert not desk.until(2.0)
    assert desk.counted(CROSSING, SENT) == [2, 2]
    other = Desk([], [(1.0, 0, 0.5)])
    heard_s, switches, halves_s = other.echoes
    other.echoes = NextEchoes(heard_s[:1], switches[:1], halves_s[:1])
    assert other.until(0.5)
    assert not other.until(1.0)
    assert other.counted(ECHO, HEARD) == [1, 1]


def test_frames_and_echoes_of_an_instant_are_due_then() -> None:
    desk: Any = Desk([(2.0, 0)], [(2.0, 0, 0.5)])
    desk.until(1.999)
    assert desk.counted(CROSSING, ECHO) == [0, 0]
    desk.until(2.0)
    assert desk.counted(CROSSING, ECHO) == [1, 1]
