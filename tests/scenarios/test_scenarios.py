"""Presets resolve to checked dataclasses, and what cannot be used is refused by name."""

import re
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass
from typing import Any, get_args

import pytest
import yaml

from edgesim.errors import InputError
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.scenarios import preset, preset_file, presets, resolve, schema_of
from edgesim.scenarios.checks import at_least, between, integer_from, interval, positive

NAN, INF = float("nan"), float("inf")


# --- every preset -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", presets())
def test_a_preset_resolves_to_its_problems_dataclass(name: str) -> None:
    scenario = resolve(name)
    assert scenario.name == name
    assert isinstance(scenario, schema_of(preset(name)))
    assert is_dataclass(scenario)


@pytest.mark.parametrize("name", presets())
def test_a_preset_has_a_title_of_one_line(name: str) -> None:
    title = presets()[name]
    assert title.strip() == title != ""
    assert "\n" not in title


@pytest.mark.parametrize("name", presets())
def test_a_resolved_scenario_resolves_to_itself(name: str) -> None:
    """A run's config.yaml holds all keys: reading it again gives the same scenario."""
    once = resolve(name)
    written = yaml.safe_load(yaml.safe_dump(asdict(once)))
    assert resolve(written) == once


@pytest.mark.parametrize("name", presets())
def test_resolving_does_not_share_state(name: str) -> None:
    first = resolve(name)
    first.title = "changed"
    assert resolve(name).title == presets()[name]


@pytest.mark.parametrize("name", presets())
def test_a_preset_states_every_key_of_its_schema(name: str) -> None:
    """So that a person reads the whole scenario in one file, with units."""
    stated = yaml.safe_load(preset_file(name).read_text())
    for key, part in stated.items():
        if isinstance(part, dict) and "preset" in part:
            stated[key] = preset(name)[key]  # what differs from a preset that states every key

    def missing(there: Any, schema: dict[str, Any], at: str = "") -> list[str]:
        names = [f"{at}{key}" for key in schema if key not in there]
        for key, value in schema.items():
            if isinstance(value, dict) and isinstance(there.get(key), dict):
                names += missing(there[key], value, f"{at}{key}.")
        return names

    assert set(missing(stated, asdict(resolve(name)))) <= {"name"}


def commented(name: str) -> Iterator[tuple[str, str, str]]:
    """Every key of a preset's file, dotted, with its value as written and its comment.

    A comment may go on in lines below, which have nothing else and are indented farther than keys.
    """
    text = preset_file(name).read_text()
    lines = [*text.splitlines(), ""]

    def keys(node: yaml.Node | None, prefix: str = "") -> Iterator[tuple[str, int]]:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                yield f"{prefix}{key.value}", key.start_mark.line
                yield from keys(value, f"{prefix}{key.value}.")

    for key, line in keys(yaml.compose(text)):
        found = re.fullmatch(r" *\w+:(.*?)(?: +# (.*))?", lines[line])
        assert found is not None
        parts = [found[2] or ""]
        while parts[0] and (more := re.fullmatch(r" {8,}# (.*)", lines[line + len(parts)])):
            parts.append(more[1])
        yield key, found[1].strip(), " ".join(parts)


def descriptions(schema: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    for item in fields(schema):
        yield f"{prefix}{item.name}", item.metadata.get("help", "")
        for kind in (item.type, *get_args(item.type)):
            if is_dataclass(kind):
                yield from descriptions(kind, f"{prefix}{item.name}.")


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=lambda problem: problem.name)
def test_every_key_of_a_schema_says_what_it_is(problem: Any) -> None:
    silent = [key for key, what in descriptions(load(problem.schema)) if not what]
    assert silent == ["name"]


@pytest.mark.parametrize("name", presets())
def test_a_comment_beside_a_key_is_the_schemas_description_and_its_values_source(name: str) -> None:
    """In brackets, why the value is what it is. A value that is used does not go without."""
    described = dict(descriptions(schema_of(preset(name))))
    differing, bare = [], []
    for key, value, comment in commented(name):
        if key.endswith(".preset") or key.startswith("deciders."):
            continue
        what = described[key]
        if comment and comment != what and not re.fullmatch(rf"{re.escape(what)} \[.+\]", comment):
            differing.append((key, comment, what))
        if not comment and value not in ("", "null") and key not in ("problem", "title"):
            bare.append(key)
    assert not differing
    assert not bare


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=lambda problem: problem.name)
def test_a_problems_default_scenario_is_one_of_its_own(problem: Any) -> None:
    assert problem.default_scenario in presets()
    assert preset(problem.default_scenario)["problem"] == problem.name


# --- overrides --------------------------------------------------------------------------------


def test_overrides_are_nested_or_dotted() -> None:
    nested = resolve("aigc_paper", {"trace_columns": {"steps": "n"}, "capacity_range": [400, 900]})
    dotted = resolve("aigc_paper", {"trace_columns.steps": "n", "capacity_range": [400, 900]})
    assert nested == dotted
    assert nested.trace_columns.steps == "n"
    assert nested.trace_columns.arrival_s == "arrival_s"
    assert nested.capacity_range == [400, 900]


def test_numbers_may_be_written_as_text_as_a_shell_does() -> None:
    assert resolve("aigc_paper", {"horizon_s": "5e3"}).horizon_s == 5000.0


UNKNOWN: list[tuple[str, dict[str, Any], str]] = [
    ("aigc_papr", {}, r"scenario = 'aigc_papr': did you mean 'aigc_paper'\? accepted: "),
    ("no/such", {}, r"scenario = 'no/such': "),
    ("aigc_paper", {"horizon": 1}, r"'horizon': did you mean 'horizon_s'\?"),
    ("aigc_paper", {"quality.cx": [1, 2, 3]}, r"quality\.cx"),
    ("aigc_paper", {"users": "many"}, r"users"),
    ("aigc_paper", {"capacity_range": 5}, r"capacity_range"),
]


