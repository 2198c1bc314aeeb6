"""What a token of the small model is worth: stated, or by measured services of texts."""

import numpy as np

from edgesim.errors import InputError
from edgesim.profiles.profile import ServiceProfile, load_profile
from edgesim.scenarios.ring.schema import SmallModel

__all__ = ["token_worth"]

_TASK = "text_generation"


def token_worth(small: SmallModel, output_tokens: float) -> float:
    """Worth of a token, one of the large model being 1.

    Where ``small.service`` names a profile, it is the accuracy that was measured of it over that of
    ``small.beside``, at answers of a mean length (a straight line between measured lengths).

    Raises:
        InputError: a profile cannot be used, or is none of a service of texts.
    """
    if small.service is None:
        return small.quality
    own = _accuracy("small.service", small.service, output_tokens)
    return min(1.0, own / _accuracy("small.beside", small.beside, output_tokens))


def _accuracy(key: str, name: str, tokens: float) -> float:
    try:
        profile: ServiceProfile = load_profile(name)
    except InputError as error:
        raise InputError(f"{key}: {error.thing}", error.value, error.accepted) from None
    quality = profile.quality
    if profile.task != _TASK or quality is None or "accuracy" not in quality.metrics:
        raise InputError(key, name, f"must be a profile of {_TASK} with a measured accuracy")
    return float(np.interp(tokens, quality.work, quality.metrics["accuracy"].mean))
