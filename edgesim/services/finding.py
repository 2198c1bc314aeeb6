"""The service that a configuration names."""

from pathlib import Path

from edgesim.config.services import CalibrateConfig
from edgesim.devices import check_device
from edgesim.errors import InputError, did_you_mean
from edgesim.services.service import Service
from edgesim.services.titles import TITLES

__all__ = ["find_service"]

_OF_PIPELINES = (
    "prompt",
    "negative_prompt",
    "guidance",
    "resolution_px",
    "precision",
    "scheduler",
    "licence",
)


def find_service(config: CalibrateConfig) -> Service:
    """The service that a configuration names: an embedded one, or a diffusers pipeline.

    Raises:
        InputError: there is none, it cannot be loaded, there is no such device, or the extra is not
            installed.
    """
    from edgesim.services.extra import needs_diffusion

    needs_diffusion("service", config.service)
    check_device(config.device)
    if config.service in TITLES:
        for key in _OF_PIPELINES:
            if getattr(config, key) is not None:
                raise InputError(key, getattr(config, key), "is for pipelines; this is embedded")
        from edgesim.services.embedded import Digits, PhotoInpaint

        kind: type[Digits | PhotoInpaint] = Digits if config.service == "digits" else PhotoInpaint
        return kind(config.service, config.seed, config.metric, config.device)
    if "/" not in config.service and not Path(config.service).is_dir():
        raise InputError(
            "service",
            config.service,
            f"{did_you_mean(config.service, TITLES)}, or a folder or hub id of a pipeline",
        )
    from edgesim.services.pipeline import Pipeline

    return Pipeline(config)