@pytest.mark.parametrize(("name", "overrides", "message"), UNKNOWN)
def test_unknown_names_and_types_are_refused(
    name: str, overrides: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        resolve(name, overrides)
    assert "\n" not in str(caught.value)


def test_a_mapping_without_a_known_problem_is_refused() -> None:
    for values in ({}, {"problem": "chess"}):
        with pytest.raises(InputError, match=r"scenario problem = .*aigc"):
            resolve(values)


# --- ranges -----------------------------------------------------------------------------------

BAD_PAPER: list[tuple[str, Any]] = [
    ("world_seed", -1),
    *(("horizon_s", value) for value in (0, -5, NAN, INF)),
    *(("arrival_rate_hz", value) for value in (0, -0.1, NAN, INF)),
    ("users", 0),
    ("users", -1),
    *(("steps_range", value) for value in ([0, 100], [200, 100], [100], [100, 200, 300], [])),
    ("steps_increment", 0),
    ("provider_count", 0),
    *(("capacity_range", value) for value in ([0, 900], [-400, 900], [900, 400], [400])),
    ("capacity_increment", 0),
    ("capacity_increment", -100),
    ("restart_s", -1),
    ("restart_s", NAN),
    ("crash_penalty", -1),
    ("loss_penalty", NAN),
    ("quality.ax", [0, 90]),
    ("quality.ax", [0, 200, 10]),
    ("quality.ay", [0, 0.9, 0.05]),
    ("quality.bx", [150, 240, 0]),
    ("quality.by", [0.9, 0.5, 0.05]),
    ("trace_columns.arrival_scale", 0),
    ("trace_columns.arrival_scale", NAN),
    ("trace_columns.steps_scale", -1),
    ("trace_columns.steps_scale", INF),
    ("trace_columns.steps_clip", [0, 10]),
    ("trace_columns.steps_clip", [20, 10]),
    ("trace_columns.user_x_m", "x"),
    ("run_time_minutes", None),
    ("run_time_minutes", [1, 2]),
    ("run_time_minutes", [-1000, 1, 0]),
]


@pytest.mark.parametrize(("key", "value"), BAD_PAPER, ids=str)
def test_values_out_of_range_are_refused_by_key(key: str, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        resolve("aigc_paper", {key: value})
    message = str(caught.value)
    assert key in message
    assert "\n" not in message


BAD_WIRELESS: list[tuple[str, Any]] = [
    ("wireless.side_m", 0),
    ("wireless.side_m", NAN),
    ("wireless.upload_bytes", [0, 10]),
    ("wireless.download_bytes", [10, 5]),
    ("wireless.deadline_s", [-1, 5]),
    ("wireless.lateness_s", 0),
    ("wireless.radio.bandwidth_hz", -1),
    ("wireless.radio.carrier_ghz", 1000),
    ("wireless.radio.fading_db", -1),
    ("wireless.radio.site_power_dbm", INF),
    ("wireless.radio.user_height_m", 0.5),
    ("wireless.radio.min_spectral_efficiency", 99),
    ("wireless.mobility.speed_mps", [0, 1]),
    ("wireless.mobility.pause_s", [5, 1]),
    ("wireless.backhaul.link_rate_bps", 0),
    ("wireless.backhaul.switch_delay_s", -0.1),
]


@pytest.mark.parametrize(("key", "value"), BAD_WIRELESS, ids=str)
def test_wireless_values_out_of_range_are_refused_by_key(key: str, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        resolve("aigc", {key: value})
    assert key in str(caught.value)


def test_network_and_run_times_go_together() -> None:
    wireless = {"run_time_minutes": None, "profiles": [{"fixed_s": 1.0}]}
    with pytest.raises(InputError, match="profiles need wireless settings"):
        resolve("aigc_paper", wireless)
    with pytest.raises(InputError, match="and not both"):
        resolve("aigc_paper", {"profiles": [{"fixed_s": 1.0}]})


# --- the checks themselves --------------------------------------------------------------------

CHECKS: list[tuple[Any, tuple[Any, ...], list[Any], list[Any]]] = [
    (positive, (), [1, 0.1, 1e50], [0, -1, 1e51, 1e-51, 10**400, NAN, INF, True, "1", None]),
    (at_least, (2,), [2, 3.5], [1.9, NAN, INF, False, "2", None]),
    (between, (0, 1), [0, 0.5, 1], [-0.1, 1.1, NAN, INF, True, "0", None]),
    (integer_from, (1,), [1, 10**12], [0, -1, 10**13, 1.0, NAN, True, "1", None]),
    (interval, (), [[0, 0], (0, 5), [1.5, 2]], [[-1, 2], [2, 1], [1], 3, "12", [0, NAN], None]),
]


@pytest.mark.parametrize(
    ("check", "limits", "good", "bad"), CHECKS, ids=[row[0].__name__ for row in CHECKS]
)
def test_a_check_takes_what_is_in_range_and_nothing_else(
    check: Any, limits: tuple[Any, ...], good: list[Any], bad: list[Any]
) -> None:
    for value in good:
        check("key", value, *limits)
    for value in bad:
        with pytest.raises(InputError, match=r"^key = "):
            check("key", value, *limits)


def test_an_interval_may_be_open_below() -> None:
    interval("key", [0.1, 1], open_low=True)
    with pytest.raises(InputError, match="0 < from <= to"):
        interval("key", [0, 1], open_low=True)
