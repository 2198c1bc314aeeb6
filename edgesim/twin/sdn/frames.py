"""What becomes of the collector's frames and echoes: the loop over them, compiled by Numba."""

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["ARRIVED", "CROSSING", "ECHO", "FLYING", "HEARD", "LOST", "SENT", "advance"]

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


@njit(cache=True)
def advance(  # noqa: PLR0912, PLR0915 - one compiled loop: tables are passed once
    now: float,
    counters: Ints,
    flying: Floats,
    # The next crossings, see edgesim.twin.sdn.timetable, by time.
    crossed_s: Floats,
    lines: Ints,
    sent_s: Floats,
    back_s: Floats,
    fates: Floats,
    # The next echoes, by time.
    heard_s: Floats,
    switches: Ints,
    halves_s: Floats,
    # Lines of frames; those from first_probe on measure.
    near: Ints,
    far: Ints,
    first_probe: int,
    piggyback: bool,
    # The network: read, and its counters brought up to each frame's crossing.
    node_up: npt.NDArray[np.bool_],
    capacity_bps: Floats,
    load_bps: Floats,
    delay_s: Floats,
    loss: Floats,
    since_s: Floats,
    sent_bytes: Floats,
    received_bytes: Floats,
    delay_area: Floats,
    # What is known of each switch and link.
    latency_s: Floats,
    last: Floats,
    delays_s: Floats,
    measured: Floats,
    known_delay_s: Floats,
    known_available_bps: Floats,
    known_loss: Floats,
    known_measured_s: Floats,
) -> bool:
    """Let frames cross and come back, and echoes come back, as far as they are due.

    ``flying`` is a table of the frames on their way, the next to arrive last: when it arrives, when
    it crossed, its line, when it was sent, bytes that the near port had sent and the far port
    received when it crossed. ``last`` says of the last frame of each port that came back: when it
    crossed, its bytes sent and received. ``delays_s`` holds the last delays of each port, oldest
    first, behind their number; ``measured`` the number and the sum of all.

    Returns:
        whether all that was due is done; otherwise one of the tables has come to its end.
    """
    ports = len(loss)
    while crossed_s[counters[CROSSING]] <= now:
        at = counters[CROSSING]
        line = lines[at]
        link = line % ports
        if node_up[near[line]]:  # otherwise the switch is not connected to the controller
            if counters[FLYING] == len(flying):
                return False
            counters[SENT] += 1
            if fates[at] < loss[link]:
                counters[LOST] += 1
            else:
                elapsed = crossed_s[at] - since_s[link]
                if elapsed > 0.0:
                    sent = load_bps[link] * elapsed * 0.125
                    since_s[link] = crossed_s[at]
                    sent_bytes[link] += sent
                    received_bytes[link] += sent * (1.0 - loss[link])
                    delay_area[link] += delay_s[link] * elapsed
                arrives_s = back_s[at] + delay_s[link]
                place = counters[FLYING]
                while place and flying[place - 1, 0] <= arrives_s:
                    flying[place] = flying[place - 1]
                    place -= 1
                flying[place, 0] = arrives_s
                flying[place, 1] = crossed_s[at]
                flying[place, 2] = line
                flying[place, 3] = sent_s[at]
                flying[place, 4] = sent_bytes[link]
                flying[place, 5] = received_bytes[link]
                counters[FLYING] += 1
        counters[CROSSING] += 1
        if counters[CROSSING] == len(crossed_s):
            return False
    while True:
        frame = flying[counters[FLYING] - 1]
        landed = counters[FLYING] > 0 and frame[0] <= now
        while heard_s[counters[ECHO]] <= (frame[0] if landed else now):
            switch = switches[counters[ECHO]]
            if node_up[switch]:
                counters[HEARD] += 1
                latency_s[switch] = halves_s[counters[ECHO]]
            counters[ECHO] += 1
            if counters[ECHO] == len(heard_s):
                return False
        if not landed:
            return True
        counters[FLYING] -= 1
        line = int(frame[2])
        if not node_up[far[line]]:
            counters[LOST] += 1
            continue
        counters[ARRIVED] += 1
        if line < first_probe:
            continue
        link = line % ports
        if piggyback:
            elapsed = frame[1] - last[link, 0]
            if elapsed <= 0.0:
                continue  # an older frame that a later one has overtaken in the control channel
            sent = frame[4] - last[link, 1]
            share = 1.0 - (frame[5] - last[link, 2]) / sent if sent > 0.0 else 0.0
            last[link, 0], last[link, 1], last[link, 2] = frame[1], frame[4], frame[5]
            spare = capacity_bps[link] - 8.0 * sent / elapsed
            known_available_bps[link] = max(0.0, spare)
            known_loss[link] = max(0.0, share)
        delay = frame[0] - frame[3] - latency_s[near[line]] - latency_s[far[line]]
        kept = delays_s[link]
        count = int(kept[0])
        if count == len(kept) - 1:
            kept[1:count] = kept[2:].copy()
        else:
            count += 1
            kept[0] = count
        kept[count] = max(0.0, delay)
        measured[link, 0] += 1.0
        measured[link, 1] += kept[count]
        total = 0.0
        for place in range(1, count + 1):
            total += kept[place]
        known_delay_s[link] = total / count
        known_measured_s[link] = frame[1]
