"""Schema of an AIGC scenario: which parts exist, who asks for what, and what it pays.

A preset (one YAML file beside this one) fills these dataclasses. ``wireless: null`` leaves out
radio, mobility and the backhaul: a request then reaches its provider at once, as in the setting of
arXiv 2301.03220.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from math import inf
from pathlib import Path
from typing import Any

from edgesim.errors import InputError, Unshown, did_you_mean
from edgesim.notes import note
from edgesim.numbers import LARGEST_SEED
from edgesim.scenarios.aigc.services import Scheduler, ServiceProfile, fit_of, measured
from edgesim.scenarios.checks import (
    at_least,
    between,
    integer_from,
    interval,
    one_of,
    positive,
)
from edgesim.scenarios.parts.events import EVENTS_HELP, checked_events
from edgesim.scenarios.parts.faults import DRIFTS, FAULTS_HELP, checked_faults, expected_faults
from edgesim.scenarios.parts.links import Backhaul
from edgesim.scenarios.parts.people import Mobility
from edgesim.scenarios.parts.radio import Radio
from edgesim.scenarios.settings import setting
from edgesim.yaml_files import read_yaml

__all__ = [
    "AIGCScenario",
    "ProviderSpec",
    "QualityRanges",
    "Scheduler",
    "ServiceProfile",
    "TraceColumns",
    "Wireless",
    "read_providers",
]


MOST_USERS = 1_000_000
"""Each has a walk of its own in memory, some hundred bytes of it."""
MOST_PROVIDERS = 10_000
MOST_SITES = 1000
"""Every pair of sites is looked at for the cable between them."""
MOST_BYTES = 1e12
"""Most bytes of a request or result: hours on the air, which are measured second by second."""
MOST_STEPS = 10**9
"""Denoising steps of a request; measured services know up to a few hundred."""
_PAY_ON = ("assignment", "delivery")


@dataclass
class QualityRanges:
    """Ranges from which a provider's quality curve is drawn: [from, to, increment]."""

    ax: list[float] = setting([0, 90, 10], "steps; no gain in quality below")
    ay: list[float] = setting([0.0, 0.45, 0.05], "quality at ax")
    bx: list[float] = setting([150, 240, 10], "steps; no further gain beyond")
    by: list[float] = setting([0.5, 0.95, 0.05], "quality at bx")

    def check(self) -> None:
        for key in ("ax", "ay", "bx", "by"):
            value = getattr(self, key)
            if len(value) != 3:
                raise InputError(f"quality.{key}", value, "must be [from, to, increment]")
            interval(f"quality.{key}", value[:2])
            positive(f"quality.{key} increment", value[2])
        if self.ax[1] >= self.bx[0]:
            raise InputError(
                "quality.ax", self.ax, f"must end below bx, which starts at {self.bx[0]:g}"
            )
        if self.ay[1] > self.by[0]:
            raise InputError(
                "quality.ay", self.ay, f"must not pass by, which starts at {self.by[0]:g}"
            )


@dataclass
class TraceColumns:
    """Which column of a trace gives what. Null stands for the key's own name, if the trace has it.

    ``arrival_s`` holds seconds or date-times (then counted from the first row).
    """

    arrival_s: str = setting("arrival_s", "column of the arrivals, s or date-time")
    steps: str = setting("steps", "column of the denoising steps")
    user_x_m: str | None = setting(None, "column of the user's x, m")
    user_y_m: str | None = setting(None, "column of the user's y, m")
    upload_bytes: str | None = setting(None, "column of the upload's size, bytes")
    download_bytes: str | None = setting(None, "column of the result's size, bytes")
    arrival_scale: float = setting(1.0, "times are multiplied by this")
    steps_scale: float = setting(1.0, "steps are multiplied by this and rounded")
    steps_clip: list[float] | None = setting(None, "then clipped to [from, to]")

    def check(self) -> None:
        positive("trace_columns.arrival_scale", self.arrival_scale)
        positive("trace_columns.steps_scale", self.steps_scale)
        if self.steps_clip is not None:
            interval("trace_columns.steps_clip", self.steps_clip, low=1)
        if (self.user_x_m is None) != (self.user_y_m is None):
            raise InputError(
                "trace_columns.user_x_m", self.user_x_m, "user_x_m and user_y_m go together"
            )


