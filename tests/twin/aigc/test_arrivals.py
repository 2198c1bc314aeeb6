"""The tasks of an episode: when they come, what they ask for, and that nothing else moves them."""

import subprocess
import sys
from math import log10
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.scenarios.aigc.schema import AIGCScenario, ServiceProfile, TraceColumns, Wireless
from edgesim.twin.aigc.arrivals import Arrivals, TaskBlock, poisson_arrivals
from edgesim.twin.core.streams import Streams

TYPED_IN = ServiceProfile("typed in", fixed_s=0.5, seconds_per_step=0.03, batch_slope=0.5)

NETWORK_FIELDS = ("upload_bytes", "download_bytes", "deadline_s", "fading_up", "fading_down")


def streams(seed: int = 0) -> Streams:
    return Streams(np.random.SeedSequence(seed))


def wireless_scenario(**keys: object) -> AIGCScenario:
    return AIGCScenario(
        **{"profiles": [TYPED_IN], "wireless": Wireless(), **keys}  # type: ignore[arg-type]
    )


def episode(arrivals: Arrivals, seed: int = 0, rows: int = 8192) -> TaskBlock:
    """All tasks of an episode, its blocks joined."""
    joined: dict[str, list[float]] = {}
    for block in arrivals.blocks(streams(seed), rows):
        for field in TaskBlock.__slots__:
            values = getattr(block, field)
            if values is not None:
                assert len(values) == len(block)
                joined.setdefault(field, []).extend(values)
    return TaskBlock(**joined)  # type: ignore[arg-type]


def write_trace(path: Path, rows: int, *names: str) -> str:
    """A trace of two tasks a second; the columns ``names`` hold 1, 2, 3, ..."""
    lines = [",".join(("arrival_s", "steps", *names))]
    for i in range(rows):
        lines.append(",".join(map(str, (i * 0.5, 100 + i % 150, *[float(1 + i)] * len(names)))))
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_one_request_comes_at_time_zero_and_the_rest_in_whole_seconds() -> None:
    scenario = resolve("aigc_paper")
    times = poisson_arrivals(scenario, streams()["arrivals"])
    assert times[0] == 0
    assert (np.diff(times) >= 0).all()
    assert (times == np.floor(times)).all()
    assert times[-1] < scenario.horizon_s


def test_without_truncation_only_the_fractions_differ() -> None:
    whole = poisson_arrivals(resolve("aigc_paper"), streams()["arrivals"])
    exact = poisson_arrivals(
        resolve("aigc_paper", {"whole_second_arrivals": False}), streams()["arrivals"]
    )
    assert (np.floor(exact) == whole).all()
    assert (exact != whole).any()


def test_arrivals_are_a_poisson_process() -> None:
    scenario = AIGCScenario(run_time_minutes=[0, 1, 0], horizon_s=1000, arrival_rate_hz=0.1)
    counts, times = [], []
    for seed in range(400):
        more = poisson_arrivals(scenario, streams(seed)["arrivals"])[1:]
        counts.append(more.size)
        times += more.tolist()
    # 40,000 arrivals are expected: the sum of independent Poisson counts is Poisson again.
    low, high = stats.poisson.interval(0.999, 400 * 100)
    assert low <= sum(counts) <= high
    dispersion = np.var(counts, ddof=1) / np.mean(counts)
    assert stats.chi2.ppf(0.0005, 399) / 399 < dispersion < stats.chi2.ppf(0.9995, 399) / 399
    assert stats.kstest(times, stats.uniform(0, 1000).cdf).pvalue > 1e-3


def test_a_task_asks_for_steps_in_the_increment_from_any_user() -> None:
    scenario = resolve("aigc_paper", {"users": 3})
    tasks = episode(Arrivals(scenario))
    assert len(list(Arrivals(scenario).blocks(streams()))) == 1
    assert set(tasks.steps) == set(range(100, 251, 10))
    assert set(tasks.user) == {0, 1, 2}
    assert stats.chisquare(np.unique(tasks.steps, return_counts=True)[1]).pvalue > 1e-3
    assert all(getattr(tasks, field) is None for field in NETWORK_FIELDS)


def test_an_increment_that_does_not_divide_the_range_stays_inside_it() -> None:
    scenario = resolve("aigc_paper", {"steps_range": [100, 125], "steps_increment": 10})
    assert set(episode(Arrivals(scenario)).steps) == {100, 110, 120}


def test_the_wireless_setting_adds_sizes_deadlines_and_fading() -> None:
    tasks = episode(Arrivals(wireless_scenario(horizon_s=2e6)))
    assert tasks.upload_bytes and tasks.download_bytes and tasks.deadline_s
    assert tasks.fading_up and tasks.fading_down
    uniform = {
        "upload": [(log10(size) - log10(2e5)) for size in tasks.upload_bytes],
        "download": [(log10(size) - log10(5e5)) for size in tasks.download_bytes],
        "deadline": [(deadline - 6) / 9 for deadline in tasks.deadline_s],
    }
    for name, values in uniform.items():
        assert stats.kstest(values, stats.uniform().cdf).pvalue > 1e-3, name
    for factors in (tasks.fading_up, tasks.fading_down):
        decibel = [10 * log10(factor) for factor in factors]
        assert stats.kstest(decibel, stats.norm(0, 3).cdf).pvalue > 1e-3
    assert tasks.fading_up != tasks.fading_down
    assert tasks.user_x_m is None and tasks.user_y_m is None


