"""The service that a configuration names."""

from pathlib import Path

from edgesim.config.services import CalibrateConfig
from edgesim.devices import check_device
from edgesim.errors import InputError, did_you_mean
from edgesim.importing import is_import_string, load
from edgesim.plugins import loaded
from edgesim.profiles.profile import UNITS
from edgesim.services.extras import needs_extra
from edgesim.services.service import Service
from edgesim.services.titles import SERVICES, TITLES, titles

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
_NEEDED = ("load", "run", "score", "name", "title", "task", "unit", "model", "plan")


def find_service(config: CalibrateConfig) -> Service:
    """The service that a configuration names.

    An embedded one, one's own by import string, by entry point or by the address of an HTTP
    endpoint, a diffusers pipeline, or a causal language model of transformers.

    Raises:
        InputError: there is none, it cannot be loaded, there is no such device, or the extra is not
            installed.
    """
    name = config.service
    if name in TITLES:
        if ".diffusion." in SERVICES[name]:
            needs_extra("diffusion", "service", name)
        check_device(config.device)
        for key in _OF_PIPELINES:
            if getattr(config, key) is not None:
                raise InputError(key, getattr(config, key), "is for pipelines; this is embedded")
        embedded: Service = load(SERVICES[name])(config)
        return embedded
    if name.startswith(("http://", "https://")):
        from edgesim.services.endpoint import Endpoint

        return Endpoint(config)
    own = _own(config)
    if own is not None:
        return own
    if "/" not in name and not Path(name).is_dir():
        raise InputError(
            "service",
            name,
            f"{did_you_mean(name, titles())}, the folder or hub id of a pipeline or of a language"
            " model, module:attribute, or http://127.0.0.1:<port>",
        )
    needs_extra("diffusion", "service", name)
    check_device(config.device)
    from edgesim.services.text.causal import Causal, is_causal

    if is_causal(name):
        return Causal(config)
    from edgesim.services.diffusion.pipeline import Pipeline

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
    lacking = [name for name in _NEEDED if not hasattr(made, name)]
    if lacking:
        accepted = f"must make a service; what it returns has no {', '.join(lacking)}"
        raise InputError("service", config.service, accepted)
    if made.unit not in UNITS:
        raise InputError("service", config.service, f"its unit: {did_you_mean(made.unit, UNITS)}")
    return made
