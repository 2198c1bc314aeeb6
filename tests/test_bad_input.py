"""The table of bad input: each row ends in one clear message, exit status 2, and nothing lost."""

import copy
import json
from pathlib import Path

import pytest

from edgesim.commands.cli import main

GOOD = "capacity: 700, ax: 0, ay: 0.1, bx: 200, by: 0.8"


def trace(rows, header="arrival_s,steps"):
    return {"bad.csv": "\n".join([header, *rows]) + "\n"}


def gml(edges, places=True, length=None, more=""):
    """Three nodes and some links, as GML."""
    nodes = "".join(
        f'node [ id {n} label "{n}" ' + (f"Longitude {n} Latitude 50 " if places else "") + "] "
        for n in range(3)
    )
    told = f" length_km {length}" if length else ""
    told += more
    links = "".join(f"edge [ source {a} target {b}{told} ] " for a, b in edges)
    return f"graph [ {nodes}{links}]"


def slice_of(**changes):
    """One slice in Hydra's grammar."""
    keys = {
        "name": "one",
        "share": "1.0",
        "chain": "[nat,fw]",
        "bandwidth_bps": "[1e6,1e7]",
        "max_delay_s": "[0.1,0.2]",
        "holding_s": "60",
        **changes,
    }
    return "{" + ",".join(f"{key}:{value}" for key, value in keys.items()) + "}"


SERVICE = json.loads((Path(__file__).parent / "services" / "by_hand.json").read_text())
MEASURED = "evaluate scenario.quality=null scenario.profiles=[{name:mine,service:mine.json}]"


def service(key=None, value=None):
    """A measured profile, ``mine.json``, with one dotted key changed, or removed (KeyError)."""
    content = copy.deepcopy(SERVICE)
    if key is not None:
        *parents, last = key.split(".")
        there = content
        for name in parents:
            there = there[name]
        if value is KeyError:
            del there[last]
        else:
            there[last] = value
    return {"mine.json": json.dumps(content)}


