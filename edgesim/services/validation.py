"""``edgesim validate``: the twin's batch server beside a real one, on the same requests.

A worker process runs the networks for a Poisson stream of requests at each of several loads. What
it took at half of the loads gives the twin's affine model and scatter; the other loads only check.
With ``clock=cpu`` each stream has a virtual clock that goes on by the CPU seconds of its batches,
and the streams take turns batch by batch, so that a machine that slows down does so for all.
With ``clock=wall`` the server waits for its requests in real time, one stream after the other.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.config.services import CalibrateConfig, ValidateConfig
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.services.service import Service
from edgesim.services.serving import Batch, Stream, VirtualClock, WallClock, Worker, serve
from edgesim.services.validation_twin import (
    Paced,
    Seconds,
    Times,
    fitted,
    persistence,
    simulated,
    times_of,
)

__all__ = ["compared", "validate"]

Span = tuple[float, float]
"""The least and the most work of a request."""

_REPLICATIONS = 100  # of the twin, on the same requests with other scatter
_PROBES = 5  # full batches that tell the server's capacity


def validate(config: ValidateConfig) -> Path:
    """Run the real server and the twin, print both, write ``validation.json`` and a figure.

    Returns:
        the folder ``<out>/<service>/``.

    Raises:
        InputError: the service cannot be loaded, or the folder cannot be written.
    """
    if config.service == "ring":
        from edgesim.services.ring.validation import validate_ring

        return validate_ring(config)

    from rich.console import Console

    from edgesim.plots.services import validation as profile_validation
    from edgesim.services.finding import find_service

    given = CalibrateConfig(
        service=config.service,
        seed=config.seed,
        threads=config.threads,
        device=config.device,
        clock=config.clock,
        progress=False,
    )
    service = find_service(given)  # what is wrong with it is told here, and not by the worker
    service.load()
    span = _span(config, service)
    folder = Path(config.out) / service.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("out", str(folder), f"must be a folder: {error.strerror}") from None
    console = Console(stderr=True, highlight=False)
    with Worker(given) as worker:
        worker.prepare(config.requests)
        capacity = _capacity(worker, config, span)
        streams = _streams(config, capacity, span)
        work_s = config.requests * len(streams) / capacity
        console.print(
            f"{service.name}: {config.requests} requests at each of {len(streams)} loads;"
            f" {capacity:.2f} requests a second at capacity; {_cost(config, streams, work_s)}",
            soft_wrap=True,
        )
        batches = _served(worker, streams, config, console)
    result = _result(config, streams, batches, capacity, span)
    with replacing(folder / "validation.json") as part:
        part.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    picture = profile_validation.draw(folder)
    _print(result, [folder / "validation.json", picture])
    return folder


# --- the real server ----------------------------------------------------------------------------


def _span(config: ValidateConfig, service: Service) -> Span:
    """The least and the most work of a request.

    Raises:
        InputError: more than the service does, or parts of steps, tokens or flows.
    """
    key, given = "work_range", config.work_range
    if given is None and service.unit == "step":
        key, given = "steps_range", [float(steps) for steps in config.steps_range]
    elif given is None:
        given = [service.plan.timed[0], service.plan.timed[-1]]
    most = getattr(service, "most_work", None)
    if most is not None and given[1] > most:
        accepted = f"the service has at most {most:g} {service.unit}s"
        raise InputError(key, f"{given[1]:g}", accepted)
    if service.unit == "megapixel":
        return (given[0], given[1])
    if any(it != int(it) for it in given):
        raise InputError(key, given, f"must be whole numbers of {service.unit}s")
    return (int(given[0]), int(given[1]))


def _capacity(worker: Worker, config: ValidateConfig, span: Span) -> float:
    """Requests a second that full batches of mean work would let through."""
    middle = sum(span) // 2 if isinstance(span[0], int) else sum(span) / 2
    members, steps = range(config.max_batch), [middle] * config.max_batch
    worker.run(members, steps)  # warms up
    took = [worker.run(members, steps) for _ in range(_PROBES)]
    return config.max_batch / float(np.median(took))


def _cost(config: ValidateConfig, streams: Mapping[float, Stream], work_s: float) -> str:
    """What serving all streams will take: computing, or waiting for the last request of each."""
    if config.clock == "cpu":
        return f"at least {work_s:.0f} s of CPU"
    return f"about {sum(stream.arrival_s[-1] for stream in streams.values()):.0f} s"


def _streams(config: ValidateConfig, capacity: float, span: Span) -> dict[float, Stream]:
    """The requests of every load."""
    low, high = span
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


def _figures(values: npt.NDArray[np.float64]) -> dict[str, float]:
    quantiles = np.quantile(values, [0.5, 0.95, 0.99])
    return dict(
        zip(("mean", "p50", "p95", "p99"), map(float, (values.mean(), *quantiles)), strict=True)
    )


def _result(
    config: ValidateConfig,
    streams: Mapping[float, Stream],
    batches: Mapping[float, Sequence[Batch]],
    capacity: float,
    span: Span,
) -> dict[str, Any]:
    """Everything that ``validation.json`` says."""
    ran = {
        load: [([streams[load].steps[k] for k in batch.members], batch.seconds) for batch in own]
        for load, own in batches.items()
    }
    to_fit = [ran[load] for load in config.fit_loads]
    model, batch_time = fitted([run for own in to_fit for run in own])
    # In real time one stream follows the other, and no two ran at the same time.
    pace = Paced(to_fit, batch_time) if config.clock == "cpu" else None
    rng = np.random.default_rng([config.seed, 10_000])

    def scattered(steps: Sequence[float]) -> float:
        return batch_time.drawn_s(steps, rng.random())

    def played(stream: Stream, seconds: Seconds) -> Times:
        return simulated(stream, seconds, config.window_s, config.max_batch)

    def own(load: float) -> Seconds:
        took = iter([batch.seconds for batch in batches[load]])
        return lambda steps: next(took, batch_time.mean_s(steps))

    loads = {}
    for load, stream in streams.items():
        real = times_of(stream, batches[load])
        replayed = played(stream, own(load))
        again = [played(stream, scattered) for _ in range(_REPLICATIONS)]
        twin = _joined(again)
        at_the_pace = pace and [
            played(stream, pace.seconds(config.requests, rng)) for _ in range(_REPLICATIONS)
        ]
        at = np.linspace(0.0, 1.0, 101)
        loads[f"{load:g}"] = {
            "used_to": "fit" if load in config.fit_loads else "check",
            "batches": len(batches[load]),
            "mean_batch": len(stream.steps) / len(batches[load]),
            "ran": [
                {
                    "work": steps,
                    "start_s": round(batch.start_s, 6),
                    "seconds": round(batch.seconds, 6),
                }
                for batch, (steps, _) in zip(batches[load], ran[load], strict=True)
            ],
            **compared(real, twin),
            "paced": at_the_pace and compared(real, _joined(at_the_pace)),
            "twin_mean_sojourn_s": [float(times["sojourn"].mean()) for times in again],
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
        "work_range": list(span),
        "window_s": config.window_s,
        "max_batch": config.max_batch,
        "seed": config.seed,
        "capacity_per_s": capacity,
        "affine": asdict(model),
        "loads": loads,
    }


def _joined(replications: Sequence[Times]) -> Times:
    return {
        name: np.concatenate([times[name] for times in replications]) for name in replications[0]
    }


def _print(result: Mapping[str, Any], paths: Sequence[Path]) -> None:
    from edgesim.tables import console as at_terminal
    from edgesim.tables import show_table

    loads: Mapping[str, Any] = result["loads"]
    paced = all(found["paced"] for found in loads.values())
    title = f"{result['service']}: real server and twin, sojourn time, {result['clock']} clock"
    sides = ["twin", "paced"] if paced else ["twin"]
    headings = ("load", "used to", "mean s", *sides, "p95 s", *sides, "KS")
    rows = []
    for load, found in loads.items():
        row = [load, found["used_to"]]
        for key in ("mean", "p95"):
            row.append(f"{found['sojourn']['real'][key]:.3f}")
            for side in (found, found["paced"]) if paced else (found,):
                row.append(f"{side['sojourn']['twin_over_real_minus_1'][key]:+.1%}")
        rows.append([*row, f"{found['sojourn']['ks_distance']:.3f}"])
    console = at_terminal()
    console.print(title)
    show_table(console, headings, rows)
    console.print("seconds of the real server, and how far the twin is off", soft_wrap=True)
    if paced:
        console.print(
            "paced: the twin with the speed that the machine had at the time, as the loads to fit"
            " tell it",
            soft_wrap=True,
        )
    replayed = max(abs(found["replayed_mean_off"]) for found in loads.values())
    console.print(
        f"the queue alone, with the real batches' own times: mean off by at most {replayed:.1%}",
        soft_wrap=True,
    )
    spells = [found["persistence"] for found in loads.values() if found["persistence"] is not None]
    if spells:
        console.print(
            f"a batch's deviation from the model goes on in the next by {np.mean(spells):.2f} (0:"
            " the twin's scatter, each on its own; more: slow spells of the machine)",
            soft_wrap=True,
        )
    for path in paths:
        console.print(str(path), soft_wrap=True)
