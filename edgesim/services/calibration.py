"""``edgesim calibrate``: measure a service and write its profile.

Results of every batch are written as they come, so that a calibration that is killed goes on where
it was. The folder ``<out>/<service>/`` then holds ``profile.json``, ``samples.npz`` (some of the
images, for the contact sheet) and the pictures.
"""

import json
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.config.services import CalibrateConfig
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.profiles.profile import (
    Latency,
    LatencySample,
    MemorySample,
    Provenance,
    Quality,
    ServiceProfile,
)
from edgesim.services.finding import find_service
from edgesim.services.fits import extrapolated, fit_latency, fit_memory
from edgesim.services.service import Plan, Service, settled
from edgesim.version import version

__all__ = ["calibrate"]

_SHOWN = 8  # images of the contact sheet
_LIBRARIES = (
    "diffusers",
    "numpy",
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

    from edgesim.plots.services import latency as profile_latency
    from edgesim.plots.services import memory as profile_memory
    from edgesim.plots.services import quality as profile_quality
    from edgesim.plots.services import samples as profile_samples
    from edgesim.services.extra import needs_diffusion

    needs_diffusion("service", config.service)
    import torch

    torch.set_num_threads(config.threads)
    service = find_service(config)
    plan = settled(service.plan, config, service)
    folder = Path(config.out) / service.name
    work = _Work(folder / "partial", _settings(config, plan, service))
    console = Console(stderr=True, highlight=False)
    with _bar(console, config.progress, plan) as tick:
        measured = _measure(service, plan, config, work, tick, console)
    images = [_joined(work, steps, plan) for steps in plan.steps]
    profile = _profile(service, plan, config, measured, images, work)
    path = profile.save(folder / "profile.json")
    with replacing(folder / "samples.npz") as part, part.open("wb") as file:
        shown = np.stack([found[:_SHOWN] for found in images])
        np.savez_compressed(file, steps=np.array(plan.steps), images=shown)
    figures = (profile_quality, profile_latency, profile_memory, profile_samples)
    pictures = [figure.draw(folder) for figure in figures]
    work.remove()
    _print(profile, [path, *pictures])
    return folder


# --- partial results ----------------------------------------------------------------------------


class _Work:
    """The folder of partial results: each is there whole or not at all."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError("out", str(folder), f"must be a folder: {error.strerror}") from None
        text = json.dumps(settings, sort_keys=True)
        path = folder / "settings.json"
        if path.is_file() and path.read_text(encoding="utf-8") != text:
            raise InputError(
                "out",
                str(folder),
                "holds part of a calibration with other settings: repeat those to go on with it,"
                " remove the folder, or name another",
            )
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")
        self._spent = folder / "cpu_s.json"
        before = (
            json.loads(self._spent.read_text(encoding="utf-8")) if self._spent.is_file() else 0.0
        )
        self._origin_s = process_time() - before

    @property
    def cpu_s(self) -> float:
        """CPU seconds so far, those before a kill included."""
        return process_time() - self._origin_s

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """A JSON result from before, or a new one."""
        path = self._folder / f"{name}.json"
        if path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
        value = make()
        with replacing(path) as part:
            part.write_text(json.dumps(value), encoding="utf-8")
        self._note()
        return value

    def images(self, name: str) -> npt.NDArray[np.uint8] | None:
        """Images from before; None where there are none."""
        path = self._folder / f"{name}.npy"
        return np.load(path) if path.is_file() else None

    def keep_images(self, name: str, images: npt.NDArray[np.float64]) -> None:
        """Keep images with 8 bits a value, as services deliver them."""
        with replacing(self._folder / f"{name}.npy") as part, part.open("wb") as file:
            np.save(file, np.round(images * 255.0).astype(np.uint8))
        self._note()

    def _note(self) -> None:
        with replacing(self._spent) as part:
            part.write_text(json.dumps(self.cpu_s), encoding="utf-8")

    def remove(self) -> None:
        """All is measured and written."""
        shutil.rmtree(self._folder)


def _settings(config: CalibrateConfig, plan: Plan, service: Service) -> dict[str, Any]:
    """What two calibrations must have in common for one to go on with the other."""
    ignored = ("out", "progress", "images", "steps", "batches", "repeats")
    values = {key: value for key, value in asdict(config).items() if key not in ignored}
    return {**values, "plan": asdict(plan), "model": asdict(service.model), "edgesim": version()}


# --- measuring ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Measured:
    latency: tuple[LatencySample, ...]
    memory: tuple[MemorySample, ...]
    calls_per_step: float
    clock: str


def _chunks(plan: Plan) -> Iterator[range]:
    for first in range(0, plan.images, plan.chunk):
        yield range(first, min(first + plan.chunk, plan.images))


def _measure(
    service: Service,
    plan: Plan,
    config: CalibrateConfig,
    work: _Work,
    tick: Callable[[int], None],
    console: Any,
) -> _Measured:
    """Everything that takes long, each part kept as soon as it is there."""
    from edgesim.services.measuring import measure_latency, measure_memory

    clock = config.clock or ("cpu" if service.device.type == "cpu" else "wall")
    _say_cost(service, plan, clock, console)
    calls, several = service.calls, plan.latency_steps[len(plan.latency_steps) // 2]
    service.generate([0], [several])
    calls_per_step = (service.calls - calls) / several

    memory = []
    for batch in plan.batches:
        found = work.kept(
            f"memory-{batch}",
            partial(_as_dict, measure_memory, service, batch, _weights_bytes(service)),
        )
        memory.append(MemorySample(**found))
    latency = []
    for steps in plan.latency_steps:
        for batch in plan.batches:
            found = work.kept(
                f"latency-{steps}-{batch}",
                partial(_as_dict, measure_latency, service, steps, batch, plan.repeats, clock),
            )
            latency.append(LatencySample(steps, batch, tuple(found["seconds"])))
            tick(steps * batch * plan.repeats)
    for steps in plan.steps:
        for chunk in _chunks(plan):
            name = f"images-{steps}-{chunk.start}"
            if work.images(name) is None:
                work.keep_images(name, service.generate(chunk, [steps] * len(chunk)))
            tick(steps * len(chunk))
    return _Measured(tuple(latency), tuple(memory), calls_per_step, clock)


def _as_dict(measure: Callable[..., Any], *given: Any) -> dict[str, Any]:
    return asdict(measure(*given))


def _weights_bytes(service: Service) -> int:
    """Bytes of the service's networks, in single precision unless it says so itself."""
    return int(getattr(service, "weights_bytes", 4 * service.model.parameters))


def _say_cost(service: Service, plan: Plan, clock: str, console: Any) -> None:
    """Estimate from a few steps what the whole will take, and say it."""
    from edgesim.services.measuring import CLOCKS

    numbers = range(min(plan.chunk, plan.images))
    service.generate(numbers, [1] * len(numbers))
    begun = CLOCKS[clock]()  # images come as numpy arrays: an accelerator is done with them
    service.generate(numbers, [2] * len(numbers))
    each = (CLOCKS[clock]() - begun) / (2 * len(numbers))
    seconds = each * (plan.quality_work + plan.latency_work)
    shown = f"{seconds / 60:.1f} minutes" if seconds > 90 else f"{seconds:.0f} seconds"
    console.print(
        f"{service.name}: {plan.images} images at {len(plan.steps)} numbers of steps, about {shown}"
        f"{' of CPU' if clock == 'cpu' else ''}",
        soft_wrap=True,
    )


class _bar:  # noqa: N801 # used as a function
    """A moving bar at a terminal, nothing elsewhere; calls tell how many image-steps are done."""

    def __init__(self, console: Any, wanted: bool, plan: Plan) -> None:
        from rich.progress import Progress

        self._total = plan.quality_work + plan.latency_work
        self._bar = Progress(console=console, disable=not (wanted and console.is_terminal))

    def __enter__(self) -> Callable[[int], None]:
        self._bar.start()
        line = self._bar.add_task("measuring", total=self._total)
        return lambda done: self._bar.advance(line, done)

    def __exit__(self, *error: object) -> None:
        self._bar.stop()


def _joined(work: _Work, steps: int, plan: Plan) -> npt.NDArray[np.uint8]:
    """All images of a number of steps."""
    parts = [work.images(f"images-{steps}-{chunk.start}") for chunk in _chunks(plan)]
    return np.concatenate([part for part in parts if part is not None])


# --- results ------------------------------------------------------------------------------------


def _profile(
    service: Service,
    plan: Plan,
    config: CalibrateConfig,
    measured: _Measured,
    images: list[npt.NDArray[np.uint8]],
    work: _Work,
) -> ServiceProfile:
    metrics, score = service.judge(plan.steps, [found / 255.0 for found in images])
    return ServiceProfile(
        schema=1,
        name=service.name,
        title=service.title,
        task=service.task,
        mode=service.mode,
        grid_steps=service.grid_steps,
        model=service.model,
        quality=Quality(plan.steps, metrics, score),
        latency=Latency(
            clock=measured.clock,
            threads=config.threads,
            calls_per_step=measured.calls_per_step,
            samples=measured.latency,
            affine=fit_latency(measured.latency),
            extrapolation=extrapolated(measured.latency),
        ),
        memory=fit_memory(measured.memory),
        provenance=_provenance(service, plan, config, work.cpu_s),
    )


def _provenance(service: Service, plan: Plan, config: CalibrateConfig, cpu_s: float) -> Provenance:
    import torch

    from edgesim.services.measuring import processor

    libraries = {}
    for name in _LIBRARIES:
        try:
            libraries[name] = installed(name)
        except PackageNotFoundError:
            continue
    on_gpu = service.device.type == "cuda"
    return Provenance(
        edgesim=version(),
        libraries=libraries,
        python=platform.python_version(),
        processor=processor(),
        device=torch.cuda.get_device_name(service.device) if on_gpu else "cpu",
        seed=config.seed,
        images=plan.images,
        cpu_s=round(cpu_s, 1),
        note=service.note,
    )


def _print(profile: ServiceProfile, paths: list[Path]) -> None:
    from edgesim.tables import console as at_terminal
    from edgesim.tables import show_table

    quality, latency = profile.quality, profile.latency
    measured = [f"{name} {metric.unit}".strip() for name, metric in quality.metrics.items()]
    rows = []
    for row, steps in enumerate(quality.steps):
        shown = [f"{metric.mean[row]:.4g}" for metric in quality.metrics.values()]
        rows.append([str(steps), *shown, f"{quality.score.mean[row]:.3f}"])
    console = at_terminal()
    console.print(f"{profile.name}: {profile.title}")
    show_table(console, ("steps", *measured, "score"), rows)
    for name, fits in (
        *((name, metric.fits) for name, metric in quality.metrics.items()),
        ("score", quality.score.fits),
    ):
        found = {key: getattr(fits, key) for key in ("piecewise", "hill", "exponential")}
        told = ", ".join(f"{key} {fit.r2:.4f}" for key, fit in found.items() if fit is not None)
        console.print(f"R² of {name}: {told or 'too few points'}", soft_wrap=True)
    affine = latency.affine
    console.print(
        f"a batch of n images of s steps takes {affine.fixed_s:.3g}"
        f" + {affine.fixed_s_per_image:.3g} n + s ({affine.step_s:.3g}"
        f" + {affine.step_s_per_image:.3g} n) s ({latency.clock}), R² {affine.r2:.4f}",
        soft_wrap=True,
    )
    if (held := latency.extrapolation) is not None:
        told = ", ".join(
            f"{error:+.1%} ({batch})" for batch, error in zip(held.batches, held.error, strict=True)
        )
        console.print(
            f"the model of fewer steps alone, asked for {held.steps}: {told} of n images",
            soft_wrap=True,
        )
    console.print(f"measured in {profile.provenance.cpu_s:.0f} CPU-seconds", soft_wrap=True)
    for path in paths:
        console.print(str(path), soft_wrap=True)
