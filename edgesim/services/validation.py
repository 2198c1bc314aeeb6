"""``edgesim validate``: the twin's batch server beside a real one, on the same requests.

A worker process runs the networks for a Poisson stream of requests at each of several loads. What
it took at half of the loads gives the twin's affine model and scatter; the other loads only check.
With ``clock=cpu`` each stream has a virtual clock that goes on by the CPU seconds of its batches,
and the streams take turns batch by batch, so that a machine that slows down does so for all.
With ``clock=wall`` the server waits for its requests in real time, one stream after the other.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.recording import replacing
from edgesim.config_services import CalibrateConfig, ValidateConfig
from edgesim.errors import InputError
from edgesim.services.fits import fit_batches
from edgesim.services.serving import Batch, Stream, VirtualClock, WallClock, Worker, serve

if TYPE_CHECKING:
    from edgesim.services.profile import AffineLatency
    from edgesim.twin.batching import BatchTime

__all__ = ["compared", "fitted", "persistence", "simulated", "times_of", "validate"]

FloatArray = npt.NDArray[np.float64]
Times = Mapping[str, FloatArray]

_REPLICATIONS = 20  # of the twin, on the same requests with other scatter
_PROBES = 5  # full batches that tell the server's capacity


def validate(config: ValidateConfig) -> Path:
    """Run the real server and the twin, print both, write ``validation.json`` and a figure.

    Returns:
        the folder ``<out>/<service>/``.

    Raises:
        InputError: the service cannot be loaded, or the folder cannot be written.
    """
    from rich.console import Console

    from edgesim.plots import profile_validation
    from edgesim.services.extra import needs_diffusion

    needs_diffusion("service", config.service)
    from edgesim.services.service import find_service

    given = CalibrateConfig(
        service=config.service,
        seed=config.seed,
        threads=config.threads,
        device=config.device,
        clock=config.clock,
        progress=False,
    )
    service = find_service(given)  # what is wrong with it is told here, and not by the worker
    high = config.steps_range[1]
    if high > service.grid_steps:
        raise InputError("steps_range", high, f"the service has at most {service.grid_steps} steps")
    folder = Path(config.out) / service.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("out", str(folder), f"must be a folder: {error.strerror}") from None
    console = Console(stderr=True, highlight=False)
    with Worker(given) as worker:
        capacity = _capacity(worker, config)
        streams = _streams(config, capacity)
        work_s = config.requests * len(streams) / capacity
        console.print(
            f"{service.name}: {config.requests} requests at each of {len(streams)} loads;"
            f" {capacity:.2f} requests a second at capacity; {_cost(config, streams, work_s)}",
            soft_wrap=True,
        )
        batches = _served(worker, streams, config, console)
    result = _result(config, streams, batches, capacity)
    with replacing(folder / "validation.json") as part:
        part.write_text(json.dumps(result, indent=2) + "\n")
    picture = profile_validation.draw(folder)
    _print(result, [folder / "validation.json", picture])
    return folder


# --- the real server ----------------------------------------------------------------------------


def _capacity(worker: Worker, config: ValidateConfig) -> float:
    """Requests a second that full batches of mean steps would let through."""
    low, high = config.steps_range
    members, steps = range(config.max_batch), [(low + high) // 2] * config.max_batch
    worker.run(members, steps)  # warms up
    took = [worker.run(members, steps) for _ in range(_PROBES)]
    return config.max_batch / float(np.median(took))


def _cost(config: ValidateConfig, streams: Mapping[float, Stream], work_s: float) -> str:
    """What serving all streams will take: computing, or waiting for the last request of each."""
    if config.clock == "cpu":
        return f"at least {work_s:.0f} s of CPU"
    return f"about {sum(stream.arrival_s[-1] for stream in streams.values()):.0f} s"


def _streams(config: ValidateConfig, capacity: float) -> dict[float, Stream]:
    """The requests of every load."""
    low, high = config.steps_range
    return {
        load: Stream.poisson(
            np.random.default_rng([config.seed, number]),
            config.requests,
            load * capacity,
            low,
            high,
        )
        for number, load in enumerate(sorted((*config.fit_loads, *config.check_loads)))
    }


def _served(
    worker: Worker, streams: Mapping[float, Stream], config: ValidateConfig, console: Any
) -> dict[float, list[Batch]]:
    """Every batch of every stream, as the real server ran it."""
    from rich.progress import Progress

    def served(stream: Stream) -> Iterator[Batch]:
        clock = VirtualClock() if config.clock == "cpu" else WallClock()
        return serve(stream, clock, worker.run, config.window_s, config.max_batch)

    found: dict[float, list[Batch]] = {load: [] for load in streams}
    total = sum(len(stream.steps) for stream in streams.values())
    with Progress(console=console, disable=not (config.progress and console.is_terminal)) as bar:
        line = bar.add_task("serving", total=total)
        # In virtual time all loads advance alike, so that a machine whose speed drifts is as fast
        # for each of them; in real time one begins when the one before is over.
        groups = [list(streams)] if config.clock == "cpu" else [[load] for load in streams]
        for group in groups:
            running = {load: served(streams[load]) for load in group}
            done = dict.fromkeys(group, 0)
            while running:
                load = min(running, key=done.__getitem__)  # requests are as many at every load
                batch = next(running[load], None)
                if batch is None:
                    del running[load]
                    continue
                found[load].append(batch)
                done[load] += len(batch.members)
                bar.advance(line, len(batch.members))
    return found


def times_of(stream: Stream, batches: Sequence[Batch]) -> Times:
    """Waiting, service and sojourn time of every request, s, in the order of arrival."""
    start, end = np.empty(len(stream.steps)), np.empty(len(stream.steps))
    for batch in batches:
        start[list(batch.members)], end[list(batch.members)] = batch.start_s, batch.end_s
    arrival = np.asarray(stream.arrival_s)
    return {"waiting": start - arrival, "service": end - start, "sojourn": end - arrival}


# --- the twin -----------------------------------------------------------------------------------


class _Request:
    """A request as the twin's batch server takes it."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.run: Any = None
        self.end_s = np.nan


