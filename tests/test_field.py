"""Inputs that people of the field have, and that once failed: each is read, or refused in one line.

The files are in ``tests/field``. What kinds they stand for has tests of its own where it is read.
"""

import copy
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium
import networkx as nx
import numpy as np
import pytest

import edgesim  # noqa: F401  # registers the environments
from edgesim.commands.cli import main
from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.scenarios.aigc.schema import read_providers
from edgesim.scenarios.parts.links import Topology
from edgesim.twin.aigc.trace import Trace
from edgesim.twin.network.topology import load_topology

FIELD = Path(__file__).parent / "field"


def begun(scenario: str, **overrides: Any) -> gymnasium.Env[Any, Any]:
    """An environment at the beginning of an episode: all of its input has been read."""
    family = "SFC" if scenario.startswith("sfc") else "AIGC"
    env = gymnasium.make(
        f"edgesim/{family}-v0", scenario=scenario, overrides=overrides, disable_env_checker=True
    )
    env.reset(seed=0)
    return env


def stepped(env: gymnasium.Env[Any, Any], steps: int = 3) -> None:
    for _ in range(steps):
        if env.step(env.action_space.sample())[2]:
            return


def chains(source: str, **overrides: Any) -> gymnasium.Env[Any, Any]:
    """Service chains over a map of a few nodes."""
    small = {"network.instances.hosts": 2, "network.instances.per_type": 2}
    source_is = {"network.topology.source": str(FIELD / source), "network.horizon_s": 5}
    return begun("sfc", **source_is, **small, **overrides)


def mapped(source: str) -> "nx.Graph[int]":
    return load_topology(Topology(source=str(FIELD / source)), np.random.default_rng(0))


def given(trace: str) -> set[str]:
    """What a wireless trace is found to give."""
    scenario = resolve("aigc", {"trace": str(FIELD / trace)})
    return set(Trace(scenario.trace, scenario.trace_columns, scenario).given)


def traced(name: str, scenario: str = "aigc_paper") -> None:
    stepped(begun(scenario, trace=str(FIELD / name)))


