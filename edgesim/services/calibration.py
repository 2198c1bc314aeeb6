"""``edgesim calibrate``: measure a service and write its profile.

Results of every batch are written as they come, so that a calibration that is killed goes on where
it was. The folder ``<out>/<service>/`` then holds ``profile.json``, of images ``samples.npz`` (some
of them, for the contact sheet), and the pictures.
"""

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import numpy as np

from edgesim.config.services import CalibrateConfig
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.profiles.profile import (
    SCHEMA,
    Detection,
    Latency,
    LatencySample,
    Loading,
    MemorySample,
    Provenance,
    Quality,
    ServiceProfile,
)
from edgesim.services.finding import find_service
from edgesim.services.fits import extrapolated, fit_inputs, fit_latency, fit_memory
from edgesim.services.partial import Partial, is_images
from edgesim.services.scores import ItemMetric, metric_of_items, score_of
from edgesim.services.service import Outputs, Plan, Service, settled, simple_score
from edgesim.services.telling import print_profile
from edgesim.tables import console as at_terminal
from edgesim.version import version

__all__ = ["calibrate"]

_SHOWN = 8  # images of the contact sheet
_LIBRARIES = (
    "diffusers",
    "numba",
    "numpy",
    "opencv-python-headless",
    "schemdraw",
    "scikit-image",
    "scikit-learn",
    "scipy",
    "torch",
    "transformers",
)


def calibrate(config: CalibrateConfig) -> Path:
    """Measure a service, write its profile and pictures, print what came out.

    Returns:
        the folder ``<out>/<service>/``.

    Raises:
        InputError: the service cannot be loaded or run, the folder holds part of another
            calibration, or it cannot be written.
    """
    from rich.console import Console

    from edgesim.services.measuring import set_threads

    set_threads(config.threads)
    service = find_service(config)
    service.load()
    plan = settled(service.plan, config, service)
    folder = Path(config.out) / service.name
    work = Partial(folder / "partial", _settings(config, plan, service))
    console = Console(stderr=True, highlight=False)
    with _bar(console, config.progress, plan) as tick:
        measured = _measure(service, plan, config, work, tick, console)
    outputs = [_joined(work, amount, plan) for amount in plan.work]
    profile = _profile(service, plan, config, measured, outputs, work)
    path = profile.save(folder / "profile.json")
    pictures = _pictures(folder, profile, plan, outputs)
    work.remove()
    print_profile(profile)
    for written in (path, *pictures):
        at_terminal().print(str(written), soft_wrap=True)
    return folder


def _pictures(
    folder: Path, profile: ServiceProfile, plan: Plan, outputs: Sequence[Outputs]
) -> list[Path]:
    """Draw what there is of quality or detection, time, memory, and of images some of them."""
    from edgesim.plots.services import detection, latency, memory, quality, samples

    figures: list[Any] = [latency, memory]
    figures[:0] = [quality] * (profile.quality is not None)
    figures[:0] = [detection] * (profile.detection is not None)
    if all(_kept_images(found) for found in outputs):
        with replacing(folder / "samples.npz") as part, part.open("wb") as file:
            shown = np.stack([np.asarray(found)[:_SHOWN] for found in outputs])
            np.savez_compressed(file, steps=np.array(plan.work), images=shown)
        figures.append(samples)
    return [figure.draw(folder) for figure in figures]


def _settings(config: CalibrateConfig, plan: Plan, service: Service) -> dict[str, Any]:
    """What two calibrations must have in common for one to go on with the other."""
    ignored = ("out", "progress", "images", "items", "steps", "work", "batches", "repeats")
    values = {key: value for key, value in asdict(config).items() if key not in ignored}
    return {**values, "plan": asdict(plan), "model": asdict(service.model), "edgesim": version()}


# --- measuring ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Measured:
    latency: tuple[LatencySample, ...]
    memory: tuple[MemorySample, ...]
    loading: Loading | None
    calls_per_unit: float
    clock: str
    alone: list[list[float]] | None  # of a service whose items differ: seconds by work and item


def _chunks(plan: Plan) -> Iterator[range]:
    for first in range(0, plan.items, plan.chunk):
        yield range(first, min(first + plan.chunk, plan.items))


