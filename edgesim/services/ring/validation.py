"""``edgesim validate ring``: real rings of processes beside the twin, at held-out settings.

Processes on this machine, joined by sockets over the loopback, read real files and multiply real
matrices. Three settings fix the twin's constants: all layers in memory (the time of a layer's
products), none in memory (the time of reading one), and a ring in memory (the time of a hop). The
others are held out. All settings take turns, several times, so that a machine that slows down does
so for all.
"""

import json
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from edgesim.config.services import ValidateConfig
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.services.ring.station import Part, run_station
from edgesim.tables import console, show_table
from edgesim.twin.ring.tokens import ALL, Station, simulate

__all__ = ["SETTINGS", "Constants", "Setting", "predicted_s", "validate_ring"]

LAYERS = 12
LAYER_BYTES = 2 * 2**20
PRODUCTS = 30
DISK_BYTES_S = 0.5e9  # of a SATA disk; reading costs processors little, and three go on at once
ACTIVATION_BYTES = 32768  # four bytes of each of 8192 numbers, as of a model of 70B
TOKENS = 8
REPEATS = 5
TARGET = 0.15
_WARM = 3  # tokens of a run that are not counted: memories fill


class Setting(NamedTuple):
    """A ring.

    Attributes:
        name: what it is.
        windows: layers of each station in a round.
        rounds: rounds of a token.
        kept: layers that fit in each station's memory.
        prefetch: whether windows are read ahead.
        role: "fixes" a constant, or is "held out".
    """

    name: str
    windows: tuple[int, ...]
    rounds: int
    kept: tuple[int, ...]
    prefetch: bool
    role: str = "held out"


SETTINGS = (
    Setting("one process, in memory", (12,), 1, (12,), False, "fixes products"),
    Setting("one process, from disk", (12,), 1, (8,), False, "fixes reading"),
    Setting("two in memory, 6 rounds", (1, 1), 6, (6, 6), False, "fixes hops"),
    Setting("two from disk", (6, 6), 1, (4, 4), False),
    Setting("two, one from disk", (8, 4), 1, (5, 4), False),
    Setting("two ahead, 1 round", (6, 6), 1, (5, 5), True),
    Setting("two ahead, 2 rounds", (3, 3), 2, (5, 5), True),
    Setting("three ahead, 2 rounds", (2, 2, 2), 2, (3, 3, 4), True),
    Setting("three ahead, 4 rounds", (1, 1, 1), 4, (2, 2, 4), True),
    Setting("three, two from disk", (3, 2, 1), 2, (4, 3, 2), False),
    Setting("two unlike, ahead", (3, 1), 3, (5, 3), True),
    Setting("three unlike, ahead", (4, 1, 1), 2, (5, 2, 1), True),
)


class Constants(NamedTuple):
    """What the three first settings fix, s: a layer's products, its reading, a hop."""

    layer_s: float
    read_s: float
    hop_s: float


