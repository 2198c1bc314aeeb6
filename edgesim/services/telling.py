"""A profile in words: what ``edgesim calibrate`` prints."""

from edgesim.profiles.profile import Detection, Quality, ServiceProfile
from edgesim.tables import console as at_terminal
from edgesim.tables import show_table

__all__ = ["print_profile"]


def print_profile(profile: ServiceProfile) -> None:
    """Quality or detection, the affine model of time, memory, loading, and the cost of it all."""
    console = at_terminal()
    console.print(f"{profile.name}: {profile.title}", soft_wrap=True)
    if profile.quality is not None:
        _quality(profile.quality, f"{profile.unit}s")
    if profile.detection is not None:
        _detection(profile.detection)
    latency, affine, unit = profile.latency, profile.latency.affine, profile.unit
    n, w = ("images", "s") if unit == "step" else ("items", "w")
    console.print(
        f"a batch of n {n} of {w} {unit}s takes {affine.fixed_s:.3g}"
        f" + {affine.fixed_s_per_item:.3g} n + {w} ({affine.work_s:.3g}"
        f" + {affine.work_s_per_item:.3g} n) s ({latency.clock}), R² {affine.r2:.4f}",
        soft_wrap=True,
    )
    if (held := latency.extrapolation) is not None:
        told = ", ".join(
            f"{error:+.1%} ({batch})" for batch, error in zip(held.batches, held.error, strict=True)
        )
        console.print(
            f"the model of fewer {unit}s alone, asked for {held.work:g}: {told} of n {n}",
            soft_wrap=True,
        )
    if (inputs := latency.inputs) is not None:
        low, high = min(inputs.share), max(inputs.share)
        console.print(
            f"items differ: {low:.2g} to {high:.2g} times the mean one's work,"
            f" {min(inputs.parts):g} to {max(inputs.parts):g} parts of {inputs.part_s:.2g} s;"
            f" R² of items alone {inputs.r2:.4f}",
            soft_wrap=True,
        )
    memory = profile.memory
    console.print(
        f"memory: {memory.fixed_bytes / 1e6:.3g} MB and {memory.bytes_per_item / 1e6:.3g} MB an"
        f" item of a batch; weights {(profile.model.weights_bytes or 0) / 1e6:.3g} MB",
        soft_wrap=True,
    )
    if profile.loading is not None:
        seconds = sorted(profile.loading.seconds)[len(profile.loading.seconds) // 2]
        console.print(f"loading: {seconds:.3g} s, {profile.loading.bytes / 1e6:.3g} MB of files")
    console.print(f"measured in {profile.provenance.cpu_s:.0f} CPU-seconds", soft_wrap=True)


def _quality(quality: Quality, work: str) -> None:
    console = at_terminal()
    measured = [f"{name} {metric.unit}".strip() for name, metric in quality.metrics.items()]
    rows = []
    for row, amount in enumerate(quality.work):
        shown = [f"{metric.mean[row]:.4g}" for metric in quality.metrics.values()]
        rows.append([f"{amount:g}", *shown, f"{quality.score.mean[row]:.3f}"])
    show_table(console, (work, *measured, "score"), rows)
    if len(quality.work) < _FEWEST_OF_A_CURVE:
        return
    for name, fits in (
        *((name, metric.fits) for name, metric in quality.metrics.items()),
        ("score", quality.score.fits),
    ):
        found = {key: getattr(fits, key) for key in ("piecewise", "hill", "exponential")}
        told = ", ".join(f"{key} {fit.r2:.4f}" for key, fit in found.items() if fit is not None)
        console.print(f"R² of {name}: {told or 'too few points'}", soft_wrap=True)


_FEWEST_OF_A_CURVE = 2


def _detection(detection: Detection) -> None:
    rows = [
        [
            f"{threshold:g}",
            f"{detection.detected_share(row):.4f}",
            f"{detection.false_alarm_share(row):.4f}",
            f"{detection.right_type_share(row):.4f}",
        ]
        for row, threshold in enumerate(detection.thresholds)
    ]
    headings = ("threshold", "detected", "false alarms", "right type")
    show_table(at_terminal(), headings, rows)