def test_ranges_of_one_value_give_that_value() -> None:
    one = Wireless(upload_bytes=[3e5, 3e5], download_bytes=[7e5, 7e5], deadline_s=[8, 8])
    one.radio.fading_db = 0
    tasks = episode(Arrivals(wireless_scenario(wireless=one, horizon_s=1e4)))
    values = {field: set(getattr(tasks, field)) for field in NETWORK_FIELDS}
    assert values == {
        "upload_bytes": {3e5},
        "download_bytes": {7e5},
        "deadline_s": {8.0},
        "fading_up": {1.0},
        "fading_down": {1.0},
    }


def test_equal_seeds_give_equal_episodes_and_others_do_not() -> None:
    arrivals = Arrivals(wireless_scenario())
    assert episode(arrivals, 1) == episode(arrivals, 1)
    assert episode(arrivals, 1).arrival_s != episode(arrivals, 2).arrival_s


def test_the_network_does_not_move_the_arrivals() -> None:
    bare = AIGCScenario(run_time_minutes=[0, 1, 0])
    without, within = episode(Arrivals(bare)), episode(Arrivals(wireless_scenario()))
    assert (without.arrival_s, without.steps, without.user) == (
        within.arrival_s,
        within.steps,
        within.user,
    )


def test_one_range_does_not_move_another_stream() -> None:
    plain = episode(Arrivals(wireless_scenario()))
    other = episode(Arrivals(wireless_scenario(wireless=Wireless(upload_bytes=[1, 2]))))
    assert plain.upload_bytes != other.upload_bytes
    assert plain.download_bytes == other.download_bytes
    assert plain.fading_up == other.fading_up


def test_values_are_plain_python_numbers() -> None:
    tasks = episode(Arrivals(wireless_scenario(horizon_s=1e4)))
    kinds = {field: type(getattr(tasks, field)[0]) for field in ("arrival_s", *NETWORK_FIELDS)}
    assert set(kinds.values()) == {float}
    assert (type(tasks.steps[0]), type(tasks.user[0])) == (int, int)


@given(rows=st.integers(1, 120), seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_the_size_of_the_blocks_changes_no_task(
    tmp_path_factory: pytest.TempPathFactory, rows: int, seed: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "blocks.csv"
    if not path.exists():
        write_trace(path, 101)
    arrivals = Arrivals(wireless_scenario(trace=str(path)))
    blocks = [len(block) for block in arrivals.blocks(streams(seed), rows)]
    assert max(blocks) <= rows and sum(blocks) == 101
    assert episode(arrivals, seed, rows) == episode(arrivals, seed, 8192)


@given(rows=st.integers(1, 400), seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_a_poisson_episode_comes_in_blocks_too(rows: int, seed: int) -> None:
    arrivals = Arrivals(wireless_scenario(horizon_s=100.0, arrival_rate_hz=3.0))
    blocks = [len(block) for block in arrivals.blocks(streams(seed), rows)]
    assert set(blocks[:-1]) <= {rows} and 0 < blocks[-1] <= rows
    assert episode(arrivals, seed, rows) == episode(arrivals, seed, 8192)


def test_what_a_trace_gives_is_not_drawn(tmp_path: Path) -> None:
    bare = write_trace(tmp_path / "bare.csv", 50)
    full = write_trace(tmp_path / "full.csv", 50, "user_x_m", "user_y_m", "upload_bytes")
    drawn = episode(Arrivals(wireless_scenario(trace=bare)))
    taken = episode(Arrivals(wireless_scenario(trace=full)))
    expected = [float(1 + i) for i in range(50)]
    assert taken.upload_bytes == taken.user_x_m == taken.user_y_m == expected
    assert drawn.user_x_m is None and drawn.upload_bytes != expected
    # The rest comes from its own streams and is the same in both.
    for field in ("arrival_s", "steps", "user", "download_bytes", "deadline_s", "fading_up"):
        assert getattr(drawn, field) == getattr(taken, field)


def test_a_trace_meets_the_users_and_channels_of_the_poisson_episode(tmp_path: Path) -> None:
    path = write_trace(tmp_path / "t.csv", 40)
    traced = episode(Arrivals(wireless_scenario(trace=path)), 5)
    poisson = episode(Arrivals(wireless_scenario()), 5)
    assert traced.user == poisson.user[:40]
    assert traced.fading_up == (poisson.fading_up or [])[:40]


def test_columns_of_the_network_are_left_alone_without_one(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("arrival_s,steps,upload_bytes\n0,100,not a size\n1,120,-5\n")
    scenario = resolve("aigc_paper", {"trace": str(path), "trace_columns": TraceColumns()})
    tasks = episode(Arrivals(scenario))
    assert (tasks.arrival_s, tasks.steps, tasks.upload_bytes) == ([0.0, 1.0], [100, 120], None)


def test_an_episode_too_large_to_draw_is_refused() -> None:
    with pytest.raises(InputError, match=r"arrival_rate_hz = 1000.0: .* at most 10,000,000"):
        Arrivals(resolve("aigc_paper", {"arrival_rate_hz": 1000.0}))


def test_pyarrow_is_not_loaded_without_a_trace() -> None:
    code = (
        "import sys, edgesim.twin.aigc.arrivals as w; from edgesim.scenarios import resolve;"
        "w.Arrivals(resolve('aigc_paper')); print('pyarrow' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
