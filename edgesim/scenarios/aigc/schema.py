"""Schema of an AIGC scenario: which parts exist, who asks for what, and what it pays.

A preset (one YAML file beside this one) fills these dataclasses. ``wireless: null`` leaves out
radio, mobility and the backhaul: a request then reaches its provider at once, as in the setting of
arXiv 2301.03220.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from edgesim.errors import InputError, did_you_mean
from edgesim.scenarios.aigc.services import Scheduler, ServiceProfile, fit_of, measured
from edgesim.scenarios.checks import at_least, between, integer_from, interval, positive
from edgesim.scenarios.parts.links import Backhaul
from edgesim.scenarios.parts.people import Mobility
from edgesim.scenarios.parts.radio import Radio

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


@dataclass
class QualityRanges:
    """Ranges from which a provider's quality curve is drawn: [from, to, increment]."""

    ax: list[float] = field(default_factory=lambda: [0, 90, 10])
    ay: list[float] = field(default_factory=lambda: [0.0, 0.45, 0.05])
    bx: list[float] = field(default_factory=lambda: [150, 240, 10])
    by: list[float] = field(default_factory=lambda: [0.5, 0.95, 0.05])

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

    arrival_s: str = "arrival_s"
    steps: str = "steps"
    user_x_m: str | None = None
    user_y_m: str | None = None
    upload_bytes: str | None = None
    download_bytes: str | None = None
    arrival_scale: float = 1.0
    steps_scale: float = 1.0
    steps_clip: list[float] | None = None

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

    side_m: float = 1000.0
    upload_bytes: list[float] = field(default_factory=lambda: [2e5, 2e6])
    download_bytes: list[float] = field(default_factory=lambda: [5e5, 5e6])
    deadline_s: list[float] = field(default_factory=lambda: [6.0, 15.0])
    lateness_s: float = 10.0
    radio: Radio = field(default_factory=Radio)
    mobility: Mobility = field(default_factory=Mobility)
    backhaul: Backhaul = field(default_factory=Backhaul)

    def check(self) -> None:
        positive("wireless.side_m", self.side_m)
        interval("wireless.upload_bytes", self.upload_bytes, open_low=True)
        interval("wireless.download_bytes", self.download_bytes, open_low=True)
        interval("wireless.deadline_s", self.deadline_s, open_low=True)
        positive("wireless.lateness_s", self.lateness_s)
        self.radio.check("wireless.radio")
        self.mobility.check("wireless.mobility")
        self.backhaul.check("wireless.backhaul")


@dataclass
class AIGCScenario:
    """One AIGC world and its workload. Every preset states each key with its unit and source.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    problem: str = "aigc"
    name: str = ""
    title: str = ""
    world_seed: int = 0
    # workload
    horizon_s: float = 1e6
    arrival_rate_hz: float = 0.001
    whole_second_arrivals: bool = False
    decide_last: bool = True
    users: int = 1000
    steps_range: list[int] = field(default_factory=lambda: [100, 250])
    steps_increment: int = 10
    step_shares: list[float] = field(default_factory=lambda: [1.0])
    trace: str | None = None
    trace_columns: TraceColumns = field(default_factory=TraceColumns)
    # providers
    provider_count: int = 20
    capacity_range: list[int] = field(default_factory=lambda: [400, 1500])
    capacity_increment: int = 100
    quality: QualityRanges | None = field(default_factory=QualityRanges)
    providers: Any = None
    run_time_minutes: list[float] | None = None
    profiles: list[ServiceProfile] = field(default_factory=list)
    scheduler: Scheduler | None = None
    restart_s: float = 0.0
    # what an outcome pays
    pay_on: str = "assignment"
    crash_penalty: float = 2.0
    loss_penalty: float = 2.0
    refusal_penalty: float = 0.0
    # network
    wireless: Wireless | None = None

    def __post_init__(self) -> None:
        integer_from("world_seed", self.world_seed, 0)
        positive("horizon_s", self.horizon_s)
        positive("arrival_rate_hz", self.arrival_rate_hz)
        integer_from("users", self.users, 1)
        interval("steps_range", self.steps_range, low=1)
        integer_from("steps_increment", self.steps_increment, 1)
        integer_from("provider_count", self.provider_count, 1)
        interval("capacity_range", self.capacity_range, open_low=True)
        positive("capacity_increment", self.capacity_increment)
        at_least("restart_s", self.restart_s, 0)
        at_least("crash_penalty", self.crash_penalty, 0)
        at_least("loss_penalty", self.loss_penalty, 0)
        at_least("refusal_penalty", self.refusal_penalty, 0)
        if self.pay_on not in ("assignment", "delivery"):
            raise InputError("pay_on", self.pay_on, "accepted: assignment, delivery")
        self.trace_columns.check()
        if self.quality is not None:
            self.quality.check()
        self._check_step_shares()
        if self.wireless is not None:
            self.wireless.check()
        self._check_run_time()
        self._check_profiles()
        if self.providers is not None:
            # Read here, so that a bad list is refused at once; the list sets the count.
            self.provider_count = len(read_providers(self))

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
        for profile in self.profiles:
            profile.check(self.steps_range, self.scheduler)
        names = [profile.name for profile in self.profiles]
        for name in names:
            if names.count(name) > 1:
                raise InputError("profiles", name, "must have a name of its own each")
        measured_all = bool(names) and all(p.service is not None for p in self.profiles)
        if self.quality is None and self.providers is None and not measured_all:
            raise InputError(
                "quality", None, "ranges to draw from are needed where profiles are not measured"
            )

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
        constant, linear, square = self.run_time_minutes
        for steps in self.steps_range:
            if not square * steps**2 + linear * steps + constant > 0:
                raise InputError(
                    "run_time_minutes",
                    self.run_time_minutes,
                    f"must give a run time above 0 for {steps} steps",
                )


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
        raise InputError(
            where, source, "must be a list of {capacity, ax, ay, bx, by}, or a YAML file with one"
        )
    return [_provider(f"{where}[{row}]", item, scenario) for row, item in enumerate(source)]


def _yaml_list(path: Path) -> Any:
    try:
        loaded = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            "providers", str(path), f"must be a readable YAML file: {reason}"
        ) from None
    return loaded["providers"] if isinstance(loaded, Mapping) and "providers" in loaded else loaded


def _provider(where: str, item: Any, scenario: AIGCScenario) -> ProviderSpec:
    keys = [key.name for key in fields(ProviderSpec)]
    if not isinstance(item, Mapping):
        raise InputError(where, item, "must be a mapping {capacity, ax, ay, bx, by}")
    for key in item:
        if key not in keys:
            raise InputError(f"{where} key", key, did_you_mean(str(key), keys))
    profiles = {profile.name: profile.service for profile in scenario.profiles}
    named = item.get("profile")
    if named is not None and named not in profiles:
        raise InputError(f"{where}.profile", named, did_you_mean(str(named), profiles))
    service = None if named is None else profiles[named]
    if service is not None and not any(key in item for key in keys[1:5]):
        fit = fit_of(measured(service))
        item = {**item, "ax": fit.ax, "ay": fit.ay, "bx": fit.bx, "by": fit.by}
    missing = [key for key in keys[:5] if key not in item]
    if missing:
        raise InputError(where, dict(item), f"lacks {', '.join(missing)}")
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
    if scenario.wireless is not None and item.get("x_m") is not None:
        between(f"{where}.x_m", item["x_m"], 0, scenario.wireless.side_m)
        between(f"{where}.y_m", item["y_m"], 0, scenario.wireless.side_m)
    return ProviderSpec(**item)
