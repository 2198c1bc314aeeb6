"""Figures on training are drawn from their CSV files, and episodes from their logs."""

from pathlib import Path

import pytest

from edgesim.commands.cli import main
from edgesim.importing import load
from edgesim.plots.log import read_log
from edgesim.plots.training.wan_episode import joining

CSV = {
    "wan_figures:draw_scale_out": (
        "scale_out",
        "map,nodes,mechanism,delay_s,delay_s_low,delay_s_high",
        ["a,4,greedy,3,2,4", "a,8,greedy,2,1,3", "a,4,single,6,5,7", "a,8,single,5,4,6"],
    ),
    "wan_figures:draw_events": (
        "events",
        "event,longest_trip_ms,handled_ms,handled_ms_low,handled_ms_high",
        ["leave,10,8,7,9", "leave,20,16,14,18"],
    ),
    "wan_figures:draw_idle": (
        "idle",
        "nodes,policy,idle_s,idle_s_low,idle_s_high",
        ["4,greedy,8,7,9", "8,greedy,16,14,18"],
    ),
    "wan_figures:draw_optimality": (
        "optimality",
        "case,method,over_fluid,over_fluid_low,over_fluid_high",
        ["still,greedy,1.1,1.0,1.2", "still,anew,1.0,1.0,1.1"],
    ),
    "llm_figures:draw_settings": (
        "settings",
        "scenario,policy,over_bound,over_bound_low,over_bound_high",
        ["llm_7b,copus,0.02,0.01,0.03", "llm_7b,static,0.04,0.03,0.05"],
    ),
    "llm_figures:draw_fit": (
        "fit",
        "application,part,error,error_low,error_high",
        ["bert,rows,0.07,0.06,0.08"],
    ),
    "llm_figures:draw_jobs": (
        "jobs",
        "workload,scheduler,mean_s,mean_s_low,mean_s_high,published_s",
        ["6,pollux,2500,2000,3000,2446", "6,optimus,5000,4000,6000,"],
    ),
    "llm_figures:draw_checks": (
        "checks",
        "check,case,ratio",
        ["noise scale of digits,step 0,1.02", "all-reduce by gloo,80/80,0.98"],
    ),
}


@pytest.mark.parametrize("name", CSV)
def test_a_figure_is_drawn_from_its_table(name: str, tmp_path: Path) -> None:
    table, header, rows = CSV[name]
    (tmp_path / f"{table}.csv").write_text("\n".join([header, *rows]) + "\n")
    load(f"edgesim.plots.training.{name}")(tmp_path)
    assert (tmp_path / "figure.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("scenario", "shorter"),
    [("wan_training", "horizon_s=900"), ("llm_13b", "job.useful_sequences=1e5")],
)
def test_an_episode_has_a_picture(scenario: str, shorter: str, tmp_path: Path) -> None:
    line = f"simulate scenario={scenario} scenario.{shorter} out={tmp_path}"
    assert main(line.split()) == 0
    (picture,) = tmp_path.rglob("episode.png")
    assert picture.stat().st_size > 5000
    if scenario == "wan_training":
        for _, asked_s, pulled_s, joined_s in joining(read_log(picture.parent)):
            assert not joined_s < asked_s and not pulled_s < asked_s
