"""``edgesim calibrate-train``: the weights of the embedded services, made again."""

from pathlib import Path

from edgesim.config.services import CalibrateTrainConfig
from edgesim.errors import InputError, did_you_mean
from edgesim.importing import load

__all__ = ["TRAININGS", "train"]

_TEXT = "edgesim.services.text.training:train"
_DIFFUSION = "edgesim.services.diffusion.training:train"

TRAININGS = {
    "digits": _DIFFUSION,
    "photo_inpaint": _DIFFUSION,
    "photo_inpaint_small": _DIFFUSION,
    "text_small": _TEXT,
    "text_large": _TEXT,
}
"""What trains the weights of each service; called with the configuration."""


def train(config: CalibrateTrainConfig) -> list[Path]:
    """Train weights and write them; prints what it takes.

    Returns:
        the files that were written.

    Raises:
        InputError: no such service, its extra is not installed, or ``out`` cannot be written.
    """
    if config.service not in TRAININGS:
        raise InputError("service", config.service, did_you_mean(config.service, TRAININGS))
    written: list[Path] = load(TRAININGS[config.service])(config)
    return written