# what a user types, the files at hand, and the words that the message must hold
TABLE = {
    "unknown command": ("trian", {}, ["trian", "train"]),
    "unknown scenario": ("evaluate scenario=aigc_papr", {}, ["aigc_papr", "aigc_paper"]),
    "unknown agent": ("train agent=maskable_pppo", {}, ["maskable_pppo", "maskable_ppo"]),
    "unknown policy": ("evaluate policy=round_robbin", {}, ["round_robbin", "round_robin"]),
    "unknown policy to simulate": ("simulate policy=nearst", {}, ["nearst", "nearest"]),
    "policy of another scenario": (
        "evaluate scenario=aigc_paper policy=nearest",
        {},
        ["nearest", "wireless"],
    ),
    "policy in no module": ("evaluate policy=no_such_module:Policy", {}, ["no_such_module"]),
    "unknown key": ("evaluate scenario.capacity=3", {}, ["scenario.capacity"]),
    "unknown key of the command": ("train epsodes=3", {}, ["epsodes", "episodes"]),
    "no key at all": ("train aigc", {}, ["aigc", "key=value"]),
    "unknown engine": ("train engine=batchd", {}, ["engine", "batchd", "batched"]),
    "engine that cannot step the scenario": (
        "train scenario=aigc engine=batched",
        {},
        ["engine", "batched", "simpy"],
    ),
    "capacities negative": (
        "evaluate scenario.capacity_range=[-1,5]",
        {},
        ["capacity_range", "-1"],
    ),
    "capacities zero": ("evaluate scenario.capacity_range=[0,5]", {}, ["capacity_range", "0"]),
    "capacities NaN": ("evaluate scenario.capacity_increment=nan", {}, ["capacity_increment"]),
    "capacities reversed": ("evaluate scenario.capacity_range=[9,5]", {}, ["capacity_range"]),
    "rate zero": ("evaluate scenario.arrival_rate_hz=0", {}, ["arrival_rate_hz", "0"]),
    "rate NaN": ("evaluate scenario.arrival_rate_hz=nan", {}, ["arrival_rate_hz", "nan"]),
    "rate negative": ("evaluate scenario.arrival_rate_hz=-2", {}, ["arrival_rate_hz", "-2"]),
    "size negative": (
        "evaluate scenario.wireless.upload_bytes=[-5,10]",
        {},
        ["upload_bytes", "-5"],
    ),
    "size zero": ("evaluate scenario.wireless.download_bytes=[0,10]", {}, ["download_bytes"]),
    "link rate infinite": (
        "evaluate scenario.wireless.backhaul.link_rate_bps=inf",
        {},
        ["link_rate_bps", "inf"],
    ),
    "horizon a word": ("evaluate scenario.horizon_s=long", {}, ["horizon_s", "long"]),
    "steps range reversed": ("evaluate scenario.steps_range=[250,100]", {}, ["steps_range"]),
    "episodes zero": ("evaluate episodes=0", {}, ["episodes", "0"]),
    "episodes negative": ("evaluate episodes=-3", {}, ["episodes", "-3"]),
    "seed negative": ("evaluate seed=-1", {}, ["seed", "-1"]),
    "trace not there": ("evaluate scenario.trace=none.csv", {}, ["none.csv"]),
    "trace a folder": ("evaluate scenario.trace=.", {}, ["trace"]),
    "trace of another kind": ("evaluate scenario.trace=bad.txt", {"bad.txt": "x"}, ["bad.txt"]),
    "trace that is no Parquet": (
        "evaluate scenario.trace=bad.parquet",
        {"bad.parquet": "not parquet at all"},
        ["bad.parquet"],
    ),
    "trace without a column": (
        "evaluate scenario.trace=bad.csv",
        trace(["0,100"], "arrival_s,step"),
        ["steps", "step"],
    ),
    "trace with NaN": ("evaluate scenario.trace=bad.csv", trace(["0,100", "nan,100"]), ["2"]),
    "trace with a gap": ("evaluate scenario.trace=bad.csv", trace(["0,100", "1,"]), ["2"]),
    "trace unsorted": ("evaluate scenario.trace=bad.csv", trace(["5,100", "4,100"]), ["2", "4"]),
    "trace before zero": ("evaluate scenario.trace=bad.csv", trace(["-5,100"]), ["-5"]),
    "trace without rows": ("evaluate scenario.trace=bad.csv", trace([]), ["bad.csv"]),
    "trace empty": ("evaluate scenario.trace=bad.csv", {"bad.csv": ""}, ["bad.csv"]),
    "trace with a word": ("evaluate scenario.trace=bad.csv", trace(["0,many"]), ["many"]),
    "trace with no steps": ("evaluate scenario.trace=bad.csv", trace(["0,0"]), ["steps"]),
    "trace with half steps": ("evaluate scenario.trace=bad.csv", trace(["0,100.5"]), ["100.5"]),
    "trace column unknown": (
        "evaluate scenario.trace=bad.csv scenario.trace_columns.steps=tokens",
        trace(["0,100"]),
        ["tokens"],
    ),
    "trace scale zero": (
        "evaluate scenario.trace=bad.csv scenario.trace_columns.steps_scale=0",
        trace(["0,100"]),
        ["steps_scale"],
    ),
    "run time below zero": (
        "evaluate scenario=aigc_paper scenario.trace=bad.csv",
        trace(["0,3"]),
        ["3", "run"],
    ),
    "providers a number": ("evaluate scenario.providers=7", {}, ["providers", "7"]),
    "providers empty": ("evaluate scenario.providers=[]", {}, ["providers"]),
    "provider without a key": (
        "evaluate scenario.providers=[{capacity:500,ax:0,ay:0,bx:100}]",
        {},
        ["providers[0]", "by"],
    ),
    "provider with a key too many": (
        f"evaluate scenario.providers=[{{{GOOD.replace(' ', '')},speed:3}}]",
        {},
        ["speed"],
    ),
    "provider of no capacity": (
        "evaluate scenario.providers=[{capacity:0,ax:0,ay:0,bx:100,by:1}]",
        {},
        ["providers[0].capacity"],
    ),
    "provider with quality above one": (
        "evaluate scenario.providers=[{capacity:500,ax:0,ay:0,bx:100,by:1.5}]",
        {},
        ["providers[0].by", "1.5"],
    ),
    "provider file not there": ("evaluate scenario.providers=none.yaml", {}, ["none.yaml"]),
    "provider file no list": (
        "evaluate scenario.providers=bad.yaml",
        {"bad.yaml": "capacity: 5\n"},
        ["bad.yaml"],
    ),
    "provider file no YAML": (
        "evaluate scenario.providers=bad.yaml",
        {"bad.yaml": "[{capacity: 5"},
        ["bad.yaml"],
    ),
    "service unknown": (
        "evaluate scenario.profiles=[{name:mine,service:photo_inpant}]",
        {},
        ["photo_inpant", ".json"],
    ),
    "service in no file": (MEASURED, {}, ["mine.json", "no such file"]),
    "service file no JSON": (MEASURED, {"mine.json": "steps: 3"}, ["mine.json", "JSON"]),
    "service of another schema version": (
        MEASURED,
        service("schema", 3),
        ["schema", "3", "1 and 2"],
    ),
    "service with NaN": (
        MEASURED,
        service("latency.affine.step_s", float("nan")),
        ["mine.json", "NaN", "finite"],
    ),
    "service of decreasing steps": (
        MEASURED,
        service("quality.steps", [250, 200, 150, 100, 50, 10]),
        ["mine.json", "quality.steps", "increase"],
    ),
    "service without latency": (MEASURED, service("latency", KeyError), ["latency", "missing"]),
    "service without a fitted curve": (
        MEASURED,
        service("quality.score.fits.piecewise"),
        ["by_hand", "piecewise", "four-parameter"],
    ),
    "service measured for fewer steps": (
        MEASURED + " scenario.steps_range=[100,300]",
        service(),
        ["steps_range", "300", "by_hand", "250"],
    ),
    "service measured for smaller batches": (
        "evaluate scenario.scheduler.max_batch=9",
        {},
        ["max_batch", "9", "photo_inpaint", "8"],
    ),
    "service on a device without memory": (
        MEASURED.replace("}", ",memory_bytes:5}"),
        service(),
        ["profiles.mine.memory_bytes", "3000000"],
    ),
    "service on a device of no speed": (
        MEASURED.replace("}", ",speed:0}"),
        service(),
        ["profiles.mine.speed", "0"],
    ),
    "service that is typed in as well": (
        MEASURED.replace("}", ",fixed_s:5}"),
        service(),
        ["profiles.mine.fixed_s", "5"],
    ),
    "profile without a time": (
        "evaluate scenario.profiles=[{name:mine,fixed_s:5}]",
        {},
        ["profiles.mine.seconds_per_step", "service"],
    ),
    "quality from nowhere": (
        "evaluate scenario.quality=null"
        " scenario.profiles=[{name:a,fixed_s:1,seconds_per_step:0.1,batch_slope:0}]",
        {},
        ["quality", "profiles"],
    ),
    "shares of steps that rise": (
        "evaluate scenario=aigc_steps scenario.step_shares=[0.5,1]",
        {},
        ["step_shares", "0.5"],
    ),
    "links of a wrong shape": (
        "evaluate scenario=sfc_paper scenario.bandwidth=[[1,2],[3,4]]",
        {},
        ["bandwidth", "(2, 2)"],
    ),
    "links ragged": (
        "evaluate scenario=sfc_paper scenario.bandwidth=[[[1],[2]],[[3]]]",
        {},
        ["bandwidth", "[next instance][previous instance][stage]"],
    ),
    "links of two shapes": (
        "evaluate scenario=sfc_paper scenario.bandwidth=[[[100,100]]]",
        {},
        ["delay_ms", "(5, 5, 4)", "(1, 1, 2)"],
    ),
    "links NaN": (
        "evaluate scenario=sfc_paper scenario.delay_ms=[[[nan]]] scenario.bandwidth=[[[5]]]",
        {},
        ["delay_ms[0, 0, 0]", "nan"],
    ),
    "links negative": (
        "evaluate scenario=sfc_paper scenario.bandwidth=[[[-5]]]",
        {},
        ["bandwidth[0, 0, 0]", "-5"],
    ),
    "links a word": ("evaluate scenario=sfc_paper scenario.bandwidth=wide", {}, ["wide", ".npz"]),
    "links in no file": (
        "evaluate scenario=sfc_paper scenario.delay_ms=none.npz",
        {},
        ["delay_ms", "none.npz"],
    ),
    "links in a file of another kind": (
        "evaluate scenario=sfc_paper scenario.delay_ms=bad.npz",
        {"bad.npz": "no zip"},
        ["delay_ms", "bad.npz"],
    ),
    "groups of one": ("evaluate scenario=sfc_paper scenario.groups=1", {}, ["groups", "1"]),
    "release probability above one": (
        "evaluate scenario=sfc_paper scenario.release_probability=1.5",
        {},
        ["release_probability", "1.5"],
    ),
    "release probability NaN": (
        "evaluate scenario=sfc_paper scenario.release_probability=nan",
        {},
        ["release_probability", "nan"],
    ),
    "requests none": ("evaluate scenario=sfc_paper scenario.requests=0", {}, ["requests", "0"]),
    "requests of no bandwidth": (
        "evaluate scenario=sfc_paper scenario.request_bandwidth=[0,10]",
        {},
        ["request_bandwidth", "0"],
    ),
    "requests with the bound reversed": (
        "evaluate scenario=sfc_paper scenario.request_delay_ms=[90,50]",
        {},
        ["request_delay_ms", "90"],
    ),
    "no such quality": ("evaluate scenario=sfc_paper scenario.qoe.model=mos", {}, ["mos", "iqx"]),
    "trace of chains without a column": (
        "evaluate scenario=sfc_paper scenario.trace=bad.csv",
        trace(["100,60"], "bandwidth,max_delay_ms"),
        ["released_before"],
    ),
    "trace of chains without rows": (
        "evaluate scenario=sfc_paper scenario.trace=bad.csv",
        trace([], "bandwidth,max_delay_ms,released_before"),
        ["bad.csv", "0 rows"],
    ),
    "trace of chains with NaN": (
        "evaluate scenario=sfc_paper scenario.trace=bad.csv",
        trace(["100,60,", "nan,60,"], "bandwidth,max_delay_ms,released_before"),
        ["row 2", "bandwidth"],
    ),
    "trace of chains with a negative bound": (
        "evaluate scenario=sfc_paper scenario.trace=bad.csv",
        trace(["100,-60,"], "bandwidth,max_delay_ms,released_before"),
        ["row 1", "max_delay_ms", "-60"],
    ),
    "trace of chains released before they come": (
        "evaluate scenario=sfc_paper scenario.trace=bad.csv",
        trace(["100,60,1", "100,60,1"], "bandwidth,max_delay_ms,released_before"),
        ["row 2", "released_before", "later request"],
    ),
    "trace of chains released in between": (
        "evaluate scenario=sfc_paper scenario.trace=bad.csv",
        trace(["100,60,1.5"], "bandwidth,max_delay_ms,released_before"),
        ["row 1", "released_before", "1.5"],
    ),
    "rejecting where none may": (
        "evaluate scenario=sfc_paper policy=load_aware_admission",
        {},
        ["load_aware_admission", "admission_control"],
    ),
    "policy of another problem": (
        "evaluate scenario=sfc_paper policy=nearest",
        {},
        ["nearest", "shortest_delay"],
    ),
    "topology unknown": (
        "evaluate scenario=sfc scenario.network.topology.source=sndlib/germany5",
        {},
        ["germany5", "sndlib/germany50"],
    ),
    "topology file not there": (
        "evaluate scenario=sfc scenario.network.topology.source=none.graphml",
        {},
        ["none.graphml"],
    ),
    "topology malformed": (
        "evaluate scenario=sfc scenario.network.topology.source=bad.graphml",
        {"bad.graphml": "<graphml><graph"},
        ["bad.graphml"],
    ),
    "topology malformed GML": (
        "evaluate scenario=sfc scenario.network.topology.source=bad.gml",
        {"bad.gml": "graph [ node ["},
        ["bad.gml"],
    ),
    "topology disconnected": (
        "evaluate scenario=sfc scenario.network.topology.source=bad.gml",
        {"bad.gml": gml(edges=[(0, 1)])},
        ["bad.gml", "connected"],
    ),
    "topology without positions or lengths": (
        "evaluate scenario=sfc scenario.network.topology.source=bad.gml",
        {"bad.gml": gml(edges=[(0, 1), (1, 2)], places=False)},
        ["bad.gml", "length"],
    ),
    "topology with more reserved than a link has": (
        "evaluate scenario=sfc scenario.network.topology.source=bad.gml",
        {"bad.gml": gml([(0, 1), (1, 2)], more=" capacity_bps 1000000000 reserved_bps 2000000000")},
        ["bad.gml", "reserved_bps", "'0'", "'1'", "2000000000", "1e+09"],
    ),
    "topology with a reservation that is none": (
        "evaluate scenario=sfc scenario.network.topology.source=bad.gml",
        {"bad.gml": gml([(0, 1), (1, 2)], more=" reserved_bps -5.0")},
        ["bad.gml", "reserved_bps", "-5", "at least 0"],
    ),
    "topology with a negative length": (
        "evaluate scenario=sfc scenario.network.topology.source=bad.gml",
        {"bad.gml": gml(edges=[(0, 1), (1, 2)], length="-3")},
        ["bad.gml", "-3"],
    ),
    "slices that do not sum to one": (
        f"evaluate scenario=sfc scenario.network.slices=[{slice_of(share='0.4')}]",
        {},
        ["share", "0.4"],
    ),
    "slice with an unknown VNF": (
        f"evaluate scenario=sfc scenario.network.slices=[{slice_of(chain='[nat,fww]')}]",
        {},
        ["fww", "fw"],
    ),
    "slice that asks for less than nothing": (
        f"evaluate scenario=sfc scenario.network.slices=[{slice_of(bandwidth_bps='[-1,5]')}]",
        {},
        ["bandwidth_bps", "-1"],
    ),
    "slice that asks for NaN": (
        f"evaluate scenario=sfc scenario.network.slices=[{slice_of(max_delay_s='[0.1,nan]')}]",
        {},
        ["max_delay_s", "nan"],
    ),
    "more instances of a VNF than hosts": (
        "evaluate scenario=sfc scenario.network.instances.per_type=16",
        {},
        ["per_type", "16", "15"],
    ),
    "more hosts than nodes": (
        "evaluate scenario=sfc scenario.network.topology.source=sndlib/polska"
        " scenario.network.instances.hosts=15",
        {},
        ["hosts", "12"],
    ),
    "more instances of a VNF than nodes": (
        "evaluate scenario=sfc scenario.network.topology.source=gabriel"
        " scenario.network.topology.nodes=4 scenario.network.instances.per_type=5",
        {},
        ["per_type", "5", "4 nodes"],
    ),
    "trace of chains to an unknown node": (
        "evaluate scenario=sfc scenario.trace=bad.csv",
        trace(
            ["0,embb,Berlin,Atlantis,1000000,0.1,60"],
            "arrival_s,slice,source,destination,bandwidth_bps,max_delay_s,holding_s",
        ),
        ["Atlantis", "destination"],
    ),
    "collector that does not exist": (
        "evaluate scenario=sfc scenario.network.collector.mode=guess",
        {},
        ["guess", "piggyback"],
    ),
    "run folder not there": (
        "evaluate policy=runs/aigc/ppo/seed-9",
        {},
        ["runs/aigc/ppo/seed-9"],
    ),
    "run folder without a model": (
        "evaluate scenario=aigc policy=runs/half",
        {"runs/half/config.yaml": "seed: 0\n"},
        ["runs/half"],
    ),
    "run folder with a broken config": (
        "evaluate policy=runs/half",
        {"runs/half/config.yaml": "[{"},
        ["runs/half"],
    ),
    "the authors' QoE without a floor where links fail": (
        "evaluate scenario=sfc scenario.qoe.model=authors scenario.qoe.floor=null"
        " scenario.network.failures.link_mtbf_s=500",
        {},
        ["qoe.floor", "authors"],
    ),
    "unknown part of the benchmark": ("benchmark parts=world", {}, ["world", "worlds"]),
    "unknown figure": ("reproduce figure=aigc_lerning", {}, ["aigc_lerning", "aigc_learning"]),
    "unknown budget": ("reproduce budget=fast", {}, ["fast", "quick"]),
    "figure without tables": (
        "reproduce figure=aigc_learning redraw=true",
        {},
        ["aigc_learning", "redraw"],
    ),
    "nothing to compare": ("compare runs=nowhere", {}, ["nowhere", "no such folder"]),
    "no complete run to compare": (
        "compare runs=runs",
        {"runs/half/config.yaml": "seed: 0\n"},
        ["runs", "no complete run folder"],
    ),
    "unknown service": ("calibrate service=digit", {}, ["digit", "did you mean 'digits'"]),
    "pipeline without its index": (
        "calibrate service=models/empty",
        {"models/empty/notes.txt": "no model"},
        ["models/empty", "model_index.json"],
    ),
    "pipeline that is none": (
        "calibrate service=models/broken",
        {"models/broken/model_index.json": "[]"},
        ["models/broken", "is no pipeline"],
    ),
    "steps that fall": ("calibrate steps=[30,10]", {}, ["steps", "increasing"]),
    "batch of none": ("calibrate batches=[0,1]", {}, ["batches", "increasing"]),
    "more steps than the grid": ("calibrate steps=[10,300]", {}, ["300", "at most 250"]),
    "prompt for an embedded service": ("calibrate prompt=cat", {}, ["prompt", "embedded"]),
    "metric of another service": ("calibrate metric=confidence", {}, ["confidence", "ssim"]),
    "clock of the stars": ("calibrate clock=stars", {}, ["clock", "stars", "wall"]),
    "device that is none": ("calibrate device=tpu", {}, ["device", "tpu", "cuda"]),
    "device that is not there": ("calibrate device=cuda:99", {}, ["device", "cuda:99", "cpu"]),
    "server on a device that is not there": (
        "validate device=cuda:99 clock=wall",
        {},
        ["device", "cuda:99", "cpu"],
    ),
    "a GPU by the clock of the CPU": ("calibrate device=cuda clock=cpu", {}, ["clock", "wall"]),
    "precision that is none": ("calibrate precision=float8", {}, ["precision", "float16"]),
    "guidance for an embedded service": ("calibrate guidance=3", {}, ["guidance", "embedded"]),
    "guidance away from the prompt": ("calibrate guidance=-1", {}, ["guidance", "-1"]),
    "training of no network": ("calibrate-train service=digit", {}, ["digit", "digits"]),
    "load beyond capacity": ("validate check_loads=[1.2]", {}, ["check_loads", "1.2"]),
    "load that checks itself": ("validate check_loads=[0.4]", {}, ["check_loads", "fit_loads"]),
    "requests beyond the grid": ("validate steps_range=[10,300]", {}, ["300", "at most 250"]),
    "out is a file": ("simulate out=bad.txt", {"bad.txt": "precious"}, ["bad.txt"]),
}


def tree(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("case", TABLE)
def test_bad_input_ends_in_one_clear_message(case, tmp_path, monkeypatch, capsys):
    line, files, words = TABLE[case]
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert main(line.split(" ")) == 2
    printed = capsys.readouterr()
    message = printed.err.strip()
    assert message.startswith("error: ")
    assert len(message.splitlines()) <= 2 and len(message) < 700
    assert "Traceback" not in message
    for word in words:
        assert word in message
    assert tree(tmp_path) == files  # nothing lost, nothing left behind


def test_the_environment_refuses_the_same_way():
    import gymnasium

    for arguments, word in (
        ({"scenario": "aigc_papr"}, "aigc_paper"),
        ({"overrides": {"capacty_range": [1, 2]}}, "capacity_range"),
        ({"overrides": {"capacity_range": [-1, 2]}}, "capacity_range"),
        ({"reward": "dense"}, "shaped"),
        ({"mask": "all"}, "fits"),
    ):
        with pytest.raises(ValueError, match=word):
            gymnasium.make("edgesim/AIGC-v0", **arguments)
