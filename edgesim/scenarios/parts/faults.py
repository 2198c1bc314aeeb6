"""Faults that come by chance: what fails, how long it works, and how long its repair takes.

A scenario's key ``faults`` is a list of these, or a YAML file with one. They are drawn in each
episode from the episode's seed; what happens at stated times are the ``events``
(:mod:`edgesim.scenarios.parts.events`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from edgesim.errors import InputError, did_you_mean
from edgesim.scenarios.checks import between, integer_from, interval, positive
from edgesim.scenarios.parts.events import SUBJECTS
from edgesim.yaml_files import read_yaml

__all__ = ["FAULTS_HELP", "KINDS", "Fault", "checked_faults", "expected_faults", "read_faults"]

FAULTS_HELP = (
    "what fails by chance: a list of {what, mtbf_s, mttr_s, shape, repair_shape, together,"
    " factor}, or a YAML file with one; null: nothing"
)
"""What the key is, in every schema."""

KINDS = ("link", "node", "host", "provider", "collector", "load", "quality", "speed")
"""What can go wrong: things that fail, crowds, and what gets worse."""

_SCALED = ("load", "quality", "speed")
_SHAPES = (0.1, 20.0)  # of Weibull times: beyond, means and scales are orders of magnitude apart
_SHORTEST_S = 0.01


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Times are Weibull with a mean and a shape: 1 is exponential; above 1 things wear out, below 1
    they fail early or again and again.

    Attributes:
        place: where it stands in the scenario, as messages name it: ``faults[0]``.
        what: one of :data:`KINDS`. ``load``: crowds come; ``quality`` and ``speed``: a provider
            becomes worse for a time.
        mtbf_s: mean time that each thing works, s; of ``together``, ``load`` and ``collector``
            mean time between the end of one and the next.
        mttr_s: mean time until it is repaired, or until a crowd leaves, s.
        shape, repair_shape: of the two Weibull distributions.
        together: null: each thing fails by itself. A number: outages with a common cause, each of
            which takes so many at once, drawn anew.
        factor: ``load``: how many times the usual requests come. ``quality``, ``speed``: what is
            left of it, a number or [from, to], uniform.
    """

    place: str
    what: str
    mtbf_s: float
    mttr_s: float
    shape: float = 1.0
    repair_shape: float = 1.0
    together: int | None = None
    factor: Any = None

    def keys(self) -> dict[str, Any]:
        """As a scenario states it."""
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            key: value
            for key, value in given.items()
            if key != "place" and value is not None and not (key.endswith("shape") and value == 1)
        }

    @property
    def factors(self) -> tuple[float, float]:
        """From and to of the factor."""
        if self.factor is None:
            return 1.0, 1.0
        low, high = self.factor if isinstance(self.factor, Sequence) else (self.factor,) * 2
        return float(low), float(high)


def read_faults(given: Any) -> list[Fault]:
    """The faults of a scenario: its list, or those in the YAML file that it names.

    Raises:
        InputError: no such file, no list of mappings, unknown or missing keys, values out of range.
    """
    if given is None:
        return []
    source, where = given, "faults"
    if isinstance(given, str | Path):
        where = str(given)
        loaded = read_yaml(Path(given), "faults")
        source = loaded["faults"] if isinstance(loaded, Mapping) and "faults" in loaded else loaded
    if isinstance(source, str | Mapping) or not isinstance(source, Sequence):
        accepted = "must be a list of {what, mtbf_s, mttr_s, ...}, or a YAML file with one"
        raise InputError(where, source, accepted)
    return [_fault(f"{where}[{row}]", item) for row, item in enumerate(source)]


def checked_faults(
    given: Any,
    kinds: Collection[str],
    events: Collection[Mapping[str, Any]] | None = None,
    *,
    drawn: bool = True,
) -> list[dict[str, Any]] | None:
    """The faults of a scenario as its plain list, checked for what its family has.

    Args:
        given: the scenario's ``faults``.
        kinds: those of :data:`KINDS` that the family has.
        events: the scenario's events: what they take down, faults of the same kind cannot.
        drawn: whether requests are drawn; to those of a trace no crowds come.

    Raises:
        InputError: as of :func:`read_faults`; a kind that the family does not have.
    """
    faults = read_faults(given)
    stated = {
        subject
        for event in events or ()
        for subject in SUBJECTS
        if subject in event and event["event"] in ("fails", "repaired", "joins", "leaves")
    }
    for fault in faults:
        if fault.what not in kinds:
            raise InputError(f"{fault.place}.what", fault.what, did_you_mean(fault.what, kinds))
        if fault.what == "load" and not drawn:
            raise InputError(f"{fault.place}.what", fault.what, "a trace states its requests")
        if fault.what in stated:
            accepted = "events take some of them down: either these or faults of the kind"
            raise InputError(f"{fault.place}.what", fault.what, accepted)
    return [fault.keys() for fault in faults] or None


def expected_faults(given: Any, things: float, length_s: float) -> float:
    """About how many begin in an episode, were there so many things of each kind."""
    return sum(
        (1.0 if fault.together or fault.what in ("load", "collector") else things)
        * length_s
        / (fault.mtbf_s + fault.mttr_s)
        for fault in read_faults(given)
    )


def _fault(place: str, item: Any) -> Fault:
    if not isinstance(item, Mapping):
        raise InputError(place, item, "must be a mapping {what, mtbf_s, mttr_s, ...}")
    keys = [key.name for key in fields(Fault) if key.name != "place"]
    for key in item:
        if key not in keys:
            raise InputError(f"{place} key", key, did_you_mean(str(key), keys))
    given = {key: value for key, value in item.items() if value is not None}
    what = given.get("what")
    if what not in KINDS:
        raise InputError(f"{place}.what", what, did_you_mean(str(what), KINDS))
    for key in ("mtbf_s", "mttr_s"):
        positive(f"{place}.{key}", given.get(key))
        if given[key] < _SHORTEST_S:
            accepted = f"must be at least {_SHORTEST_S:g} s, or episodes never end"
            raise InputError(f"{place}.{key}", given[key], accepted)
    for key in ("shape", "repair_shape"):
        between(f"{place}.{key}", given.get(key, 1.0), *_SHAPES)
    if "together" in given:
        integer_from(f"{place}.together", given["together"], 1)
        if what in ("load", "collector"):
            raise InputError(f"{place}.together", given["together"], f"there is one {what} only")
    _check_factor(place, str(what), given.get("factor"))
    return Fault(place, **given)


def _check_factor(place: str, what: str, factor: Any) -> None:
    key = f"{place}.factor"
    if what not in _SCALED:
        if factor is not None:
            raise InputError(key, factor, f"is for {', '.join(_SCALED)}; {what} fails")
    elif what == "load":
        between(key, factor, 1, 1e6)
    else:
        low = 0.0 if what == "quality" else 1e-3
        high = 1.0 if what == "quality" else 1e3
        if isinstance(factor, Sequence) and not isinstance(factor, str):
            interval(key, factor, low, high=high)
        else:
            between(key, factor, low, high)
