"""The service that a configuration names."""

from pathlib import Path

from edgesim.config.services import CalibrateConfig
from edgesim.devices import check_device
from edgesim.errors import InputError, did_you_mean
from edgesim.importing import is_import_string, load
from edgesim.plugins import loaded
from edgesim.services.service import Service
from edgesim.services.titles import TITLES, titles

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
    """The service that a configuration names: an embedded one, one's own, a diffusers pipeline.

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
    own = _own(config)
    if own is not None:
        return own
    if "/" not in config.service and not Path(config.service).is_dir():
        raise InputError(
            "service",
            config.service,
            f"{did_you_mean(config.service, titles())}, or a folder or hub id of a pipeline",
        )
    from edgesim.services.pipeline import Pipeline

    return Pipeline(config)


def _own(config: CalibrateConfig) -> Service | None:
    """A service of another package, or of the user's by import string; None where it is neither.

    Raises:
        InputError: what makes it cannot be found, or returns no service.
    """
    if is_import_string(config.service):
        build = load(config.service, "service")
    else:
        build = next((it for _, it in loaded("edgesim.services", config.service)), None)
    if build is None:
        return None
    made: Service = build(config)
    lacking = [name for name in ("generate", "judge", "plan", "name") if not hasattr(made, name)]
    if lacking:
        accepted = f"must make a service; what it returns has no {', '.join(lacking)}"
        raise InputError("service", config.service, accepted)
    return made