def simulated(
    stream: Stream, seconds: Callable[[Sequence[int]], float], window_s: float, max_batch: int
) -> Times:
    """The same requests through the twin's batch server.

    Args:
        stream: what comes.
        seconds: of a batch of images of these steps, asked once for each batch.
        window_s: longest wait of a first request for others to join it.
        max_batch: most requests in a batch.
    """
    from edgesim.twin.batching import BatchServer
    from edgesim.twin.clock import Clock

    clock = Clock()
    server = BatchServer(clock, seconds, window_s, max_batch)
    requests = [_Request(steps) for steps in stream.steps]
    began, ended = np.empty(len(requests)), np.empty(len(requests))

    def arrive(number: int) -> None:
        def over(seat: Any) -> None:
            began[number], ended[number] = seat.began_s, clock.now

        server.run(requests[number], over)

    for number, time_s in enumerate(stream.arrival_s):
        clock.at(time_s, lambda moment: arrive(moment.value), number)
    clock.run()
    arrival = np.asarray(stream.arrival_s)
    return {"waiting": began - arrival, "service": ended - began, "sojourn": ended - arrival}


def fitted(runs: Sequence[tuple[Sequence[int], float]]) -> "tuple[AffineLatency, BatchTime]":
    """The affine model of batches, and the twin's times: the model and what they scatter about it.

    The scatter is that of all batches of as many images. Hardly two batches are of the same steps:
    a scatter by steps as well would repeat the one run that is nearest.

    Args:
        runs: steps of the images of a batch, and the seconds that it took.
    """
    from edgesim.twin.batching import BatchTime

    model = fit_batches(runs)
    parts = (model.fixed_s, model.fixed_s_per_image, model.step_s, model.step_s_per_image)
    mean = BatchTime(*parts)
    steps = int(np.median([max(steps) for steps, _ in runs]))  # all are told as of these
    scatter = [
        (steps, len(own), [took / mean.mean_s(own) * mean.mean_s([steps] * len(own))])
        for own, took in runs
    ]
    return model, BatchTime(*parts, samples=scatter)


def persistence(batches: Sequence[Batch], stream: Stream, batch_time: "BatchTime") -> float | None:
    """How much a slow batch is followed by slow ones: correlation of the logarithms of measured
    over modelled times of batches that follow each other. None for fewer than three, or equal ones.
    """
    ratios = [
        batch.seconds / batch_time.mean_s([stream.steps[k] for k in batch.members])
        for batch in batches
    ]
    off = np.log(ratios) - np.mean(np.log(ratios))
    if len(off) < 3 or not off.any():
        return None
    return float((off[1:] * off[:-1]).mean() / (off**2).mean())


# --- both ---------------------------------------------------------------------------------------


