"""A station of a real ring: a process that reads layers from a file, multiplies and passes on.

Weights lie in a file of the station's own that is read with the page cache emptied of it; what is
in memory is decided by this process alone, by the twin's rules: chunks of one layer, the one used
longest ago is forgotten, what is needed now is read before what was queued. Devices at home have a
disk and processors each, processes here share them: so a station multiplies on one thread, and its
reads are held to the rate of a disk that this machine can serve several times over, as a shaped
link holds packets.
"""

import os
import socket
import threading
import time
from collections import OrderedDict, deque
from multiprocessing.connection import Connection
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

__all__ = ["Part", "run_station"]

_SIDE = 160  # of the square matrices that are multiplied
_TOKEN = 16  # bytes of a message's beginning: kind and turn
STOP = -1


class Part(NamedTuple):
    """A station's part of a setting.

    Attributes:
        place: its place in the ring; 0 is the head.
        stations: how many there are.
        window: layers of a round.
        rounds: rounds of a token.
        kept: layers that fit in its memory.
        prefetch: whether it reads its next window ahead.
        layer_bytes: of a layer in the file.
        products: matrix products of a layer.
        activation_bytes: what a hop carries.
        disk_bytes_s: rate to which its reads are held.
        path: the file of its weights.
    """

    place: int
    stations: int
    window: int
    rounds: int
    kept: int
    prefetch: bool
    layer_bytes: int
    products: int
    activation_bytes: int
    disk_bytes_s: float
    path: str


class _Memory:
    """Layers in memory, and a thread that reads them: what is needed first, then the queue."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._file = os.open(part.path, os.O_RDONLY)
        self._kept: OrderedDict[int, bytearray] = OrderedDict()
        self._spare = bytearray(part.layer_bytes)  # what the next reading fills
        self._disk_free_s = 0.0  # when the disk has done what it was asked for
        self._queue: deque[int] = deque()
        self._needed: int | None = None
        self._change = threading.Condition()
        threading.Thread(target=self._work, daemon=True).start()

    def need(self, layer: int) -> None:
        """Wait until a layer is in memory; it is then the last to be forgotten."""
        with self._change:
            if layer not in self._kept:
                self._needed = layer
                self._change.notify_all()
                self._change.wait_for(lambda: self._needed is None)
            self._kept.move_to_end(layer)

    def queue(self, layers: list[int]) -> None:
        """Read these ahead, in place of what is queued."""
        with self._change:
            self._queue = deque(layers)
            self._change.notify_all()

    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._needed is not None or self._queue)
                layer = self._queue.popleft() if self._needed is None else self._needed
                there = layer in self._kept
            if not there:
                self._read(layer)
            with self._change:
                if not there:
                    self._kept[layer] = self._spare
                    full = len(self._kept) > self._part.kept
                    self._spare = (
                        self._kept.popitem(last=False)[1]
                        if full
                        else bytearray(self._part.layer_bytes)
                    )
                if self._needed is not None and self._needed in self._kept:
                    self._needed = None
                    self._change.notify_all()

    def _read(self, layer: int) -> None:
        """Fill the spare memory with a layer, no faster than the disk would."""
        size, offset = self._part.layer_bytes, layer * self._part.layer_bytes
        self._disk_free_s = max(self._disk_free_s, time.perf_counter())
        self._disk_free_s += size / self._part.disk_bytes_s
        os.lseek(self._file, offset, os.SEEK_SET)
        with os.fdopen(self._file, "rb", buffering=0, closefd=False) as file:
            file.readinto(self._spare)
        if hasattr(os, "posix_fadvise"):  # the next reading is from disk again
            os.posix_fadvise(self._file, offset, size, os.POSIX_FADV_DONTNEED)
        time.sleep(max(0.0, self._disk_free_s - time.perf_counter()))


def run_station(part: Part, parent: Connection) -> None:
    """Serve as many tokens as the head's parent asks for, again and again; 0 ends the ring.

    The head tells how long each token took.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    parent.send(listening.getsockname()[1])
    following = socket.create_connection(("127.0.0.1", parent.recv()))
    before, _ = listening.accept()
    for link in (following, before):
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threadpool_limits(1)
    memory = _Memory(part)
    matrix = np.random.default_rng(part.place).random((_SIDE, _SIDE)).astype(np.float32)
    activation = bytes(part.activation_bytes)
    if part.place == 0:
        while tokens := parent.recv():
            parent.send([_token(part, memory, matrix, following, before) for _ in range(tokens)])
        following.sendall(STOP.to_bytes(_TOKEN, "little", signed=True) + activation)
        return
    while (turn := _receive(before, part)) != STOP:
        _compute(part, memory, matrix, turn)
        following.sendall(turn.to_bytes(_TOKEN, "little", signed=True) + activation)
    if part.place < part.stations - 1:
        following.sendall(STOP.to_bytes(_TOKEN, "little", signed=True) + activation)


def _token(
    part: Part,
    memory: _Memory,
    matrix: npt.NDArray[np.float32],
    following: socket.socket,
    before: socket.socket,
) -> float:
    """One token around the ring, as the head sees it; its time, s."""
    start = time.perf_counter()
    for turn in range(part.rounds):
        _compute(part, memory, matrix, turn)
        if part.stations > 1:
            message = turn.to_bytes(_TOKEN, "little", signed=True) + bytes(part.activation_bytes)
            following.sendall(message)
            _receive(before, part)
    return time.perf_counter() - start


def _compute(part: Part, memory: _Memory, matrix: npt.NDArray[np.float32], turn: int) -> None:
    first = turn * part.window
    for layer in range(first, first + part.window):
        memory.need(layer)
        for _ in range(part.products):
            matrix @ matrix  # the time that it takes is what is wanted
    if part.prefetch:
        coming = (turn + 1) % part.rounds * part.window
        memory.queue(list(range(coming, coming + part.window)))


def _receive(link: socket.socket, part: Part) -> int:
    """The next message: the turn that it belongs to."""
    left = _TOKEN + part.activation_bytes
    content = b""
    while len(content) < left:
        more = link.recv(left - len(content))
        if not more:
            return STOP
        content += more
    return int.from_bytes(content[:_TOKEN], "little", signed=True)
