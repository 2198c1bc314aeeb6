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
from edgesim.scenarios.parts.failures import SHAPES
from edgesim.yaml_files import read_yaml

__all__ = [
    "DRIFTS",
    "FAULTS_HELP",
    "KINDS",
    "OWN_KEYS",
    "Fault",
    "checked_faults",
    "expected_faults",
    "instead_of_faults",
    "read_faults",
]

FAULTS_HELP = (
    "what fails by chance: a list of {what, mtbf_s, mttr_s, shape, repair_shape, together,"
    " factor}, or a YAML file with one; null: nothing"
)
"""What the key is, in every schema."""

DRIFTS = ("quality_drift", "speed_drift")
"""What changes little by little."""

KINDS = ("link", "node", "host", "provider", "collector", "load", "quality", "speed", *DRIFTS)
"""What can go wrong: things that fail, crowds, what gets worse at once, and what drifts."""

_OF_DRIFTS = ("trend_per_s", "walk_per_s", "every_s")

_SCALED = ("load", "quality", "speed")
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
            left of it, a number or [from, to], uniform. Drifts: [from, to], which the level never
            leaves; it begins at 1.
        trend_per_s: drifts: how much the level changes a second.
        walk_per_s: drifts: standard deviation of its random walk after a second; after t it is
            sqrt(t) times that.
        every_s: drifts: time between its steps, s.
    """

    place: str
    what: str
    mtbf_s: float = 0.0
    mttr_s: float = 0.0
    shape: float = 1.0
    repair_shape: float = 1.0
    together: int | None = None
    factor: Any = None
    trend_per_s: float = 0.0
    walk_per_s: float = 0.0
    every_s: float = 10.0

    def keys(self) -> dict[str, Any]:
        """As a scenario states it."""
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        stated = ("what", "mtbf_s", "mttr_s")
        usual = {item.name: item.default for item in fields(self) if item.name not in stated}
        left_out = {"place", *(("mtbf_s", "mttr_s") if self.drifts else ())}
        return {
            key: value
            for key, value in given.items()
            if key not in left_out and not (key in usual and value == usual[key])
        }

    @property
    def drifts(self) -> bool:
        """Whether it changes little by little."""
        return self.what in DRIFTS

    @property
    def factors(self) -> tuple[float, float]:
        """From and to of the factor."""
        if self.factor is None:
            return 1.0, 1.0
        low, high = self.factor if isinstance(self.factor, Sequence) else (self.factor,) * 2
        return float(low), float(high)


OWN_KEYS = {
    "federated": "failures (links, nodes), events (stated times)",
    "fl_parallel": "failures (links, nodes), events (stated times)",
    "fl_sync": "failures (links, nodes), events (stated times)",
    "ring": "changes (devices that leave, memory that is taken, signals)",
    "llm_training": "accelerators.node_mtbf_s, node_mttr_s, node_shape",
    "wan_training": "churn (institutions that leave or vanish, links that are cut)",
}
"""Where the families without ``faults`` state what fails, by problem."""


def instead_of_faults(problem: Any, key: str) -> str | None:
    """What to use in the place of a key that a family does not have; None: it is another key."""
    if key.rpartition(".")[2] not in ("faults", "failures", "churn") or problem not in OWN_KEYS:
        return None
    return f"no such key; what fails here stands in {OWN_KEYS[problem]}"


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
        if not fault.drifts
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
    if what in DRIFTS:
        _check_drift(place, str(what), given)
        return Fault(place, **given)
    for key in _OF_DRIFTS:
        if key in given:
            raise InputError(f"{place}.{key}", given[key], f"is for {', '.join(DRIFTS)}")
    for key in ("mtbf_s", "mttr_s"):
        positive(f"{place}.{key}", given.get(key))
        if given[key] < _SHORTEST_S:
            accepted = f"must be at least {_SHORTEST_S:g} s, or episodes never end"
            raise InputError(f"{place}.{key}", given[key], accepted)
    for key in ("shape", "repair_shape"):
        between(f"{place}.{key}", given.get(key, 1.0), *SHAPES)
    if "together" in given:
        integer_from(f"{place}.together", given["together"], 1)
        if what in ("load", "collector"):
            raise InputError(f"{place}.together", given["together"], f"there is one {what} only")
    _check_factor(place, str(what), given.get("factor"))
    return Fault(place, **given)


def _check_drift(place: str, what: str, given: Mapping[str, Any]) -> None:
    accepted = ("what", "factor", *_OF_DRIFTS)
    for key in given:
        if key not in accepted:
            reason = f"{what} has no outages; accepted: {', '.join(accepted)}"
            raise InputError(f"{place}.{key}", given[key], reason)
    between(f"{place}.trend_per_s", given.get("trend_per_s", 0.0), -1e3, 1e3)
    between(f"{place}.walk_per_s", given.get("walk_per_s", 0.0), 0.0, 1e3)
    if not given.get("trend_per_s") and not given.get("walk_per_s"):
        raise InputError(f"{place}.trend_per_s", 0, "trend_per_s or walk_per_s must be stated")
    between(f"{place}.every_s", given.get("every_s", 10.0), _SHORTEST_S, 1e9)
    if not isinstance(given.get("factor"), Sequence) or isinstance(given["factor"], str):
        accepted_factor = "must be [from, to], between which the level stays"
        raise InputError(f"{place}.factor", given.get("factor"), accepted_factor)
    low, high = (0.0, 1.0) if what == "quality_drift" else (1e-3, 1e3)
    interval(f"{place}.factor", given["factor"], low, high=high)
    if not given["factor"][0] <= 1.0 <= given["factor"][1]:
        raise InputError(f"{place}.factor", given["factor"], "must hold 1, where it begins")


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