def compared(real: Times, twin: Times) -> dict[str, Any]:
    """For each time: mean and quantiles of both, how far the twin is off, and the KS distance."""
    from scipy.stats import ks_2samp

    result: dict[str, Any] = {}
    for name, measured in real.items():
        sides = {"real": _figures(measured), "twin": _figures(twin[name])}
        off = {
            key: sides["twin"][key] / value - 1.0 if value > 0 else None
            for key, value in sides["real"].items()
        }
        distance = float(ks_2samp(measured, twin[name]).statistic)
        result[name] = {**sides, "twin_over_real_minus_1": off, "ks_distance": distance}
    return result


def _figures(values: FloatArray) -> dict[str, float]:
    quantiles = np.quantile(values, [0.5, 0.95, 0.99])
    return dict(
        zip(("mean", "p50", "p95", "p99"), map(float, (values.mean(), *quantiles)), strict=True)
    )


def _result(
    config: ValidateConfig,
    streams: Mapping[float, Stream],
    batches: Mapping[float, Sequence[Batch]],
    capacity: float,
) -> dict[str, Any]:
    """Everything that ``validation.json`` says."""
    runs = [
        ([streams[load].steps[k] for k in batch.members], batch.seconds)
        for load in config.fit_loads
        for batch in batches[load]
    ]
    model, batch_time = fitted(runs)
    rng = np.random.default_rng([config.seed, 10_000])
    loads = {}
    for load, stream in streams.items():
        real = times_of(stream, batches[load])
        own_s = iter([batch.seconds for batch in batches[load]])
        replayed = simulated(
            stream,
            lambda steps, own_s=own_s: next(own_s, batch_time.mean_s(steps)),  # type: ignore[misc]
            config.window_s,
            config.max_batch,
        )
        again = [
            simulated(
                stream,
                lambda steps: batch_time.drawn_s(steps, rng.random()),
                config.window_s,
                config.max_batch,
            )
            for _ in range(_REPLICATIONS)
        ]
        twin = {name: np.concatenate([times[name] for times in again]) for name in real}
        means = [float(times["sojourn"].mean()) for times in again]
        at = np.linspace(0.0, 1.0, 101)
        loads[f"{load:g}"] = {
            "used_to": "fit" if load in config.fit_loads else "check",
            "batches": len(batches[load]),
            "mean_batch": len(stream.steps) / len(batches[load]),
            "ran": [
                {
                    "steps": [stream.steps[k] for k in batch.members],
                    "start_s": round(batch.start_s, 6),
                    "seconds": round(batch.seconds, 6),
                }
                for batch in batches[load]
            ],
            **compared(real, twin),
            "twin_mean_sojourn_s": means,
            # The queue alone: the twin with the times that the real server's batches took.
            "replayed_mean_off": float(replayed["sojourn"].mean() / real["sojourn"].mean() - 1.0),
            "persistence": persistence(batches[load], stream, batch_time),
            "sojourn_quantiles": {
                "real": np.quantile(real["sojourn"], at).tolist(),
                "twin": np.quantile(twin["sojourn"], at).tolist(),
            },
        }
    return {
        "service": config.service,
        "clock": config.clock,
        "requests": config.requests,
        "steps_range": list(config.steps_range),
        "window_s": config.window_s,
        "max_batch": config.max_batch,
        "seed": config.seed,
        "capacity_per_s": capacity,
        "affine": asdict(model),
        "loads": loads,
    }


def _print(result: Mapping[str, Any], paths: Sequence[Path]) -> None:
    from rich.console import Console
    from rich.table import Table

    title = f"{result['service']}: real server and twin, sojourn time, {result['clock']} clock"
    table = Table(title=title, title_justify="left")
    for name in ("load", "used to", "mean real", "twin", "off", "p95 real", "twin", "off", "KS"):
        table.add_column(name, justify="right")
    for load, found in result["loads"].items():
        sojourn = found["sojourn"]
        row = [load, found["used_to"]]
        for key in ("mean", "p95"):
            row += [f"{sojourn[side][key]:.3f} s" for side in ("real", "twin")]
            row.append(f"{sojourn['twin_over_real_minus_1'][key]:+.1%}")
        table.add_row(*row, f"{sojourn['ks_distance']:.3f}")
    console = Console()
    console.print(table)
    replayed = max(abs(found["replayed_mean_off"]) for found in result["loads"].values())
    console.print(
        f"the queue alone, with the real batches' own times: mean off by at most {replayed:.1%}",
        soft_wrap=True,
    )
    spells = [f["persistence"] for f in result["loads"].values() if f["persistence"] is not None]
    if spells:
        console.print(
            f"a batch's deviation from the model goes on in the next by {np.mean(spells):.2f} (0:"
            " the twin's scatter, each on its own; more: slow spells of the machine)",
            soft_wrap=True,
        )
    for path in paths:
        console.print(str(path), soft_wrap=True)