def refused(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line by which a command refuses its input."""
    assert main(line.split()) == 2
    (message,) = capsys.readouterr().err.strip().splitlines()
    assert message.startswith("error: ")
    return message


# ---- traces


def test_optional_columns_behind_a_space_are_read() -> None:  # A02
    assert {"upload_bytes", "download_bytes", "user_x_m", "user_y_m"} <= given(
        "trace_space_header.csv"
    )


def test_an_optional_column_with_a_space_behind_its_name_is_read() -> None:  # A30
    assert "upload_bytes" in given("trace_trailing_space_header.csv")


def test_epoch_seconds_count_from_the_first_row(caplog: pytest.LogCaptureFixture) -> None:  # A03
    env: Any = begun("aigc", trace=str(FIELD / "trace_epoch_s.csv"))
    assert env.unwrapped.twin.clock.now < 10.0
    assert "seconds since 1970" in caplog.text


@pytest.mark.parametrize(
    "name",
    [
        "semicolons.csv",  # A19
        "trace.csv.gz",  # A20
        "utf16.csv",  # A29
        "tabs.csv",  # A35
        "trace.csv.zst",  # A36
    ],
)
def test_csv_in_every_form(name: str) -> None:
    traced(name)


def test_line_breaks_in_quoted_prompts_and_a_row_of_a_megabyte(tmp_path: Path) -> None:  # A11, A31
    rows = "".join(f'{k},100,"{"a red boat " * 3}\n{"on a lake " * 3}"\n' for k in range(9000))
    path = tmp_path / "prompts.csv"
    path.write_text("arrival_s,steps,prompt\n" + rows, encoding="utf-8")
    traced(str(path))
    path.write_text(f"arrival_s,steps,image\n0,100,a\n1,110,{'Z' * 700_000}\n2,120,b\n", "utf-8")
    traced(str(path))


def test_date_times_in_a_trace_of_chains() -> None:  # A21
    traced("chains_iso.csv", "sfc")


@pytest.mark.parametrize("name", ["released_string_view.parquet", "released_binary.parquet"])
def test_text_of_parquet(name: str) -> None:  # A22, A37
    traced(name, "sfc_paper")


@pytest.mark.parametrize("holding_s", [60, 900_000])
def test_long_chains_are_said_to_take_long_but_idle_time_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, holding_s: int
) -> None:
    header = "arrival_s,slice,source,destination,bandwidth_bps,max_delay_s,holding_s"
    rows = (f"{time_s},embb,Hub,End,1e6,0.1,{holding_s}" for time_s in (0, 1_000_000))
    path = tmp_path / "gap.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    chains("parallel_without_flag.gml", trace=str(path))
    assert ("has chains for 900000 s, simulated" in caplog.text) == (holding_s > 60)


def test_more_steps_than_the_range_stay_in_the_space() -> None:  # A09
    env = begun("aigc_paper", trace=str(FIELD / "steps_above_range.csv"))
    for _ in range(2):
        observation, *_ = env.step(0)
        assert env.observation_space.contains(observation)


# ---- topologies


def test_degrees_under_x_and_y_are_not_km_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:  # A04
    mapped("degrees_as_xy.gml")
    assert "if they are degrees, name them Longitude and Latitude" in caplog.text


def test_link_speeds_of_the_topology_zoo_are_capacities() -> None:  # A05
    graph = mapped("linkspeed_ignored.gml")
    assert [edge["capacity_bps"] for *_, edge in graph.edges(data=True)] == [1e10, 155e6, 155e6]


@pytest.mark.parametrize(
    "source",
    [
        "parallel_without_flag.gml",  # A06
        "one_node_without_position.gml",  # A07
        "umlaut.gml",  # A18
    ],
)
def test_files_in_the_form_of_the_topology_zoo_are_read(source: str) -> None:
    stepped(chains(source))


def test_a_label_of_two_nodes_names_none() -> None:  # A08
    trace = str(FIELD / "same_label_twice.csv")
    with pytest.raises(InputError, match="'Edge': could mean node 1"):
        chains("same_label_twice.gml", trace=trace)


def test_metres_are_not_taken_for_kilometres() -> None:  # A26
    with pytest.raises(InputError, match=r"131781 .*metres length_m"):
        mapped("length_in_metres.gml")


def test_parallel_cables_hold_together_what_each_holds(
    caplog: pytest.LogCaptureFixture,
) -> None:  # A28
    graph = mapped("parallel_capacities.gml")
    assert graph.edges[0, 1]["capacity_bps"] == 155e6 + 10e9
    assert "parallel links" in caplog.text


# ---- YAML


def capacities(name: str) -> list[float]:
    scenario = resolve("aigc_paper", {"providers": str(FIELD / name)})
    return [provider.capacity for provider in read_providers(scenario)]


def test_numbers_of_yaml() -> None:  # A15, A33
    assert capacities("exponent.yaml")[0] == 1000
    assert capacities("octal.yaml")[0] == 1000


@pytest.mark.parametrize(
    ("name", "scenario", "message"),
    [
        ("key_twice.yaml", "aigc_paper", "line 1: the key 'capacity' stands there twice"),  # A14
        ("profile_list.yaml", "aigc", r"\[0\]\.profile = \['workstation'\]"),  # A16
        ("tab.yaml", "aigc_paper", "line 2: a tab"),  # A34
    ],
)
def test_providers_that_cannot_be_used(name: str, scenario: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        resolve(scenario, {"providers": str(FIELD / name)})


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["list"],  # A25
        [  # A38
            *("evaluate", "scenario=aigc_paper", "policy=round_robin", "episodes=1"),
            f"scenario.providers={FIELD / 'comment_umlaut.yaml'}",
        ],
    ],
    ids=["list", "an umlaut in a comment"],
)
def test_a_locale_that_is_not_utf_8(words: list[str]) -> None:
    import os
    import subprocess
    import sys

    locale = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    ran = subprocess.run(
        [sys.executable, "-m", "edgesim", *words],
        env={**os.environ, **locale},
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_places_of_providers_without_a_network_are_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    one = {"capacity": 900, "ax": 0, "ay": 0.1, "bx": 200, "by": 0.8, "x_m": 5.0, "y_m": 5.0}
    resolve("aigc_paper", {"providers": [one]})
    assert "places of providers not used" in caplog.text


# ---- values


@pytest.mark.parametrize(
    "override",
    [
        "users=1" + "0" * 19,  # A17
        "steps_increment=1" + "0" * 20,  # A40
        "horizon_s=1" + "0" * 400,
        "world_seed=1" + "0" * 40,
    ],
)
def test_numbers_beyond_every_machine(override: str, capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(f"evaluate scenario=aigc_paper scenario.{override}", capsys)
    assert override.partition("=")[0] in message


def test_pixels_beyond_the_square_are_refused() -> None:  # A12
    with pytest.raises(InputError, match=r"pixel_m = 10000\.0: must be at most side_m = 1000"):
        resolve("aigc", {"wireless.radio.pixel_m": 10000})


def test_steps_below_what_was_measured_are_refused(tmp_path: Path) -> None:  # A24
    with pytest.raises(InputError, match=r"steps_range = \[1, 1\]: .* from 10 steps on"):
        resolve("aigc", {"steps_range": [1, 1]})
    with pytest.raises(InputError, match=r"step_shares = 0\.05: of 100 steps are too few"):
        resolve("aigc", {"step_shares": [1.0, 0.05]})
    path = tmp_path / "few.csv"
    path.write_text("arrival_s,steps\n0,100\n1,3\n", encoding="utf-8")
    with pytest.raises(InputError, match="comes down to 3 steps"):
        begun("aigc", trace=str(path))


def test_a_crash_for_good_ends() -> None:  # A32
    env = begun("aigc", horizon_s=60, restart_s=1e9)
    over = False
    while not over:
        _, _, over, _, _ = env.step(0)
    assert env.unwrapped.twin.clock.now > 1e9  # type: ignore[attr-defined]


# ---- environments


def test_a_copy_of_a_batched_environment_sees() -> None:  # A01
    made = gymnasium.make_vec("edgesim/SFC-v0", num_envs=2, scenario="sfc_paper", engine="batched")
    made.reset(seed=0)
    other = copy.deepcopy(made)
    for _ in range(30):
        assert np.array_equal(made.step([0, 0])[0], other.step([0, 0])[0])


def test_a_copy_of_a_running_environment_goes_on_alike() -> None:  # A10
    env = begun("sfc_paper")
    env.step(0)
    other = copy.deepcopy(env)
    assert np.array_equal(env.step(0)[0], other.step(0)[0])
    assert np.array_equal(env.reset()[0], other.reset()[0])


@pytest.mark.parametrize("action", [0.7, True, np.True_, "a", None, np.array([0]), [[0], [0, 1]]])
def test_what_is_no_action_is_refused(action: Any) -> None:  # A23
    env = begun("aigc_paper").unwrapped
    with pytest.raises(InputError, match="action"):
        env.step(action)


@pytest.mark.parametrize("count", [0, -1, 1.5, None, True, "2"])
@pytest.mark.parametrize("engine", ["simpy", "batched"])
def test_numbers_of_environments_that_are_none(count: Any, engine: str) -> None:  # A27, A39
    with pytest.raises(InputError, match="num_envs"):
        gymnasium.make_vec("edgesim/AIGC-v0", num_envs=count, scenario="aigc_paper", engine=engine)


# ---- breaks of the promise that bad input ends in one line


@pytest.mark.parametrize(
    ("scenario", "overrides"),
    [
        (5, None),
        (None, None),
        ("aigc_paper", ["users", 5]),
        ({"problem": [-5, 5]}, None),
        ("aigc_paper", {"users": 10**400}),
        ("aigc_paper", {"horizon_s": 10**400}),
        ("aigc_paper", {"users": 10**30}),
        ("aigc", {"wireless.radio.fading_db": 3e6}),
        ("aigc", {"wireless.radio.shadowing_nlos_db": 1e308}),
        ("aigc", {"wireless.radio.measurement_period_s": 1e-12}),
        ("aigc", {"wireless.upload_bytes": [1e14, 1e15]}),
        ("aigc", {"wireless.mobility.pause_s": [0.0, 1e300]}),
        ("aigc", {"provider_count": 100_000}),
        ("aigc", {"restart_s": 1e300}),
        ("sfc", {"network.controller.routes": 10**6}),
        ("sfc", {"network.collector.smoothing": 10**12}),
        ("sfc", {"network.topology.nodes": 10**6}),
        ("sfc", {"network.links.capacity_bps": 1e-300}),
        ("vne_wx100", {"virtual.count": 10**12}),
        ("sfc", {"network.horizon_s": 1e20}),
        ("sfc", {"network.slices.urllc.share": 0.5}),
        ("sfc", {"network.slices.urlc.share": 0.5}),
        ("sfc", {"network.slices.7.share": 0.5}),
        ("aigc_paper", {"a\nb": 1}),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(scenario: Any, overrides: Any) -> None:
    with pytest.raises(InputError) as failed:
        resolve(scenario, overrides)
    assert len(str(failed.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("evaluate scenario=sfc scenario.network.slices.urllc.share=0.5", "must sum to 1"),
        (
            "evaluate scenario=sfc_paper scenario.network.topology.source=abl.graphml",
            "scenario.network is null here",
        ),
        ("train hydra/launcher=0", "hydra/launcher"),
        ("evaluate scenario=sfc scenario.network.instances.types=[[a]]", "must be distinct VNF"),
        ("evaluate scenario=sfc scenario.network.slices.embb.chain=nat", "slices.embb.chain"),
        ("evaluate scenario=sfc scenario.network.topology.source=[a]", "must be text"),
        ("evaluate scenario=aigc scenario.profiles.0.service=[x]", "must be text"),
    ],
)
def test_a_shell_line_that_cannot_be_used(
    line: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert word in refused(line, capsys)


def test_numbers_of_numpy_are_numbers() -> None:
    overrides: Mapping[str, Any] = {
        "users": np.int64(7),
        "horizon_s": np.float32(60.0),
        "steps_range": np.array([100, 200]),
    }
    scenario = resolve("aigc_paper", overrides)
    assert (scenario.users, scenario.horizon_s, scenario.steps_range) == (7, 60.0, [100, 200])


def test_an_item_of_a_list_goes_by_its_name() -> None:
    shares = {"network.slices.urllc.share": 0.4, "network.slices.1.holding_s": 5}
    scenario = resolve("sfc", {**shares, "network.slices.embb.share": 0.3})
    assert [part.share for part in scenario.network.slices] == [0.3, 0.4, 0.3]
    assert scenario.network.slices[1].holding_s == 5


def test_deeply_nested_profiles_and_providers(tmp_path: Path) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 20_000, encoding="utf-8")
    with pytest.raises(InputError, match="nested too deeply"):
        resolve("aigc_paper", {"providers": str(deep)})
    from edgesim.profiles.profile import load_profile

    with pytest.raises(InputError, match=r"nested too deeply|is not JSON"):
        load_profile(deep)
    deep.write_text('{"schema": 1, "schema": 2}', encoding="utf-8")
    with pytest.raises(InputError, match="'schema': stands there twice"):
        load_profile(deep)


@pytest.fixture(autouse=True)
def listened(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes are said in every test anew."""
    monkeypatch.setattr("edgesim.notes._said", set())
    caplog.set_level(logging.WARNING, logger="edgesim")