def _measure(
    service: Service,
    plan: Plan,
    config: CalibrateConfig,
    work: Partial,
    tick: Callable[[float], None],
    console: Any,
) -> _Measured:
    """Everything that takes long, each part kept as soon as it is there."""
    from edgesim.services.measuring import (
        device_of,
        measure_latency,
        measure_loading,
        measure_memory,
    )

    if hasattr(service, "prepare"):
        service.prepare(range(plan.items))
    device = device_of(service)
    own = getattr(service, "clock", "cpu" if device is None or device.type == "cpu" else "wall")
    clock = config.clock or own
    weights_bytes = _weights_bytes(service)
    loading = None
    if getattr(service, "loading_is_timed", True):
        load = partial(_as_dict, measure_loading, service, plan.repeats, clock, weights_bytes)
        found = work.kept("loading", load)
        loading = Loading(tuple(found["seconds"]), found["bytes"])
    _say_cost(service, plan, clock, console)
    calls_per_unit = _calls_per_unit(service, plan.timed[len(plan.timed) // 2])
    memory = []
    for batch in plan.batches:
        found = work.kept(
            f"memory-{batch}", partial(_as_dict, measure_memory, service, batch, weights_bytes)
        )
        memory.append(MemorySample(**found))
    latency = []
    for amount in plan.timed:
        for batch in plan.batches:
            found = work.kept(
                f"latency-{amount:g}-{batch}",
                partial(_as_dict, measure_latency, service, amount, batch, plan.repeats, clock),
            )
            latency.append(LatencySample(amount, batch, tuple(found["seconds"])))
            tick(amount * batch * plan.repeats)
    alone = None
    if hasattr(service, "inputs"):
        timing = partial(_items_alone, service, plan, clock)
        alone = [work.kept(f"alone-{at:g}", partial(timing, at)) for at in plan.timed]
    for amount in plan.work:
        for chunk in _chunks(plan):
            name = _name(amount, chunk)
            if work.outputs(name) is None:
                work.keep_outputs(name, _run(service, chunk, amount))
            tick(amount * len(chunk))
    return _Measured(tuple(latency), tuple(memory), loading, calls_per_unit, clock, alone)


def _items_alone(service: Service, plan: Plan, clock: str, amount: float) -> list[float]:
    """Seconds of every item alone, the median of its runs."""
    from edgesim.services.measuring import measure_item

    return [measure_item(service, item, amount, plan.repeats, clock) for item in range(plan.items)]


def _run(service: Service, items: Sequence[int], amount: float) -> Outputs:
    """Results of a batch.

    Raises:
        InputError: not one an item.
    """
    found = service.run(items, [amount] * len(items))
    if not hasattr(found, "__len__") or len(found) != len(items):
        count = f"{len(found)} results" if hasattr(found, "__len__") else type(found).__name__
        raise InputError("service", count, f"run() must give one an item: {len(items)}")
    return found


def _name(amount: float, chunk: range) -> str:
    return f"outputs-{amount:g}-{chunk.start}"


def _as_dict(measure: Callable[..., Any], *given: Any) -> dict[str, Any]:
    return asdict(measure(*given))


def _weights_bytes(service: Service) -> int:
    """Bytes of the service's model, in single precision unless it says so itself."""
    return int(getattr(service, "weights_bytes", 4 * service.model.parameters))


def _calls_per_unit(service: Service, amount: float) -> float:
    """Network calls for each unit of work; 1 where the service does not count them."""
    calls = getattr(service, "calls", None)
    if calls is None:
        return 1.0
    service.run([0], [amount])
    return float((service.calls - calls) / amount)  # type: ignore[attr-defined] # it has some


def _say_cost(service: Service, plan: Plan, clock: str, console: Any) -> None:
    """Estimate from a little work what the whole will take, and say it."""
    from edgesim.services.measuring import CLOCKS, least_work

    items, least = range(min(plan.chunk, plan.items)), least_work(service)
    service.run(items, [least] * len(items))
    begun = CLOCKS[clock]()  # results come as numpy arrays: an accelerator is done with them
    service.run(items, [2 * least] * len(items))
    each = (CLOCKS[clock]() - begun) / (2 * least * len(items))
    seconds = each * (plan.quality_work + plan.latency_work)
    shown = f"{seconds / 60:.1f} minutes" if seconds > 90 else f"{seconds:.0f} seconds"
    items_of = "images" if service.unit == "step" else "items"
    amounts = "numbers of steps" if service.unit == "step" else f"numbers of {service.unit}s"
    console.print(
        f"{service.name}: {plan.items} {items_of} at {len(plan.work)} {amounts}, about {shown}"
        f"{' of CPU' if clock == 'cpu' else ''}",
        soft_wrap=True,
    )


class _bar:  # noqa: N801 # used as a function
    """A moving bar at a terminal, nothing elsewhere; calls tell how much work is done."""

    def __init__(self, console: Any, wanted: bool, plan: Plan) -> None:
        from rich.progress import Progress

        self._total = plan.quality_work + plan.latency_work
        self._bar = Progress(console=console, disable=not (wanted and console.is_terminal))

    def __enter__(self) -> Callable[[float], None]:
        self._bar.start()
        line = self._bar.add_task("measuring", total=self._total)
        return lambda done: self._bar.advance(line, done)

    def __exit__(self, *error: object) -> None:
        self._bar.stop()


def _joined(work: Partial, amount: float, plan: Plan) -> Outputs:
    """All results at an amount of work, as they were kept."""
    parts = [work.outputs(_name(amount, chunk)) for chunk in _chunks(plan)]
    if isinstance(parts[0], np.ndarray):
        return np.concatenate([np.asarray(part) for part in parts])
    return [item for part in parts if part is not None for item in part]


def _kept_images(outputs: Outputs) -> bool:
    return is_images(outputs) and np.asarray(outputs).dtype == np.uint8


# --- results ------------------------------------------------------------------------------------


def _profile(
    service: Service,
    plan: Plan,
    config: CalibrateConfig,
    measured: _Measured,
    outputs: Sequence[Outputs],
    work: Partial,
) -> ServiceProfile:
    given = [np.asarray(it) / 255.0 if _kept_images(it) else it for it in outputs]
    quality, detection = _judged(service, plan, given)
    affine, inputs = fit_latency(measured.latency), None
    if measured.alone is not None:
        sizes, parts = service.inputs(range(plan.items))  # type: ignore[attr-defined] # it has some
        affine, inputs = fit_inputs(measured.latency, sizes, parts, plan.timed, measured.alone)
    model = service.model
    if model.weights_bytes is None:
        model = replace(model, weights_bytes=_weights_bytes(service))
    return ServiceProfile(
        schema=SCHEMA,
        name=service.name,
        title=service.title,
        task=service.task,
        unit=service.unit,
        model=model,
        latency=Latency(
            clock=measured.clock,
            threads=config.threads,
            calls_per_unit=measured.calls_per_unit,
            samples=measured.latency,
            affine=affine,
            extrapolation=extrapolated(measured.latency) if inputs is None else None,
            inputs=inputs,
        ),
        memory=fit_memory(measured.memory),
        provenance=_provenance(service, plan, config, work.cpu_s),
        quality=quality,
        detection=detection,
        loading=measured.loading,
        mode=getattr(service, "mode", None),
        most_work=getattr(service, "most_work", None),
    )


def _judged(
    service: Service, plan: Plan, outputs: Sequence[Outputs]
) -> tuple[Quality | None, Detection | None]:
    """What the service's own score tells, as quality or as detection."""
    told = service.score(plan.work, outputs)
    if isinstance(told, Detection):
        return None, told
    if isinstance(told, tuple):
        metrics, score = told
    else:
        metric = ItemMetric(np.asarray, "", "higher", 0.0, 1.0, needs_truth=False)
        values = list(simple_score(told, plan.work, plan.items))
        metrics = {"score": metric_of_items(metric, plan.work, values)}
        score = score_of("score", metric, plan.work, values)
    return Quality(plan.work, metrics, score), None


def _provenance(service: Service, plan: Plan, config: CalibrateConfig, cpu_s: float) -> Provenance:
    from edgesim.services.measuring import device_of, processor

    libraries = {}
    for name in _LIBRARIES:
        try:
            libraries[name] = installed(name)
        except PackageNotFoundError:
            continue
    device, name = device_of(service), "cpu"
    if device is not None and device.type == "cuda":
        import torch

        name = torch.cuda.get_device_name(device)
    return Provenance(
        edgesim=version(),
        libraries=libraries,
        python=platform.python_version(),
        processor=processor(),
        device=name,
        seed=config.seed,
        items=plan.items,
        cpu_s=round(cpu_s, 1),
        note=getattr(service, "note", ""),
    )
