"""Serving requests on a ring on the twin's clock: the full form.

The fast one is :mod:`edgesim.twin.ring.serving`; state, future and decisions are the same.

Each pass goes from device to device. A device computes its window with the weights that are in its
page cache, and waits for its disk for the others; activations share the air of the home with what
others send, at rates that change while they are on their way. What a device loses of its memory
falls out of its page cache; a device that is away stops the pass that comes to it. Tokens are whole
ones: how many of those proposed are accepted is drawn. A new plan reads the layers that a device
did not have, moves keys and values over the air, and drops the pass under way.

The memory of a device acts from its next window on: a window is computed in one piece. Where a pass
leaves memories, disks and air as it found them, the passes until something comes take as long as
it, and are not simulated one by one.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.clock import Clock, Moment
from edgesim.twin.radio.home import HomeCell
from edgesim.twin.ring import serving
from edgesim.twin.ring.future import BUSY, CROWD, FREE, LINK, Future
from edgesim.twin.ring.machine import Machine
from edgesim.twin.ring.serving_world import NUMBERS, RingWorld

__all__ = ["FullServing"]

_WARM = 6  # passes that have been before an episode


class Episode(Protocol):
    """What serving is a part of: :class:`edgesim.twin.ring.workload.RingWorkload`."""

    world: RingWorld
    clock: Clock
    future: Future
    state: serving.State


class FullServing:
    """An episode's devices, air and requests on a clock.

    Args:
        episode: whose future comes, and whose state changes.
        rng: draws which proposed tokens are accepted.
        ask: is called when there is something to decide, or the episode has ended.
    """

    def __init__(self, episode: Episode, rng: np.random.Generator, ask: Callable[[], None]) -> None:
        self._of, self._rng, self._ask = episode, rng, ask
        self._clock, self._world = episode.clock, episode.world
        tables = self._world.tables
        self._numbers = dict(zip(NUMBERS, tables.numbers.tolist(), strict=True))
        self._cell = HomeCell(self._clock, tables.link_bytes_per_s, tables.uses.shape[1])
        self._activation_bytes = self._world.model.activation_bytes
        self._system = int(episode.state.ints[serving.SYSTEM])
        self._machine = self._made(self._system)
        if self._machine is not None:
            self._machine.warm(_WARM)
        self._moves: list[int] = []  # plans that are still to come about
        self._moving = False
        self._coming: Machine | None = None  # what a move leads to
        self._sending, self._lost_s = 0, 0.0  # transfers of a move; what is computed again
        self._pass = 0  # number of the pass under way, or of the last
        self._running = False
        self._prompt = -1  # the request whose prompt is computed; -1: tokens are
        self._place = 0  # of the device at hand, counted over all rounds
        self._waits = False  # whether it is away
        self._tokens, self._extra_s = 1, 0.0  # activations of a hop; what a prompt takes besides
        self._began_s = 0.0
        self._draft = 0  # tokens proposed in the pass
        self._disturbed = False  # whether something has happened since it began
        self._steady: tuple[int, float] | None = None  # activations and time of the last pass
        self._moment: dict[str, Moment] = {}
        self._next_arrival()
        self._next_event()
        self._moment["tick"] = self._clock.at(self._clock.now, self._tick)

    # --- what comes whatever is decided ---------------------------------------------------------

    def _next_arrival(self) -> None:
        number = int(self._of.state.ints[serving.NEXT_REQUEST])
        arrivals = self._of.future.arrival_s
        if number < len(arrivals):
            self._moment["arrival"] = self._clock.at(float(arrivals[number]), self._arrive)

    def _next_event(self) -> None:
        number = int(self._of.state.ints[serving.NEXT_EVENT])
        times = self._of.future.event_s
        if number < len(times):
            self._moment["event"] = self._clock.at(float(times[number]), self._happen)

    def resampled(self) -> None:
        """What comes is another future's: look for it again."""
        for name in ("arrival", "event"):
            if name in self._moment:
                self._moment.pop(name).cancel()
        self._next_arrival()
        self._next_event()

    def _arrive(self, moment: Moment) -> None:
        ints = self._now().ints
        ints[serving.REQUEST] = ints[serving.NEXT_REQUEST]
        ints[serving.NEXT_REQUEST] += 1
        ints[serving.KIND] = serving.ARRIVAL
        self._moment.pop("arrival", None)
        self._next_arrival()
        self._ask()

    def _tick(self, moment: Moment) -> None:
        state, tables, future = self._now(), self._world.tables, self._of.future
        serving.measure(tables, future, state)
        state.ints[serving.NEXT_TICK] += 1
        ended = serving.over(tables, future, state)
        state.ints[serving.KIND] = serving.END if ended else serving.CONTROL
        if ended:
            serving.close(future, state)
        else:
            time_s = float(state.ints[serving.NEXT_TICK]) * self._numbers["monitor_s"]
            self._moment["tick"] = self._clock.at(time_s, self._tick)
        self._ask()

    def _happen(self, moment: Moment) -> None:
        state, future = self._now(), self._of.future
        number = int(state.ints[serving.NEXT_EVENT])
        device, kind = int(future.event_device[number]), int(future.event_kind[number])
        value = float(future.event_value[number])
        serving.happen(future, state)
        self._moment.pop("event", None)
        self._next_event()
        self._steady, self._disturbed = None, True
        if kind == LINK:
            self._cell.rate(device, value)
        elif kind == CROWD:
            self._cell.crowd(int(value))
        elif kind in (BUSY, FREE) and self._machine is not None:
            self._machine.resize(device, kind == BUSY, self._clock.now)
        if self._waits and self._runs():
            self._waits = False
            self._go()

    def _now(self) -> serving.State:
        """The state, which is told the time."""
        self._of.state.floats[serving.NOW] = self._clock.now
        return self._of.state

    # --- what is decided ------------------------------------------------------------------------

    def decided(self, before: int) -> None:
        """A decision was taken; ``before`` it the ring ran, or was to run, another system."""
        state = self._now()
        system = int(state.ints[serving.SYSTEM])
        if system != before:
            self._steady = None
            self._moves.append(system)
            if not self._moving:
                self._drop()
                self._move()
        self._serve()

    def _drop(self) -> None:
        """Give up the pass under way; a prompt is computed again."""
        if not self._running:
            return
        state = self._of.state
        self._pass += 1
        self._running = self._waits = False
        self._cell.silence()
        if self._prompt >= 0:
            state.first_s[self._prompt] = np.inf
            state.ints[serving.ACTIVE] -= 1
            state.ints[serving.HEAD] -= 1
            self._prompt = -1

    # --- a new plan -----------------------------------------------------------------------------

    def _move(self) -> None:
        """Read the layers that the next plan's devices do not have."""
        self._moving = True
        old, new = self._machine, self._made(self._moves[0])
        self._coming = new
        took_s = 0.0
        if new is not None:
            for device in new.devices:
                held = set() if old is None else old.held(device)
                size = len(new.held(device) - held) * self._world.tables.layer_bytes
                rate = float(self._world.tables.disk_bytes_per_s[device])
                took_s = max(took_s, size / rate)
        self._clock.after(took_s, self._send_context)

    def _send_context(self, moment: Moment) -> None:
        """Send keys and values of layers to their new devices; what is lost is computed again."""
        state, old, new = self._now(), self._machine, self._coming
        context = 0.0
        for place in range(int(state.ints[serving.ACTIVE])):
            request = state.active[place]
            context += self._of.future.prompt[request] + self._of.future.output[request]
            context -= state.left[place]
        self._lost_s, self._sending = 0.0, 1
        if old is not None and new is not None and context > 0:
            for source in old.devices:
                moved = sum(len(old.held(source) & new.held(d)) for d in new.devices if d != source)
                if moved and state.away[source]:
                    self._lost_s = context * self._numbers["prefill_s"]
                elif moved:
                    self._sending += 1
                    size = moved * context * self._world.tables.kv_bytes
                    self._cell.send(source, size, self._sent)
        self._sent(None)

    def _sent(self, value: Any) -> None:
        self._sending -= 1
        if not self._sending:
            self._clock.after(self._lost_s, self._moved)

    def _moved(self, moment: Moment) -> None:
        new, now_s = self._coming, self._clock.now
        if self._machine is not None and new is not None:
            for device in new.devices:
                new.resize(device, bool(self._of.state.busy[device]), now_s)
            new.inherit(self._machine, now_s)
        self._machine, self._system, self._coming = new, self._moves.pop(0), None
        self._now()
        if self._moves:
            self._move()
        else:
            self._moving = False
            self._serve()

    def _made(self, system: int) -> Machine | None:
        """The devices under a plan; None where all of its token's time is one number."""
        plan = self._world.plans[system]
        taken = [bool(it) for it in self._of.state.busy]
        return None if plan is None else Machine(self._world, plan, taken)

    # --- passes over the ring -------------------------------------------------------------------

    def _serve(self) -> None:
        """Begin what comes next, where the ring is free."""
        if self._running or self._moving:
            return
        state = self._now()
        ints, future, world = state.ints, self._of.future, self._world
        if ints[serving.HEAD] < ints[serving.TAIL] and ints[serving.ACTIVE] < len(state.active):
            request = int(state.queue[ints[serving.HEAD]])
            ints[serving.HEAD] += 1
            state.active[ints[serving.ACTIVE]] = request
            state.left[ints[serving.ACTIVE]] = future.output[request]
            ints[serving.ACTIVE] += 1
            prompt = float(future.prompt[request])
            one_s = serving.token_now_s(
                world.tables, self._system, state.busy, state.away, state.link
            )
            # When the ring will be free is a guess, as whoever decides would make it
            self._extra_s = prompt * self._numbers["prefill_s"]
            guess_s = self._extra_s + (one_s if np.isfinite(one_s) else 0.0)
            state.floats[serving.BLOCKED] = self._clock.now + guess_s
            self._prompt, self._steady = request, None
            self._begin(1 + int(prompt))
        elif ints[serving.ACTIVE]:
            self._draft = int(world.tables.drafts[ints[serving.DRAFT]])
            self._prompt = -1
            self._extra_s = self._draft * self._numbers["draft_s"]
            self._begin(int(ints[serving.ACTIVE]) * (self._draft + 1))

    def _begin(self, tokens: int) -> None:
        self._running, self._tokens, self._place = True, tokens, 0
        self._pass += 1
        self._began_s, self._disturbed = self._clock.now, False
        if self._prompt < 0 and self._machine is not None:
            settled = self._machine.settled(self._clock.now)
            steady = self._steady
            if settled and steady is not None and steady[0] == tokens and self._leap(steady[1]):
                return
        self._go()

    def _leap(self, pass_s: float) -> bool:
        """Several passes like the last, until something comes or an answer ends."""
        state, future = self._of.state, self._of.future
        now_s, ints = self._clock.now, state.ints
        due_s = float(ints[serving.NEXT_TICK]) * self._numbers["monitor_s"]
        if ints[serving.NEXT_REQUEST] < len(future.arrival_s):
            due_s = min(due_s, float(future.arrival_s[ints[serving.NEXT_REQUEST]]))
        if ints[serving.NEXT_EVENT] < len(future.event_s):
            due_s = min(due_s, float(future.event_s[ints[serving.NEXT_EVENT]]))
        passes = int((due_s - now_s) / pass_s * (1 - 1e-9))
        if passes < 1 or not self._cell.quiet:
            return False
        made = np.cumsum(self._drawn(passes), axis=0)
        ends = (made >= state.left[: made.shape[1]]).any(axis=1)
        if ends.any():
            passes = int(ends.argmax()) + 1
        self._clock.after(passes * pass_s, self._leapt, (self._pass, made[passes - 1]))
        return True

    def _leapt(self, moment: Moment) -> None:
        number, made = moment.value
        if number != self._pass:
            return
        time_s = self._clock.now - self._began_s
        assert self._machine is not None
        self._machine.shift(time_s)
        self._got(made, time_s)

    def _go(self) -> None:
        """The device at hand computes its window."""
        if not self._runs():
            self._waits = True
            return
        now_s, machine = self._clock.now, self._machine
        if machine is None:
            end_s = now_s + float(self._world.tables.token_s[self._system, 0]) + self._extra_s
            self._clock.at(end_s, self._ended, self._pass)
            return
        count = len(machine.devices)
        turn, place = divmod(self._place, count)
        if turn == machine.rounds:
            end_s = machine.output(now_s)
            if self._prompt < 0:
                end_s += self._extra_s
            self._clock.at(end_s, self._ended, self._pass)
            return
        end_s = machine.window(place, turn, now_s)
        if self._prompt >= 0:
            end_s += self._extra_s * machine.shares[place]
        if count > 1:
            end_s += machine.delays_s[place]
        self._clock.at(end_s, self._send, self._pass)

    def _runs(self) -> bool:
        """Whether the device at hand is there; where plans have no windows, whether all is."""
        state, machine = self._of.state, self._machine
        if machine is None:
            fits = np.isfinite(self._world.tables.token_s[self._system, 0])
            return bool(fits and not (state.busy.any() or state.away.any()))
        turn, place = divmod(self._place, len(machine.devices))
        return turn == machine.rounds or not state.away[machine.devices[place]]

    def _send(self, moment: Moment) -> None:
        if moment.value != self._pass:
            return
        machine = self._machine
        assert machine is not None
        if len(machine.devices) == 1:
            self._arrived(moment.value)
            return
        device = machine.devices[self._place % len(machine.devices)]
        self._cell.send(device, self._tokens * self._activation_bytes, self._arrived, moment.value)

    def _arrived(self, number: int) -> None:
        if number == self._pass:
            self._place += 1
            self._go()

    def _ended(self, moment: Moment) -> None:
        """A pass is through: a prompt's first token, or tokens of all requests of the batch."""
        if moment.value != self._pass:
            return
        state = self._now()
        if self._prompt >= 0:
            state.first_s[self._prompt] = self._clock.now
            state.floats[serving.BLOCKED] = self._clock.now
            self._prompt = -1
            self._running = False
            self._serve()
            return
        time_s = self._clock.now - self._began_s
        self._steady = None if self._disturbed else (self._tokens, time_s)
        self._got(self._drawn(1)[0], time_s)

    def _drawn(self, passes: int) -> npt.NDArray[np.float64]:
        """Tokens of each request of the batch in so many passes (passes, requests)."""
        state = self._of.state
        requests = state.active[: int(state.ints[serving.ACTIVE])]
        made = np.ones((passes, len(requests)))
        if self._draft:
            accepted = self._of.future.acceptance[requests]
            lots = self._rng.random((passes, len(requests), self._draft)) < accepted[None, :, None]
            made += np.cumprod(lots, axis=2).sum(axis=2)
        return made

    def _got(self, made: npt.NDArray[np.float64], time_s: float) -> None:
        """All requests of the batch have got tokens; those that have all leave it."""
        state, tables, future = self._now(), self._world.tables, self._of.future
        self._running = False
        state.floats[serving.BUSY_S] += time_s
        for place in range(int(state.ints[serving.ACTIVE]) - 1, -1, -1):
            state.floats[serving.TOKENS] += min(made[place], state.left[place])
            state.left[place] = max(0.0, state.left[place] - made[place])
            if not state.left[place]:
                serving.finish(tables, future, state, place)
                self._steady = None
        self._serve()
