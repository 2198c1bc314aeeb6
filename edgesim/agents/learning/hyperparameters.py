"""Hyperparameters of stable-baselines3 that have a range: seen to before anything is learned.

stable-baselines3 takes what it is given: a discount above 1 learns nonsense, and a word where a
number stands fails hours later or deep in torch. Ranges are those of its documentation.
"""

from collections.abc import Callable, Mapping
from typing import Any

from edgesim.errors import InputError
from edgesim.scenarios.checks import at_least, between, integer_from, positive

__all__ = ["check_hyperparameters"]


def _share(key: str, value: Any) -> None:
    between(key, value, 0, 1)


def _amount(key: str, value: Any) -> None:
    at_least(key, value, 0)


def _count(key: str, value: Any) -> None:
    integer_from(key, value, 1)


def _mapping(key: str, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise InputError(key, value, "must be a mapping, as in {net_arch:[64,64]}")


_CHECKS: dict[str, Callable[[str, Any], None]] = {
    **dict.fromkeys(
        ("gamma", "gae_lambda", "tau", "exploration_fraction", "exploration_final_eps"), _share
    ),
    **dict.fromkeys(("learning_rate", "clip_range", "max_grad_norm"), positive),
    **dict.fromkeys(("ent_coef", "vf_coef"), _amount),
    **dict.fromkeys(
        ("batch_size", "n_steps", "n_epochs", "buffer_size", "target_update_interval"), _count
    ),
    "learning_starts": lambda key, value: integer_from(key, value, 0),
    "policy_kwargs": _mapping,
}

_WORDS = {"ent_coef": "auto"}
"""Hyperparameters that may be a word that begins so: ``auto_0.1`` of SAC."""


def check_hyperparameters(hyperparameters: Mapping[str, Any]) -> None:
    """See that hyperparameters of an algorithm of stable-baselines3 are in their ranges.

    Raises:
        InputError: one is not.
    """
    for name, value in hyperparameters.items():
        word = _WORDS.get(name)
        if word is not None and isinstance(value, str) and value.startswith(word):
            continue
        if name in _CHECKS:
            _CHECKS[name](f"agent.hyperparameters.{name}", value)
