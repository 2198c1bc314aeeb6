"""All that happens in an episode whatever is decided: requests, memory, signals, departures."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError
from edgesim.scenarios.ring.schema import LLMRingScenario
from edgesim.twin.core.outages import Law
from edgesim.twin.core.streams import Streams

__all__ = ["BACK", "BUSY", "CROWD", "FREE", "GONE", "LINK", "Future", "drawn"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

FREE, BUSY, GONE, BACK, LINK, CROWD = range(6)
"""What happens to a device: its memory is free, taken; it leaves, is back; its link changes; or,
to all at once, how many transfers of others share the air."""


class Future(NamedTuple):
    """What comes, in the order of time.

    Attributes:
        arrival_s: of the requests (N), s.
        prompt: tokens of their prompts (N).
        output: tokens of their answers (N).
        acceptance: of proposed tokens (N).
        event_s: when something happens to a device (E), s.
        event_device: to which (E).
        event_kind: what (E): :data:`FREE` to :data:`CROWD`.
        event_value: the link's factor after it, or the transfers of others (E); 1 of other kinds.
        noise: of what is measured at each tick and device (K, M), standard normal.
    """

    arrival_s: FloatArray
    prompt: FloatArray
    output: FloatArray
    acceptance: FloatArray
    event_s: FloatArray
    event_device: IntArray
    event_kind: IntArray
    event_value: FloatArray
    noise: FloatArray


def drawn(scenario: LLMRingScenario, streams: Streams, devices: int) -> Future:
    """The future of an episode; each device's and the requests' streams are apart.

    Raises:
        InputError: the trace of requests cannot be used.
    """
    arrivals = _requests(scenario, streams)
    events = [event for device in range(devices) for event in _events(scenario, streams, device)]
    events += _crowds(scenario, streams)
    events.sort()
    ticks = int(scenario.horizon_s * 2 / scenario.changes.monitor_s) + 2
    return Future(
        *arrivals,
        event_s=np.array([it[0] for it in events], dtype=np.float64),
        event_device=np.array([it[1] for it in events], dtype=np.int64),
        event_kind=np.array([it[2] for it in events], dtype=np.int64),
        event_value=np.array([it[3] for it in events], dtype=np.float64),
        noise=streams["noise"].standard_normal((ticks, devices)),
    )


def _requests(
    scenario: LLMRingScenario, streams: Streams
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    asked = scenario.requests
    rng = streams["requests"]
    if asked.trace is None:
        count = rng.poisson(asked.rate_hz * scenario.horizon_s)
        arrival_s = np.sort(rng.uniform(0.0, scenario.horizon_s, count))
        prompt, output = (
            _log_normal(rng, mean, asked.spread, count)
            for mean in (asked.prompt_tokens, asked.output_tokens)
        )
    else:
        arrival_s, prompt, output = _traced(scenario, asked.trace, rng)
    acceptance = rng.uniform(asked.acceptance[0], asked.acceptance[1], len(arrival_s))
    return arrival_s, prompt, output, acceptance


def _log_normal(rng: np.random.Generator, mean: float, spread: float, count: int) -> FloatArray:
    """Whole numbers of tokens, 1 at least, whose mean is about ``mean``."""
    values = rng.lognormal(np.log(mean) - spread**2 / 2.0, spread, count)
    return np.maximum(1.0, np.round(values))


def _traced(
    scenario: LLMRingScenario, path: str, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A part of a trace as long as the episode, from a place drawn by the episode's seed."""
    arrival_s, prompt, output = _read_trace(path)
    stretched = (arrival_s - arrival_s[0]) * scenario.requests.trace_stretch
    latest = max(0.0, float(stretched[-1]) - scenario.horizon_s)
    start_s = float(rng.uniform(0.0, latest)) if latest else 0.0
    chosen = (stretched >= start_s) & (stretched < start_s + scenario.horizon_s)
    return stretched[chosen] - start_s, prompt[chosen], output[chosen]


def _read_trace(path: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    from pyarrow import ArrowException, csv

    accepted = "must be a CSV with TIMESTAMP, ContextTokens and GeneratedTokens"
    try:
        table = csv.read_csv(path)
        times = table["TIMESTAMP"].cast("timestamp[ns]").cast("int64").to_numpy() / 1e9
        prompt = table["ContextTokens"].to_numpy().astype(np.float64)
        output = table["GeneratedTokens"].to_numpy().astype(np.float64)
    except (OSError, KeyError, ValueError, ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise InputError("requests.trace", path, f"{accepted}: {reason}") from None
    if not len(times) or (np.diff(times) < 0).any():
        raise InputError("requests.trace", path, f"{accepted}, its rows in order of time")
    return times, np.maximum(1.0, prompt), np.maximum(1.0, output)


def _events(
    scenario: LLMRingScenario, streams: Streams, device: int
) -> list[tuple[float, int, int, float]]:
    """What happens to a device: (when, device, kind, value)."""
    changes, end_s = scenario.changes, 2.0 * scenario.horizon_s
    events = []
    for kinds, means, shape, name in (
        (
            (BUSY, FREE),
            (changes.memory_free_s, changes.memory_busy_s),
            changes.memory_shape,
            "memory",
        ),
        ((GONE, BACK), (changes.away_after_s, changes.away_s), changes.away_shape, "presence"),
    ):
        laws = [Law(mean_s, shape) for mean_s in means]
        if name == "presence" and device == 0:
            continue  # the head is where people type
        rng, now_s, turn = streams[f"{name}/{device}"], 0.0, 0
        while (now_s := now_s + laws[turn].draw_s(rng)) < end_s:
            events.append((now_s, device, kinds[turn], 1.0))
            turn = 1 - turn
    if changes.wifi_db > 0:
        rng = streams[f"wifi/{device}"]
        db, now_s = float(rng.normal(0.0, changes.wifi_db)), 0.0
        keeps = np.exp(-1.0)  # what is left of a signal's deviation after wifi_s
        while now_s < end_s:
            events.append((now_s, device, LINK, _factor(changes.wifi_snr_db, db)))
            now_s += changes.wifi_s
            db = keeps * db + float(rng.normal(0.0, changes.wifi_db)) * np.sqrt(1 - keeps**2)
    return events


def _crowds(scenario: LLMRingScenario, streams: Streams) -> list[tuple[float, int, int, float]]:
    """When others begin and end to send over the same Wi-Fi; nothing where they never do."""
    changes, end_s = scenario.changes, 2.0 * scenario.horizon_s
    events: list[tuple[float, int, int, float]] = []
    if changes.others_busy_s == 0.0:
        return events
    rng, now_s, busy = streams["others"], 0.0, False
    while True:
        mean_s = changes.others_busy_s if busy else changes.others_quiet_s
        now_s += float(rng.exponential(mean_s))
        if now_s >= end_s:
            return events
        busy = not busy
        events.append((now_s, 0, CROWD, float(busy)))


def _factor(mean_db: float, deviation_db: float) -> float:
    """A link's rate over that at its mean signal, by Shannon's formula."""
    now, usual = (np.log2(1.0 + 10.0 ** (db / 10.0)) for db in (mean_db + deviation_db, mean_db))
    return float(max(0.05, now / usual))
