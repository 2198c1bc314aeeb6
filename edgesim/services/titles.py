"""The services by name, and a line on each. Nothing is imported: ``edgesim list`` reads it."""

from edgesim.plugins import entries
from edgesim.profiles.profile import ServiceProfile, embedded, load_profile

__all__ = ["SERVICES", "TITLES", "figures", "titles"]

TITLES = {
    "digits": "handwritten digits from noise, 16 px",
    "photo_inpaint": "photographs of which 75 % of the pixels were dropped, 64 px",
    "photo_inpaint_early": "as photo_inpaint, by a network that has learned less",
    "photo_inpaint_small": "as photo_inpaint, by a smaller network",
    "text_small_fp32": "text by a character model of 0.3 million weights of 32 bits",
    "text_small_int8": "as text_small_fp32, weights of 8 bits",
    "text_small_absmean": "as text_small_fp32, weights of -1, 0 and 1 (2.25 bits), as BitNet's",
    "text_small_twn": "as text_small_absmean, by the rule of ternary weight networks",
    "text_small_tequila": "as text_small_absmean, dead weights add a constant (Tequila)",
    "text_small_bias": "as text_small_absmean, with an ordinary bias that is learned",
    "text_large_absmean": "text by a character model of 1.1 million ternary weights",
    "ids_network": "attacks among flows, by a dense network",
    "ids_boosting": "attacks among flows, by gradient boosting",
    "ids_forest": "attacks among flows, by a random forest",
    "schematics": "netlists from drawn schematics",
}
"""The embedded services."""


_IMAGES = "edgesim.services.diffusion.embedded:embedded"

_TEXT = "edgesim.services.text.service:embedded"
_DETECTOR = "edgesim.services.detectors.service:detector"

SERVICES = {name: _TEXT if name.startswith("text_") else _IMAGES for name in TITLES}
SERVICES |= {name: _DETECTOR for name in TITLES if name.startswith("ids_")}
SERVICES["schematics"] = "edgesim.services.schematics.service:reader"
"""What makes each of them; called with the :class:`edgesim.config.services.CalibrateConfig`."""


def titles() -> dict[str, str]:
    """The embedded services, and those that installed packages add."""
    added = {
        entry.name: f"of the package {entry.dist.name}" if entry.dist else entry.value
        for entry in entries("edgesim.services")
    }
    return {**added, **TITLES}


def figures() -> dict[str, str]:
    """As :func:`titles`, and of those with a profile what was measured at the most work."""
    profiles = set(embedded())
    return {
        name: f"{title}; {_measured(load_profile(name))}" if name in profiles else title
        for name, title in titles().items()
    }


def _measured(profile: ServiceProfile) -> str:
    """Quality or detection, seconds of one item, memory while it runs."""
    work = max(sample.work for sample in profile.latency.samples)
    if profile.detection is not None:
        row = len(profile.detection.thresholds) // 2
        told = f"detects {profile.detection.detected_share(row):.3f}"
        told += f", false alarms {profile.detection.false_alarm_share(row):.4f}"
    else:
        quality = profile.scored
        work = quality.work[-1]
        told = f"{quality.score.metric} scores {quality.score.mean[-1]:.2f}"
    seconds = profile.latency.affine.seconds(work)
    memory = profile.memory.bytes_of(1) / 1e6
    return f"{told}, {seconds:.2g} s for {work:g} {profile.unit}s, {memory:.2g} MB"
