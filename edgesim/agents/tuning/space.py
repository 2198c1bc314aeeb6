"""What is searched: keys of an agent and the values they may take, in Hydra's sweep grammar."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgesim.config.overrides import parsed, values_of
from edgesim.errors import InputError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

__all__ = ["Dimension", "dimensions"]

_ACCEPTED = "accepted: interval(low,high), tag(log,interval(low,high)), choice(a,b), range(a,b)"


@dataclass(frozen=True)
class Dimension:
    """A key that is searched.

    Attributes:
        key: of the agent, dotted: ``hyperparameters.gamma``.
        low: the least value of an interval; None where values are listed.
        high: the greatest value of an interval.
        log: whether an interval is searched by its logarithm.
        whole: whether its values are whole numbers.
        values: what is listed, by the text that tells one from the other.
    """

    key: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    whole: bool = False
    values: Mapping[str, Any] | None = None

    def distribution(self) -> "BaseDistribution":
        """The distribution that Optuna draws from."""
        from optuna.distributions import (
            CategoricalDistribution,
            FloatDistribution,
            IntDistribution,
        )

        if self.values is not None:
            return CategoricalDistribution(tuple(self.values))
        assert self.low is not None
        assert self.high is not None
        if self.whole:
            return IntDistribution(int(self.low), int(self.high), log=self.log)
        return FloatDistribution(self.low, self.high, log=self.log)

    def value_of(self, drawn: Any) -> Any:
        """The agent's value that a drawn one stands for."""
        return drawn if self.values is None else self.values[drawn]

    def drawn_as(self, value: Any) -> Any:
        """What is drawn for an agent's value; None where the search has no such value."""
        if self.values is not None:
            return next((text for text, it in self.values.items() if it == value), None)
        assert self.low is not None
        assert self.high is not None
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return value if number and self.low <= value <= self.high else None


def dimensions(texts: Mapping[str, str], agent: Mapping[str, Any]) -> list[Dimension]:
    """The keys that are searched.

    An interval is of whole numbers where Hydra says so (``int(interval(1,9))``), or where the
    agent's own value is one and both ends are.

    Args:
        texts: values in Hydra's sweep grammar by key: ``{"hyperparameters.gamma":
            "interval(0.5,0.99)"}``.
        agent: the agent's own values, nested.

    Raises:
        InputError: a range is empty, or of a kind that is not searched.
    """
    return [_dimension(key, text, _at(agent, key)) for key, text in texts.items()]


def _at(values: Any, key: str) -> Any:
    for name in key.split("."):
        values = values.get(name) if isinstance(values, Mapping) else None
    return values


def _dimension(key: str, text: str, own: Any) -> Dimension:
    (item,) = parsed([f"{key}={text}"])
    sweep: Any = item.value()
    if not item.is_sweep_override():
        raise InputError(f"agent.{key}", text, _ACCEPTED)
    if item.is_interval_sweep():
        low, high, log = sweep.start, sweep.end, "log" in sweep.tags
        if not low < high or (log and low <= 0):
            least = "0 < low < high" if log else "low < high"
            raise InputError(f"agent.{key}", text, f"needs {least}")
        counted = isinstance(own, int) and float(low).is_integer() and float(high).is_integer()
        whole = counted or (isinstance(low, int) and isinstance(high, int))
        return Dimension(key, low, high, log, whole)
    listed = _listed(values_of(item))
    if len(listed) < 2:
        raise InputError(f"agent.{key}", text, "needs two values at least")
    return Dimension(key, values=listed)


def _listed(values: Iterable[Any]) -> dict[str, Any]:
    return {str(value): _typed(value) for value in values}


def _typed(value: Any) -> Any:
    """A swept value, which Hydra may give as the text that a shell would have."""
    from edgesim.yaml_files import parse_yaml

    return parse_yaml(value, "choice", "agent") if isinstance(value, str) else value
