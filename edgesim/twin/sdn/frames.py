"""What becomes of the collector's frames and echoes: the loop over them, compiled by Numba."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import compiled
from edgesim.twin.network.links import LinkTables
from edgesim.twin.sdn.link_view import ViewTables
from edgesim.twin.sdn.timetable import NextEchoes, NextFrames

__all__ = [
    "ARRIVED",
    "CROSSING",
    "ECHO",
    "FLYING",
    "HEAD",
    "HEARD",
    "LOST",
    "SENT",
    "Kept",
    "Lines",
    "advance",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Places of the counters.
CROSSING = 0  # the next of the crossings
ECHO = 1  # the next of the echoes
FLYING = 2  # frames on their way from their port to the controller
SENT = 3  # frames that switches were given to send
LOST = 4  # those of them that never reached the controller
ARRIVED = 5  # those that did
HEARD = 6  # echo replies
HEAD = 7  # the place in the table of the frame that arrives next


class Lines(NamedTuple):
    """Lines of frames: each goes over and over from its near switch across a link to its far one.

    Line n crosses link n modulo the number of links.

    Attributes:
        near: switch of the port that sends, of each line.
        far: switch at the other end, of each line.
        first_probe: lines from this one on measure.
        piggyback: whether frames carry the counters of the ports.
    """

    near: Ints
    far: Ints
    first_probe: int
    piggyback: bool


class Kept(NamedTuple):
    """What the controller keeps of each switch and link to make sense of the next frame.

    Attributes:
        node_up: whether each switch is up.
        latency_s: measured latency of each switch.
        last: of the last frame over each link that came back: when it crossed, and the bytes that
            the near port had then sent and the far port received; shape (links, 3).
        delays_s: of each link, how many of its last delays follow, and these, the oldest first;
            shape (links, 1 + smoothing).
        measured: of each link, how many delays were measured and their sum; shape (links, 2).
    """

    node_up: npt.NDArray[np.bool_]
    latency_s: Floats
    last: Floats
    delays_s: Floats
    measured: Floats


def advance(
    now: float,
    counters: Ints,
    flying: Floats,
    frames: NextFrames,
    echoes: NextEchoes,
    lines: Lines,
    links: LinkTables,
    kept: Kept,
    view: ViewTables,
) -> bool:
    """Let frames cross and come back, and echoes come back, as far as they are due.

    Args:
        now: up to when, s.
        counters: see the places above.
        flying: the frames on their way, from the place HEAD on in the order in which they arrive:
            when it arrives, when it crossed, its line, when it was sent, bytes that the near port
            had sent and the far port received when it crossed; shape (room, 6).
        frames: the next crossings.
        echoes: the next echoes.
        lines: where the frames of each line go.
        links: the network: read, and its counters brought up to each frame's crossing.
        kept: what the controller keeps for the frames to come.
        view: what it believes: written.

    Returns:
        whether all that was due is done; otherwise one of the tables has come to its end.
    """
    # Numba recognises arrays among the arguments of a call in C, a NamedTuple of them in Python,
    # which would take as long as the loop itself: they cross one by one.
    done: bool = _enter(now, counters, flying, *frames, *echoes, *lines, *links, *kept, *view)
    return done


@compiled()
def _advance(  # noqa: PLR0912, PLR0915 - one compiled loop: tables are passed once
    now: float,
    counters: Ints,
    flying: Floats,
    frames: NextFrames,
    echoes: NextEchoes,
    lines: Lines,
    links: LinkTables,
    kept: Kept,
    view: ViewTables,
) -> bool:
    """See :func:`advance`."""
    ports = len(links.loss)
    while frames.crossed_s[counters[CROSSING]] <= now:
        at = counters[CROSSING]
        line = frames.lines[at]
        link = line % ports
        if kept.node_up[
            lines.near[line]
        ]:  # otherwise the switch is not connected to the controller
            if counters[FLYING] == len(flying):
                return False
            counters[SENT] += 1
            if frames.fates[at] < links.loss[link]:
                counters[LOST] += 1
            else:
                elapsed = frames.crossed_s[at] - links.since_s[link]
                if elapsed > 0.0:
                    sent = links.load_bps[link] * elapsed * 0.125
                    links.since_s[link] = frames.crossed_s[at]
                    links.sent_bytes[link] += sent
                    links.received_bytes[link] += sent * (1.0 - links.loss[link])
                    links.delay_area[link] += links.delay_s[link] * elapsed
                arrives_s = frames.back_s[at] + links.delay_s[link]
                # Frames arrive nearly in the order in which they cross: few are passed by.
                place = counters[FLYING]
                while place and flying[place - 1, 0] > arrives_s:
                    for column in range(flying.shape[1]):
                        flying[place, column] = flying[place - 1, column]
                    place -= 1
                flying[place, 0] = arrives_s
                flying[place, 1] = frames.crossed_s[at]
                flying[place, 2] = line
                flying[place, 3] = frames.sent_s[at]
                flying[place, 4] = links.sent_bytes[link]
                flying[place, 5] = links.received_bytes[link]
                counters[FLYING] += 1
        counters[CROSSING] += 1
        if counters[CROSSING] == len(frames.crossed_s):
            return False
    while True:
        frame = flying[counters[HEAD] % len(flying)]
        landed = counters[FLYING] > 0 and frame[0] <= now
        while echoes.heard_s[counters[ECHO]] <= (frame[0] if landed else now):
            switch = echoes.switches[counters[ECHO]]
            if kept.node_up[switch]:
                counters[HEARD] += 1
                kept.latency_s[switch] = echoes.halves_s[counters[ECHO]]
            counters[ECHO] += 1
            if counters[ECHO] == len(echoes.heard_s):
                return False
        if not landed:
            # The others move to the beginning: only there frames are put among them.
            head = counters[HEAD]
            for place in range(counters[FLYING] if head else 0):
                for column in range(flying.shape[1]):
                    flying[place, column] = flying[head + place, column]
            counters[HEAD] = 0
            return True
        counters[FLYING] -= 1
        counters[HEAD] += 1
        line = int(frame[2])
        if not kept.node_up[lines.far[line]]:
            counters[LOST] += 1
            continue
        counters[ARRIVED] += 1
        if line < lines.first_probe:
            continue
        link = line % ports
        if lines.piggyback:
            elapsed = frame[1] - kept.last[link, 0]
            if elapsed <= 0.0:
                continue  # an older frame that a later one has overtaken in the control channel
            sent = frame[4] - kept.last[link, 1]
            share = 1.0 - (frame[5] - kept.last[link, 2]) / sent if sent > 0.0 else 0.0
            kept.last[link, 0], kept.last[link, 1], kept.last[link, 2] = (
                frame[1],
                frame[4],
                frame[5],
            )
            spare = links.capacity_bps[link] - 8.0 * sent / elapsed
            view.available_bps[link] = max(0.0, spare)
            view.loss[link] = max(0.0, share)
        delay = (
            frame[0] - frame[3] - kept.latency_s[lines.near[line]] - kept.latency_s[lines.far[line]]
        )
        delays = kept.delays_s[link]
        count = int(delays[0])
        if count == len(delays) - 1:
            delays[1:count] = delays[2:].copy()
        else:
            count += 1
            delays[0] = count
        delays[count] = max(0.0, delay)
        kept.measured[link, 0] += 1.0
        kept.measured[link, 1] += delays[count]
        total = 0.0
        for place in range(1, count + 1):
            total += delays[place]
        view.delay_s[link] = total / count
        view.measured_s[link] = frame[1]


@compiled()
def _enter(now: float, counters: Ints, flying: Floats, *tables: Any) -> bool:
    """Put the tables together again."""
    return _advance(
        now,
        counters,
        flying,
        NextFrames(*tables[:5]),
        NextEchoes(*tables[5:8]),
        Lines(*tables[8:12]),
        LinkTables(*tables[12:20]),
        Kept(*tables[20:25]),
        ViewTables(*tables[25:29]),
    )