def validate_ring(config: ValidateConfig) -> Path:
    """Run the rings, print them beside the twin, write ``validation.json``.

    Returns:
        the folder ``<out>/ring``.

    Raises:
        InputError: the folder cannot be written.
    """
    folder = Path(config.out) / "ring"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".weights-") as weights:
            for place in range(max(len(setting.windows) for setting in SETTINGS)):
                (Path(weights) / str(place)).write_bytes(os.urandom(LAYERS * LAYER_BYTES))
            os.sync()
            measured = _measured(Path(weights))
    except OSError as error:
        raise InputError("out", str(folder), f"must be a folder: {error.strerror}") from None
    rows = compared(measured)
    to = console()
    show_table(
        to,
        ("ring", "rounds", "measured ms", "twin ms", "error", "role"),
        [
            (
                row["name"],
                str(row["rounds"]),
                f"{1e3 * row['measured_s']:.1f}",
                f"{1e3 * row['twin_s']:.1f}",
                f"{100 * row['error']:+.0f} %",
                row["role"],
            )
            for row in rows
        ],
        words=("ring", "role"),
    )
    held = [abs(row["error"]) for row in rows if row["role"] == "held out"]
    within = sum(error <= TARGET for error in held)
    to.print(f"{within} of {len(held)} held-out rings within {100 * TARGET:.0f} %")
    with replacing(folder / "validation.json") as part:
        part.write_text(json.dumps({"rows": rows}, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {folder / 'validation.json'}")
    return folder


def _measured(weights: Path) -> list[float]:
    """The lower quartile of a token's times in each setting, s, over all repeats.

    What else runs on the machine only adds to them.
    """
    times: list[list[float]] = [[] for _ in SETTINGS]
    with ExitStack() as rings:
        heads = [rings.enter_context(real_ring(setting, weights)) for setting in SETTINGS]
        for _ in range(REPEATS):
            for number, head in enumerate(heads):
                times[number] += tokens_s(head)
    return [float(np.quantile(found, 0.25)) for found in times]


def tokens_s(head: Connection, tokens: int = TOKENS) -> list[float]:
    """Times of tokens of a real ring, s, after some that fill its memories."""
    head.send(_WARM + tokens)
    found: list[float] = head.recv()
    return found[_WARM:]


@contextmanager
def real_ring(setting: Setting, weights: Path) -> Iterator[Connection]:
    """A ring of processes; what the head is told how many tokens to make by.

    Args:
        setting: the ring.
        weights: a folder with a file of weights for each station, named by its place.
    """
    # Forked processes begin at once; spawned ones import all of edgesim first
    known = multiprocessing.get_all_start_methods()
    context: Any = multiprocessing.get_context("fork" if "fork" in known else "spawn")
    count = len(setting.windows)
    pipes, processes = [], []
    for index, (window, kept) in enumerate(zip(setting.windows, setting.kept, strict=True)):
        own, other = context.Pipe()
        part = Part(
            index,
            count,
            window,
            setting.rounds,
            kept,
            setting.prefetch,
            LAYER_BYTES,
            PRODUCTS,
            ACTIVATION_BYTES,
            DISK_BYTES_S,
            str(weights / str(index)),
        )
        process = context.Process(target=run_station, args=(part, other), daemon=True)
        process.start()
        pipes.append(own)
        processes.append(process)
    try:
        ports = [pipe.recv() for pipe in pipes]
        for index, pipe in enumerate(pipes):
            pipe.send(ports[(index + 1) % count])
        yield pipes[0]
        pipes[0].send(0)
    finally:
        for process in processes:
            process.join(timeout=5)
            if process.is_alive():
                process.terminate()


def compared(measured: list[float]) -> list[dict[str, Any]]:
    """Each setting's time as measured and as the twin says, with what the first three fix."""
    resident_s, disk_s, ring_s = measured[:3]
    layer_s = resident_s / LAYERS
    read_s = max(1e-9, disk_s / LAYERS - layer_s)
    hops = len(SETTINGS[2].windows) * SETTINGS[2].rounds
    constants = Constants(layer_s, read_s, max(0.0, (ring_s - resident_s) / hops))
    rows = []
    for setting, found_s in zip(SETTINGS, measured, strict=True):
        twin_s = predicted_s(setting, constants)
        rows.append(
            {
                "name": setting.name,
                "rounds": setting.rounds,
                "measured_s": found_s,
                "twin_s": twin_s,
                "error": twin_s / found_s - 1.0,
                "role": setting.role,
            }
        )
    return rows


def predicted_s(setting: Setting, constants: Constants) -> float:
    """What the twin says of a setting, s a token."""
    stations = [
        Station(
            window,
            0,
            float(kept),
            1.0 / constants.read_s,
            constants.layer_s,
            constants.layer_s,
            constants.hop_s,
        )
        for window, kept in zip(setting.windows, setting.kept, strict=True)
    ]
    found = simulate(
        stations,
        rounds=setting.rounds,
        layer_bytes=1.0,
        output_bytes=0.0,
        output_s=0.0,
        prefetch=ALL if setting.prefetch else 0.0,
        tokens=_WARM + TOKENS,
        measured=TOKENS,
    )
    return found.token_s