@dataclass
class Wireless:
    """The network around the providers: one site a provider on a square."""

    side_m: float = setting(
        1000.0,
        "m; side of the square on which sites and users are",
        usual=(20, 1e5),
        checked=(10, 3500),
    )
    upload_bytes: list[float] = setting(
        [2e5, 2e6], "bytes; prompt and image, log-uniform", usual=(50, 1e10)
    )
    download_bytes: list[float] = setting(
        [5e5, 5e6], "bytes; the result, log-uniform", usual=(50, 1e10)
    )
    deadline_s: list[float] = setting(
        [6.0, 15.0], "s; latency up to which a result keeps its worth, uniform", usual=(0.005, 1e5)
    )
    lateness_s: float = setting(
        10.0, "s after the deadline at which nothing of it is left", usual=(0.005, 1e5)
    )
    radio: Radio = setting(Radio(), "air interface of every site")
    mobility: Mobility = setting(Mobility(), "how users move")
    backhaul: Backhaul = setting(Backhaul(), "network between the sites")

    def check(self) -> None:
        positive("wireless.side_m", self.side_m)
        interval("wireless.upload_bytes", self.upload_bytes, open_low=True, high=MOST_BYTES)
        interval("wireless.download_bytes", self.download_bytes, open_low=True, high=MOST_BYTES)
        interval("wireless.deadline_s", self.deadline_s, open_low=True)
        positive("wireless.lateness_s", self.lateness_s)
        self.radio.check("wireless.radio")
        if self.radio.pixel_m > self.side_m:
            raise InputError(
                "wireless.radio.pixel_m",
                self.radio.pixel_m,
                f"must be at most side_m = {self.side_m:g}",
            )
        self.mobility.check("wireless.mobility")
        self.backhaul.check("wireless.backhaul")

    def looks(self) -> float:
        """How often a request's transfers are measured, with the best signal and a site alone."""
        radio = self.radio
        bits = 4.0 * (sum(self.upload_bytes) + sum(self.download_bytes))  # of the mean size, about
        air_s = bits / (radio.bandwidth_hz * radio.max_spectral_efficiency)
        return air_s / radio.measurement_period_s

    def leg_s(self) -> float:
        """How long a user walks and then pauses, s, on average: 0.52 of the side apart."""
        mobility = self.mobility
        # The mean of 1 / v for v uniform is at least 1 / (the mean of v).
        walk_s = 0.52 * self.side_m / (sum(mobility.speed_mps) / 2)
        return walk_s + sum(mobility.pause_s) / 2


