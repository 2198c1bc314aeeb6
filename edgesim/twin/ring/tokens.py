"""A token's way around the ring, as arithmetic on events: the fast form of the simulation.

One token at a time: a device waits for the activation, computes its window chunk by chunk (each
chunk of weights has to be in its page cache), then queues the next window for prefetch and sends
the activation on. The disk loads one chunk at a time; a demanded chunk waits for the load under
way and then goes before the prefetch queue. The page cache forgets the chunk that was used longest
ago.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.checks import at_least, integer_from, positive
from edgesim.scenarios.ring.cluster import ALL
from edgesim.twin.core.compiled import NO_ARRAYS_MADE, compiled

__all__ = [
    "ALL",
    "Ring",
    "RingTimes",
    "Shape",
    "Station",
    "append",
    "catch_up",
    "demand",
    "forget",
    "insert",
    "prepared",
    "simulate",
    "window",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Station(NamedTuple):
    """A device of the ring with its part of a plan.

    Attributes:
        window: its layers of a round.
        on_gpu: those of them in GPU memory, computed last and never read.
        cache_bytes: room of its page cache.
        disk_bytes_per_s: read rate of its disk, bytes/s.
        cpu_s: time of a layer on the CPU, s.
        gpu_s: time of a layer on the GPU, s.
        hop_s: time of an activation to the next device, s.
    """

    window: int
    on_gpu: int
    cache_bytes: float
    disk_bytes_per_s: float
    cpu_s: float
    gpu_s: float
    hop_s: float


class RingTimes(NamedTuple):
    """Means over the last tokens.

    Attributes:
        token_s: time of a token (TPOT), s.
        read_bytes: what each device reads of its disk a token.
        stall_s: how long each device waits for its disk a token.
        compute_s: how long each device computes a token.
        air_s: how long activations of each device are in the air a token.
        times_s: time of every token from the first, s.
    """

    token_s: float
    read_bytes: FloatArray
    stall_s: FloatArray
    compute_s: FloatArray
    air_s: FloatArray
    times_s: FloatArray


class Ring(NamedTuple):
    """Arrays of the compiled loop; (M) a number for each device, (C) for each chunk."""

    window: IntArray  # (M) layers of a round
    on_gpu: IntArray  # (M)
    cache_bytes: FloatArray  # (M)
    disk_bytes_per_s: FloatArray  # (M)
    cpu_s: FloatArray  # (M)
    gpu_s: FloatArray  # (M)
    hop_s: FloatArray  # (M)
    first: IntArray  # (M + 1) first chunk; the head's output block is the last of all
    size: FloatArray  # (C) bytes
    resident: npt.NDArray[np.bool_]  # (C)
    older: IntArray  # (C) neighbour in the order of use; -1 none
    newer: IntArray  # (C)
    oldest: IntArray  # (M)
    newest: IntArray  # (M)
    used: FloatArray  # (M) bytes in the cache
    loading: IntArray  # (M) chunk under way; -1 none
    free_s: FloatArray  # (M) when the disk is free
    queue: IntArray  # (M, 3) next and end of the queued chunks; whether the output block is first
    queued_s: FloatArray  # (M) when they were queued
    read: FloatArray  # (M) bytes read so far
    stall: FloatArray  # (M) s waited so far


class Shape(NamedTuple):
    """What does not change from token to token."""

    rounds: int
    chunks: int  # of a layer
    queued: IntArray  # (M) chunks of a window that are prefetched
    after_output: int  # of the head's first window, after its output block
    output_queued: bool  # whether the output block is prefetched
    output_s: float


def simulate(
    stations: Sequence[Station],
    *,
    rounds: int,
    layer_bytes: float,
    output_bytes: float,
    output_s: float,
    prefetch: float = ALL,
    chunks: int = 1,
    tokens: int = 12,
    measured: int = 7,
) -> RingTimes:
    """Decode some tokens, beginning with empty page caches.

    Args:
        stations: the devices in ring order, the head first; one device has no hops.
        rounds: rounds of a token.
        layer_bytes: weights of a layer.
        output_bytes: the output block, mapped on the head as one chunk; 0 if none.
        output_s: time in which the head computes it, s.
        prefetch: bytes of the next window that are queued, counted from its start: 0, a cap, or
            :data:`ALL`.
        chunks: in how many chunks a layer is read.
        tokens: how many tokens are decoded.
        measured: over how many of the last ones means are taken.

    Raises:
        InputError: a number is out of its range.
    """
    integer_from("rounds", rounds, 1)
    integer_from("chunks", chunks, 1, 10_000)
    integer_from("tokens", tokens, 1)
    integer_from("measured", measured, 1, tokens)
    positive("layer_bytes", layer_bytes)
    at_least("output_bytes", output_bytes, 0.0)
    ring, shape = prepared(
        stations,
        rounds=rounds,
        layer_bytes=layer_bytes,
        output_bytes=output_bytes,
        output_s=output_s,
        prefetch=prefetch,
        chunks=chunks,
    )
    times_s = np.zeros(tokens)
    read, stall = np.zeros((tokens, len(stations))), np.zeros((tokens, len(stations)))
    _decode(ring, shape, times_s, read, stall)
    last = slice(tokens - measured, tokens)
    compute_s = np.array(
        [rounds * ((s.window - s.on_gpu) * s.cpu_s + s.on_gpu * s.gpu_s) for s in stations]
    )
    compute_s[0] += output_s
    hops = rounds if len(stations) > 1 else 0
    return RingTimes(
        token_s=float(times_s[last].mean()),
        read_bytes=read[last].mean(0),
        stall_s=stall[last].mean(0),
        compute_s=compute_s,
        air_s=hops * np.array([station.hop_s for station in stations]),
        times_s=times_s,
    )


def prepared(
    stations: Sequence[Station],
    *,
    rounds: int,
    layer_bytes: float,
    output_bytes: float,
    output_s: float,
    prefetch: float = ALL,
    chunks: int = 1,
) -> tuple[Ring, Shape]:
    """A ring with empty page caches at time 0; the arguments are those of :func:`simulate`."""
    queued = _queued_chunks(stations, layer_bytes / chunks, chunks, prefetch)
    # The head's output block comes first and counts; where it passes the cap nothing is queued.
    after_output = _queued_chunks(
        stations[:1], layer_bytes / chunks, chunks, max(0.0, prefetch - output_bytes)
    )[0]
    output_queued = 0.0 < output_bytes <= prefetch
    ring = _ring(stations, rounds, layer_bytes, output_bytes, chunks)
    return ring, Shape(rounds, chunks, queued, int(after_output), output_queued, output_s)


def _queued_chunks(
    stations: Sequence[Station], chunk_bytes: float, chunks: int, prefetch: float
) -> IntArray:
    """How many chunks of a window each device queues."""
    mapped = np.array([(s.window - s.on_gpu) * chunks for s in stations], dtype=np.int64)
    if prefetch == ALL:
        return mapped
    allowed = int(prefetch / chunk_bytes + 1e-9)  # 4 quarters of a layer are within its bytes
    return np.minimum(mapped, allowed)


def _ring(
    stations: Sequence[Station],
    rounds: int,
    layer_bytes: float,
    output_bytes: float,
    chunks: int,
) -> Ring:
    count = len(stations)
    columns = np.array([tuple(station) for station in stations], dtype=np.float64).T
    window, on_gpu = columns[0].astype(np.int64), columns[1].astype(np.int64)
    first = np.zeros(count + 1, dtype=np.int64)
    first[1:] = np.cumsum((window - on_gpu) * rounds * chunks)
    total = int(first[-1]) + 1
    size = np.full(total, layer_bytes / chunks)
    size[-1] = output_bytes
    return Ring(
        window=window,
        on_gpu=on_gpu,
        cache_bytes=columns[2],
        disk_bytes_per_s=columns[3],
        cpu_s=columns[4],
        gpu_s=columns[5],
        hop_s=columns[6],
        first=first,
        size=size,
        resident=np.zeros(total, dtype=np.bool_),
        older=np.full(total, -1, dtype=np.int64),
        newer=np.full(total, -1, dtype=np.int64),
        oldest=np.full(count, -1, dtype=np.int64),
        newest=np.full(count, -1, dtype=np.int64),
        used=np.zeros(count),
        loading=np.full(count, -1, dtype=np.int64),
        free_s=np.zeros(count),
        queue=np.zeros((count, 3), dtype=np.int64),
        queued_s=np.zeros(count),
        read=np.zeros(count),
        stall=np.zeros(count),
    )


@compiled(**NO_ARRAYS_MADE)
def forget(ring: Ring, device: int, chunk: int) -> None:
    """Take a chunk out of the order of use."""
    older, newer = ring.older[chunk], ring.newer[chunk]
    if older >= 0:
        ring.newer[older] = newer
    else:
        ring.oldest[device] = newer
    if newer >= 0:
        ring.older[newer] = older
    else:
        ring.newest[device] = older


@compiled(**NO_ARRAYS_MADE)
def append(ring: Ring, device: int, chunk: int) -> None:
    """Put a chunk at the end of the order of use."""
    last = ring.newest[device]
    ring.older[chunk], ring.newer[chunk] = last, -1
    if last >= 0:
        ring.newer[last] = chunk
    else:
        ring.oldest[device] = chunk
    ring.newest[device] = chunk


@compiled(**NO_ARRAYS_MADE)
def insert(ring: Ring, device: int, chunk: int) -> None:
    """A chunk has been read: keep it, and forget as many old ones as it needs room."""
    if ring.size[chunk] > ring.cache_bytes[device]:
        return
    while ring.used[device] + ring.size[chunk] > ring.cache_bytes[device] + 1e-3:
        old = ring.oldest[device]
        if old < 0:
            ring.used[device] = 0.0  # what is left is a rest of rounding
            break
        forget(ring, device, old)
        ring.resident[old] = False
        ring.used[device] -= ring.size[old]
    ring.resident[chunk] = True
    ring.used[device] += ring.size[chunk]
    append(ring, device, chunk)


@compiled(**NO_ARRAYS_MADE)
def catch_up(ring: Ring, device: int, now_s: float) -> None:
    """What the disk has done for the prefetch queue until now."""
    while True:
        if ring.loading[device] >= 0:
            if ring.free_s[device] > now_s:
                return
            insert(ring, device, ring.loading[device])
            ring.loading[device] = -1
        if ring.queue[device, 2]:
            chunk = len(ring.size) - 1
        elif ring.queue[device, 0] < ring.queue[device, 1]:
            chunk = ring.queue[device, 0]
        else:
            return
        start_s = max(ring.free_s[device], ring.queued_s[device])
        if not ring.resident[chunk] and start_s >= now_s:
            return
        if ring.queue[device, 2]:
            ring.queue[device, 2] = 0
        else:
            ring.queue[device, 0] += 1
        if not ring.resident[chunk]:
            ring.loading[device] = chunk
            ring.read[device] += ring.size[chunk]
            ring.free_s[device] = start_s + ring.size[chunk] / ring.disk_bytes_per_s[device]


@compiled(**NO_ARRAYS_MADE)
def demand(ring: Ring, device: int, chunk: int, now_s: float) -> float:
    """When a chunk that is needed now is in memory, s."""
    catch_up(ring, device, now_s)
    if ring.resident[chunk]:
        forget(ring, device, chunk)
        append(ring, device, chunk)
        return now_s
    ready_s = now_s
    under_way = ring.loading[device]
    if under_way >= 0:
        ready_s = ring.free_s[device]
        ring.loading[device] = -1
        insert(ring, device, under_way)
    if under_way != chunk:
        ready_s += ring.size[chunk] / ring.disk_bytes_per_s[device]
        ring.free_s[device] = ready_s
        ring.read[device] += ring.size[chunk]
        insert(ring, device, chunk)
    ring.stall[device] += ready_s - now_s
    return ready_s


@compiled(**NO_ARRAYS_MADE)
def _decode(
    ring: Ring, shape: Shape, times_s: FloatArray, read: FloatArray, stall: FloatArray
) -> None:
    """Fill in the times of tokens (T), bytes read and s stalled (T, M)."""
    count, output = len(ring.window), len(ring.size) - 1
    has_output = ring.size[output] > 0
    now_s = 0.0
    for token in range(len(times_s)):
        began_s = now_s
        for turn in range(shape.rounds):
            for device in range(count):
                now_s = window(ring, shape, device, turn, now_s)
                if count > 1:
                    now_s += ring.hop_s[device]
        if has_output:
            now_s = demand(ring, 0, output, now_s)
        now_s += shape.output_s
        times_s[token] = now_s - began_s
        for device in range(count):
            catch_up(ring, device, now_s)
            read[token, device], stall[token, device] = ring.read[device], ring.stall[device]
            ring.read[device] = ring.stall[device] = 0.0


@compiled(**NO_ARRAYS_MADE)
def window(ring: Ring, shape: Shape, device: int, turn: int, now_s: float) -> float:
    """Compute a window and queue the next one: when the activation leaves, s."""
    mapped = (ring.window[device] - ring.on_gpu[device]) * shape.chunks
    first = ring.first[device] + turn * mapped
    chunk_s = ring.cpu_s[device] / shape.chunks
    for chunk in range(first, first + mapped):
        now_s = demand(ring, device, chunk, now_s) + chunk_s
    now_s += ring.on_gpu[device] * ring.gpu_s[device]
    catch_up(ring, device, now_s)  # the old queue has run until now
    last = turn == shape.rounds - 1
    coming = ring.first[device] if last else first + mapped
    ends_head = device == 0 and last and ring.size[len(ring.size) - 1] > 0
    ring.queue[device, 0] = coming
    ring.queue[device, 1] = coming + (shape.after_output if ends_head else shape.queued[device])
    ring.queue[device, 2] = 1 if ends_head and shape.output_queued else 0
    ring.queued_s[device] = now_s
    return now_s