@dataclass
class AIGCScenario:
    """One AIGC world and its workload. Every preset states each key with its unit and source.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    problem: str = setting("aigc", "the problem whose keys these are")
    name: str = ""
    title: str = setting("", "one line on the scenario")
    world_seed: int = setting(
        0, "seed of what is the same in every episode: providers, sites, streets"
    )
    # workload
    horizon_s: float = setting(1e6, "s; length of an episode", usual=(1, 1e9))
    arrival_rate_hz: float = setting(
        0.001, "1/s; one request at 0 and Poisson(rate * horizon) more", usual=(1e-6, 1e4)
    )
    whole_second_arrivals: bool = setting(
        False, "whether arrival times are truncated to whole seconds"
    )
    decide_last: bool = setting(
        True,
        "whether the last request is decided and all tasks end; else its arrival ends the episode",
    )
    users: int = setting(1000, "each request comes from one of so many at random")
    steps_range: list[int] = setting([100, 250], "denoising steps a request asks for, uniform")
    steps_increment: int = setting(10, "steps; increment of steps_range")
    step_shares: list[float] = setting(
        [1.0],
        "shares of these that a choice may spend, falling from 1; action a is provider a %"
        " provider_count with share a // provider_count",
    )
    trace: str | None = setting(
        None, "CSV or Parquet of tasks to replay instead of the Poisson workload"
    )
    trace_columns: TraceColumns = setting(
        TraceColumns(), "which column gives what; null: the key's own name, if the trace has it"
    )
    # providers
    provider_count: int = setting(20, "providers; a list of them sets it")
    capacity_range: list[int] = setting(
        [400, 1500], "denoising steps a provider holds at once, uniform"
    )
    capacity_increment: int = setting(100, "steps; increment of capacity_range")
    quality: QualityRanges | None = setting(
        QualityRanges(),
        "[from, to, increment] of the curves to draw, uniform; null: those of measured profiles",
    )
    providers: Any = setting(
        None,
        "list of {capacity, ax, ay, bx, by, profile, x_m, y_m}, or a YAML file with one; null:"
        " they are drawn. Profile and place are optional, and so is the curve with a measured"
        " profile",
    )
    run_time_minutes: list[float] | None = setting(
        None, "min; constant, per step, per squared step; null where profiles tell"
    )
    profiles: list[ServiceProfile] = setting(
        [],
        "services, of which each provider runs one, drawn by world_seed; they need wireless"
        " settings",
    )
    scheduler: Scheduler | None = setting(
        None, "how providers make batches; null: tasks share a provider as they come and go"
    )
    variants: list[str] | None = setting(
        None,
        "measured services, by name or file, of which every provider can run any, one at a time;"
        " null: its profile's alone. Action a is provider a % provider_count with variant a //"
        " provider_count",
    )
    load_rate_bps: float | None = setting(
        None,
        "bit/s at which a device reads a variant that it does not hold, on top of the measured"
        " loading; null: as fast as was measured",
    )
    restart_s: float = setting(0.0, "s that a crash keeps a provider down", usual=(0.01, 1e6))
    # what an outcome pays
    pay_on: str = setting(
        "assignment",
        "assignment: quality is paid when a task is placed; delivery: when the result is with"
        " the user",
        _PAY_ON,
    )
    crash_penalty: float = setting(2.0, "what a crash costs")
    loss_penalty: float = setting(
        2.0, "what a task lost in a crash costs, times what was left of it"
    )
    refusal_penalty: float = setting(
        0.0, "what a task not started costs: it did not fit, or the provider was down"
    )
    # network
    wireless: Wireless | None = setting(
        None, "radio, moving users and the network between the sites, one a provider; null: none"
    )
    events: Any = setting(None, EVENTS_HELP)
    faults: Any = setting(None, FAULTS_HELP)

    def __post_init__(self) -> None:
        integer_from("world_seed", self.world_seed, 0, LARGEST_SEED)
        positive("horizon_s", self.horizon_s)
        positive("arrival_rate_hz", self.arrival_rate_hz)
        integer_from("users", self.users, 1, MOST_USERS)
        interval("steps_range", self.steps_range, low=1, high=MOST_STEPS)
        integer_from("steps_increment", self.steps_increment, 1, MOST_STEPS)
        integer_from("provider_count", self.provider_count, 1, MOST_PROVIDERS)
        interval("capacity_range", self.capacity_range, open_low=True)
        positive("capacity_increment", self.capacity_increment)
        at_least("restart_s", self.restart_s, 0)
        at_least("crash_penalty", self.crash_penalty, 0)
        at_least("loss_penalty", self.loss_penalty, 0)
        at_least("refusal_penalty", self.refusal_penalty, 0)
        one_of("pay_on", self.pay_on, _PAY_ON)
        self.trace_columns.check()
        if self.quality is not None:
            self.quality.check()
        self._check_step_shares()
        if self.wireless is not None:
            self.wireless.check()
            integer_from("provider_count", self.provider_count, 1, MOST_SITES)
        self._check_run_time()
        self._check_profiles()
        if self.providers is not None:
            # Read here, so that a bad list is refused at once; the list sets the count.
            self.provider_count = len(read_providers(self))
        bare = "there is no network: wireless is null"
        lacking = None if self.wireless is not None else bare
        self.events = checked_events(
            self.events,
            subjects={"link": lacking, "node": lacking, "host": lacking, "provider": None},
            horizon_s=inf if self.trace is not None else self.horizon_s,
            drawn=self.trace is None,
            places=self.wireless is not None,
        )
        kinds = ["load", "provider", "quality", "speed", *DRIFTS]
        if self.wireless is not None:
            kinds += ["link", "node"]
        self.faults = checked_faults(self.faults, kinds, self.events, drawn=self.trace is None)

    def _check_step_shares(self) -> None:
        shares = self.step_shares
        for share in shares:
            between("step_shares", share, 0, 1)
        if not shares or shares[0] != 1 or sorted(set(shares), reverse=True) != list(shares):
            raise InputError("step_shares", list(shares), "must fall from 1, without repeats")
        positive("step_shares", shares[-1])
        if len(shares) > 1 and self.wireless is None:
            raise InputError("step_shares", list(shares), "needs wireless settings")

    def _check_profiles(self) -> None:
        if self.scheduler is not None:
            self.scheduler.check()
            if not self.profiles:
                raise InputError("scheduler", "given", "only providers with profiles make batches")
        if self.variants is not None:
            self._check_variants()
        elif self.load_rate_bps is not None:
            raise InputError("load_rate_bps", self.load_rate_bps, "only variants are loaded")
        for profile in self.profiles:
            profile.check(
                self.steps_range,
                self.scheduler,
                self.step_shares[-1],
                rises=self.variants is None,
            )
        names = [profile.name for profile in self.profiles]
        for name in names:
            if names.count(name) > 1:
                raise InputError("profiles", name, "must have a name of its own each")
        measured_all = bool(names) and all(p.service is not None for p in self.profiles)
        if self.quality is None and self.providers is None and not measured_all:
            raise InputError(
                "quality", None, "ranges to draw from are needed where profiles are not measured"
            )

    @property
    def follows_tasks(self) -> bool:
        """Whether an observation can follow the tasks at each provider: it is all that is chosen.

        There is a network, and neither variants nor steps are part of a choice.
        """
        alone = self.variants is None and len(self.step_shares) == 1
        return self.wireless is not None and alone

    def _check_variants(self) -> None:
        """Whether every provider can run every variant, and the rest of the scenario fits them."""
        variants = self.variants or []
        if not variants or len(set(variants)) < len(variants):
            raise InputError(
                "variants", list(variants), "must name one or more services, each once"
            )
        if self.wireless is None or self.scheduler is None:
            raise InputError("variants", list(variants), "need wireless settings and a scheduler")
        for key, bare in (("step_shares", [1.0]), ("providers", None), ("events", None)):
            if getattr(self, key) != bare:
                raise InputError(key, getattr(self, key), "is not for scenarios with variants")
        if self.load_rate_bps is not None:
            positive("load_rate_bps", self.load_rate_bps)
        units = {measured(name).unit for name in variants}
        if len(units) > 1:
            raise InputError("variants", sorted(units), "must count their work in one unit")
        for profile in self.profiles:
            if profile.service not in variants:
                accepted = f"is what is loaded at first: must be one of {', '.join(variants)}"
                raise InputError(f"profiles.{profile.name}.service", profile.service, accepted)
            for name in variants:
                replace(profile, service=name).check(self.steps_range, self.scheduler, rises=False)

    def _check_run_time(self) -> None:
        if (self.run_time_minutes is None) == (not self.profiles):
            raise InputError(
                "run_time_minutes",
                self.run_time_minutes,
                "give either run_time_minutes or a list of profiles, and not both",
            )
        if self.run_time_minutes is None:
            if self.wireless is None:
                raise InputError("profiles", len(self.profiles), "profiles need wireless settings")
            return
        if self.wireless is not None:
            raise InputError(
                "run_time_minutes", self.run_time_minutes, "a wireless scenario needs profiles"
            )
        if len(self.run_time_minutes) != 3:
            raise InputError(
                "run_time_minutes",
                self.run_time_minutes,
                "must be the coefficients [constant, per step, per squared step]",
            )
        for steps in self._turning(*self.steps_range):
            if not self._run_minutes(steps) > 0:
                raise InputError(
                    "run_time_minutes",
                    self.run_time_minutes,
                    f"must give a run time above 0 for {steps:g} steps",
                )

    def expected_events(self) -> dict[str, float]:
        """About how often what takes time to simulate happens in an episode, at the least.

        Of a trace nothing is known before it is read.
        """
        if self.trace is not None:
            return {}
        requests = 1 + self.arrival_rate_hz * self.horizon_s
        events = {"requests, their runs and their ends": 3 * requests}
        events["faults"] = expected_faults(self.faults, self.provider_count, self.horizon_s)
        if self.wireless is not None:
            walkers = min(self.users, requests)
            events["measurements of what is on the air"] = requests * self.wireless.looks()
            events["legs that users walk"] = walkers * self.horizon_s / self.wireless.leg_s()
        return events

    def longest_run_minutes(self, low: float, high: float) -> float:
        """Longest run, in minutes, of ``low`` to ``high`` steps, by ``run_time_minutes``."""
        return max(map(self._run_minutes, self._turning(low, high)))

    def _run_minutes(self, steps: float) -> float:
        assert self.run_time_minutes is not None
        constant, linear, square = self.run_time_minutes
        return square * steps**2 + linear * steps + constant

    def _turning(self, low: float, high: float) -> list[float]:
        """Steps at which the run time is least or most: the ends, and where a parabola turns."""
        assert self.run_time_minutes is not None
        _, linear, square = self.run_time_minutes
        turn = -linear / (2 * square) if square else low
        return [low, *([turn] if low < turn < high else []), high]


@dataclass(frozen=True)
class ProviderSpec:
    """One provider: what it holds, the quality it reaches, how fast it is, where it stands.

    Attributes:
        capacity: denoising steps held at once.
        ax, ay, bx, by: quality curve, see :mod:`edgesim.twin.aigc.quality`.
        profile: name of one of the scenario's service profiles (wireless scenarios).
        x_m, y_m: place of its site (wireless scenarios).
    """

    capacity: float
    ax: float
    ay: float
    bx: float
    by: float
    profile: str | None = None
    x_m: float | None = None
    y_m: float | None = None


def read_providers(scenario: AIGCScenario) -> list[ProviderSpec]:
    """The providers a scenario states: its list, or the YAML file it names.

    One that names a measured profile may leave out its quality curve: it is the measured one.

    Raises:
        InputError: no such file, no list of mappings, unknown or missing keys, values out of range.
    """
    source, where = scenario.providers, "providers"
    if isinstance(source, str | Path):
        where = str(source)
        source = _yaml_list(Path(source))
    if isinstance(source, str | Mapping) or not hasattr(source, "__iter__") or not list(source):
        shown = source if where == "providers" else Unshown(source)
        raise InputError(
            where, shown, "must be a list of {capacity, ax, ay, bx, by}, or a YAML file with one"
        )
    return [_provider(f"{where}[{row}]", item, scenario) for row, item in enumerate(source)]


def _yaml_list(path: Path) -> Any:
    loaded = read_yaml(path, "providers")
    return loaded["providers"] if isinstance(loaded, Mapping) and "providers" in loaded else loaded


def _provider(where: str, item: Any, scenario: AIGCScenario) -> ProviderSpec:
    keys = [key.name for key in fields(ProviderSpec)]
    if not isinstance(item, Mapping):
        raise InputError(where, Unshown(item), "must be a mapping {capacity, ax, ay, bx, by}")
    for key in item:
        if key not in keys:
            raise InputError(f"{where} key", key, did_you_mean(str(key), keys))
    profiles = {profile.name: profile.service for profile in scenario.profiles}
    named = item.get("profile")
    if named is not None and (not isinstance(named, str) or named not in profiles):
        raise InputError(f"{where}.profile", named, did_you_mean(str(named), profiles))
    service = None if named is None else profiles[named]
    if service is not None and not any(key in item for key in keys[1:5]):
        fit = fit_of(measured(service))
        item = {**item, "ax": fit.ax, "ay": fit.ay, "bx": fit.bx, "by": fit.by}
    missing = [key for key in keys[:5] if key not in item]
    if missing:
        raise InputError(where, sorted(item), f"lacks {', '.join(missing)}")
    positive(f"{where}.capacity", item["capacity"])
    at_least(f"{where}.ax", item["ax"], 0)
    at_least(f"{where}.bx", item["bx"], 0)
    between(f"{where}.ay", item["ay"], 0, 1)
    between(f"{where}.by", item["by"], 0, 1)
    if not item["ax"] < item["bx"]:
        raise InputError(f"{where}.ax", item["ax"], f"must lie below bx = {item['bx']:g}")
    if item["ay"] > item["by"]:
        raise InputError(f"{where}.ay", item["ay"], f"must not pass by = {item['by']:g}")
    if (item.get("x_m") is None) != (item.get("y_m") is None):
        raise InputError(f"{where}.x_m", item.get("x_m"), "x_m and y_m go together")
    if scenario.wireless is None and item.get("x_m") is not None:
        note(where.partition("[")[0], "places of providers not used: there is no network here")
    if scenario.wireless is not None and item.get("x_m") is not None:
        between(f"{where}.x_m", item["x_m"], 0, scenario.wireless.side_m)
        between(f"{where}.y_m", item["y_m"], 0, scenario.wireless.side_m)
    return ProviderSpec(**item)
