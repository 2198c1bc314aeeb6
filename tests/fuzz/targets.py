"""The ways by which other people's files and words come in, each fed with one changed input."""

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import families
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from gymnasium.spaces import Discrete
from mutations import NASTY, bytes_changed, changed, text_of

from edgesim.agents.finding import find_policy
from edgesim.agents.learning.training import best_score
from edgesim.agents.measuring.evaluation import evaluation_in
from edgesim.agents.measuring.run_table import measured_otherwise
from edgesim.agents.runs.checkpoint import read_checkpoint, writing
from edgesim.agents.runs.origin import check_origin
from edgesim.agents.runs.runfolder import check_complete, plain, read_config
from edgesim.config.compose import compose
from edgesim.envs.making import make_envs
from edgesim.problems import PROBLEMS
from edgesim.profiles.profile import load_profile
from edgesim.scenarios import resolve
from edgesim.twin.network.topology_file import read_file
from edgesim.yaml_files import read_yaml

__all__ = ["TARGETS", "warmed"]

TRACE = "arrival_s,steps,user\n" + "".join(
    f"{it * 7.5},{it % 9 * 10 + 10},{it % 4}\n" for it in range(40)
)
CHAINS = "arrival_s,slice,source,destination,bandwidth_bps,max_delay_s,holding_s\n" + "".join(
    f"{it},urllc,{it % 5},{it % 7 + 5},1e6,0.05,60\n" for it in range(20)
)
GML = (
    "graph [ "
    + " ".join(
        f'node [ id {n} label "n{n}" Longitude {n}.5 Latitude {50 + n % 3} ]' for n in range(6)
    )
    + " ".join(f" edge [ source {n} target {(n + 1) % 6} LinkSpeedRaw 1e9 ]" for n in range(6))
    + " ]"
)
GRAPHML = (
    '<?xml version="1.0" encoding="utf-8"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    '<key attr.name="Longitude" attr.type="double" for="node" id="d0"/>'
    '<key attr.name="Latitude" attr.type="double" for="node" id="d1"/>'
    '<key attr.name="capacity_bps" attr.type="double" for="edge" id="d2"/>'
    '<graph edgedefault="undirected">'
    + "".join(
        f'<node id="{n}"><data key="d0">{n}.5</data><data key="d1">{50 + n % 3}</data></node>'
        for n in range(6)
    )
    + "".join(
        f'<edge source="{n}" target="{(n + 1) % 6}"><data key="d2">1e9</data></edge>'
        for n in range(6)
    )
    + "</graph></graphml>"
)
EVENTS = [
    {"at_s": 10.0, "event": "fails", "provider": 1},
    {"at_s": 20.0, "event": "repaired", "provider": 1},
    {"at_s": 30.0, "event": "flash_crowd", "factor": 3.0, "until_s": 60.0},
]
PROVIDERS = [
    {"capacity": 700, "ax": 0, "ay": 0.1, "bx": 200, "by": 0.8 + it / 100} for it in range(4)
]
SCENARIOS = (
    "aigc",
    "aigc_paper",
    "aigc_steps",
    "sfc",
    "sfc_paper",
    "shared",
    "vne_wx100",
    "vne_geant",
    "aigc_text",
    "aigc_faults",
    "sfc_faults",
    "sfc_attack",
    "factories_small",
    "parallel",
    "sync",
    "silos",
    "llm_ring_small",
    "llm_training",
    "wan_training",
)
KEYS = {
    "train": (
        "total_steps",
        "seed",
        "agent",
        "validations",
        "threads",
        "device",
        "engine",
        "start",
    ),
    "evaluate": ("episodes", "policy", "seed", "worlds", "scenario", "bound", "out", "jobs"),
    "simulate": ("policy", "seed", "scenario", "out", "video"),
    "compare": ("runs", "out", "policy"),
    "plan": ("cluster", "model", "context_tokens", "windows", "on_gpu", "rounds", "out"),
    "calibrate": ("service", "data", "steps", "seed", "out"),
    "whatif": ("change", "each", "policy", "episodes"),
}


@cache
def keys_of(name: str) -> dict[str, Any]:
    """All keys of a preset, nested."""
    values: dict[str, Any] = plain(asdict(resolve(name)))
    return values


def warmed() -> None:
    """Compile and read what inputs need, and see that what is changed can be used as it is."""
    for name in SCENARIOS:
        played(resolve(name))
    with TemporaryDirectory() as folder:
        place = Path(folder)
        for name, content in (
            ("t.csv", TRACE),
            ("c.csv", CHAINS),
            ("n.gml", GML),
            ("n.graphml", GRAPHML),
        ):
            (place / name).write_text(content, encoding="utf-8")
        for name, values in (("p.yaml", PROVIDERS), ("e.yaml", EVENTS)):
            (place / name).write_text(text_of(values), encoding="utf-8")
        played(resolve("aigc", {"trace": str(place / "t.csv")}))
        played(resolve("sfc", {"trace": str(place / "c.csv")}))
        played(resolve("sfc", {"network.topology.source": str(place / "n.gml")}))
        played(resolve("sfc", {"network.topology.source": str(place / "n.graphml")}))
        played(resolve("aigc_paper", {"providers": str(place / "p.yaml")}))
        played(resolve("aigc_paper", {"events": str(place / "e.yaml")}))


def played(scenario: Any) -> None:
    """Make the world of a scenario and act a few times in it."""
    if not PROBLEMS[scenario.problem].env_id:
        return  # has no environment: what stands in it has been checked
    (env,) = make_envs(scenario, 1)
    env.reset(seed=1)
    for _ in range(3):
        masks = getattr(env.unwrapped, "action_masks", None)
        action: Any = env.action_space.sample()
        if masks is not None and isinstance(env.action_space, Discrete):
            action = int(np.flatnonzero(masks())[0])
        _, _, over, cut, _ = env.step(action)
        if over or cut:
            break
    env.close()


def scenario_file(place: Path, dice: Random) -> None:
    """A scenario of one's own, all keys or some over a base."""
    name = dice.choice(SCENARIOS)
    values = keys_of(name)
    if dice.random() < 0.5:
        some = {key: values[key] for key in dice.sample(list(values), 3)}
        values = {"base": name, **some}
    path = place / "own.yaml"
    if dice.random() < 0.3:
        path.write_bytes(bytes_changed(text_of(values).replace(", ", ",\n").encode(), dice))
    else:
        path.write_text(text_of(changed(values, dice)), encoding="utf-8")
    played(resolve(str(path)))


def scenario_keys(place: Path, dice: Random) -> None:
    """Overrides in Python, dotted or nested."""
    name = dice.choice(SCENARIOS)
    values = keys_of(name)
    key = dice.choice(list(values))
    given = changed({key: values[key]}, dice)
    if isinstance(values[key], dict) and values[key] and dice.random() < 0.5:
        inner = dice.choice(list(values[key]))
        given = {f"{key}.{inner}": dice.choice(NASTY)}
    played(resolve(name, given))


def words(place: Path, dice: Random) -> None:
    """Overrides at a shell."""
    command = dice.choice(list(KEYS))
    given = []
    for _ in range(dice.choice((1, 2, 3))):
        key = dice.choice(KEYS[command])
        if dice.random() < 0.4:
            key = f"scenario.{dice.choice(list(keys_of('aigc')))}"
        nasty = dice.choice(NASTY)
        value = dice.choice(
            (str(nasty), text_of(nasty), "[1,2", "{a:1}", "a b", "'x", "range(5)", "=1")
        )
        given.append(f"{dice.choice(('', '', '+', '~', '++'))}{key}={value}")
    if dice.random() < 0.2:
        given.append(bytes_changed(b"scenario.users=20", dice).decode("latin1"))
    compose(command, given)


def trace(place: Path, dice: Random) -> None:
    """Traces of tasks and of chains, as CSV and as Parquet."""
    chains = dice.random() < 0.4
    path = place / "trace.csv"
    content = (CHAINS if chains else TRACE).encode()
    if dice.random() < 0.3:
        path = place / "trace.parquet"
        pq.write_table(_table(content.decode(), dice), path)
        if dice.random() < 0.3:
            path.write_bytes(bytes_changed(path.read_bytes(), dice))
    else:
        path.write_bytes(bytes_changed(content, dice))
    more = {"trace": str(path)}
    played(resolve("sfc" if chains else dice.choice(("aigc", "aigc_paper")), more))


def _table(content: str, dice: Random) -> Any:
    """A table of a CSV's columns, one of them of another type."""
    head, *rows = [line.split(",") for line in content.splitlines()]
    columns: dict[str, Any] = {name: [row[at] for row in rows] for at, name in enumerate(head)}
    arrays = {}
    for name, cells in columns.items():
        try:
            arrays[name] = pa.array([float(cell) for cell in cells])
        except ValueError:
            arrays[name] = pa.array(cells)
    name = dice.choice(head)
    odd = dice.choice((None, True, [1], {"a": 1}, b"x", "text", 2**62, float("nan"), -1.0, 1e300))
    kinds = (pa.date32(), pa.timestamp("ns"), pa.duration("s"), pa.null(), pa.int64())
    if dice.random() < 0.5:
        arrays[name] = pa.array([odd] * len(rows))
    else:
        arrays[name] = pa.nulls(len(rows), dice.choice(kinds))
    return pa.table(arrays)


def topology(place: Path, dice: Random) -> None:
    """Topologies in GML and GraphML, plain or compressed."""
    form, content = dice.choice((("gml", GML), ("graphml", GRAPHML)))
    path = place / dice.choice((f"net.{form}", f"net.{form}", f"net.{form}.gz"))
    changed_first = bytes_changed(content.encode(), dice)
    if path.suffix == ".gz":
        packed = gzip.compress(changed_first)
        changed_first = packed if dice.random() < 0.7 else bytes_changed(packed, dice)
    path.write_bytes(changed_first)
    read_file(str(path))
    if dice.random() < 0.1:
        played(resolve("sfc", {"network.topology.source": str(path)}))


def lists(place: Path, dice: Random) -> None:
    """Files of providers and of events."""
    key, values = dice.choice((("providers", PROVIDERS), ("events", EVENTS)))
    path = place / "list.yaml"
    if dice.random() < 0.5:
        path.write_text(text_of(changed(values, dice)), encoding="utf-8")
    else:
        path.write_bytes(bytes_changed(text_of(values).replace(", ", ",\n").encode(), dice))
    played(resolve("aigc_paper", {key: str(path)}))


def profile(place: Path, dice: Random) -> None:
    """Profiles of measured services."""
    from edgesim.profiles import profile as module

    name = dice.choice(("digits", "ids_forest", "text_small_twn"))
    content = (Path(module.__file__).parent / f"{name}.json").read_text(encoding="utf-8")
    path = place / "own.json"
    if dice.random() < 0.7:
        path.write_text(text_of(changed(json.loads(content), dice)), encoding="utf-8")
    else:
        path.write_bytes(bytes_changed(content.encode(), dice))
    load_profile(str(path))


def run_folder(place: Path, dice: Random, whole: Path) -> None:
    """Run folders, complete ones and half-finished ones."""
    folder = place / "runs" / "aigc_paper" / "ppo" / "seed-0"
    shutil.copytree(whole, folder, ignore=shutil.ignore_patterns("tensorboard", "*.png"))
    if dice.random() < 0.3:
        with writing(folder, {"decisions": 64, "rows": [{"decisions": 64}]}) as part:
            for name in ("latest.zip", "model.zip"):
                shutil.copyfile(whole / "model.zip", part / name)
    files = [it for it in folder.rglob("*") if it.is_file()]
    weight = {"config.yaml": 6, "evaluation.json": 2, "model.zip": 2}
    path = dice.choices(files, [weight.get(it.name, 1) for it in files])[0]
    if path.suffix in (".yaml", ".json") and dice.random() < 0.7:
        path.write_text(text_of(changed(read_yaml(path, "file"), dice)), encoding="utf-8")
    else:
        path.write_bytes(bytes_changed(path.read_bytes(), dice))
    looks: tuple[Callable[[], Any], ...] = (
        lambda: check_origin(folder, read_config(folder).agent),
        lambda: check_complete(folder),
        lambda: evaluation_in(folder),
        lambda: measured_otherwise(folder, 1, False),
        lambda: best_score(folder),
        lambda: read_checkpoint(folder),
        lambda: _decided(folder),
    )
    for look in looks if path.name == "config.yaml" else (*looks[2:], looks[0]):
        look()


def _decided(folder: Path) -> None:
    scenario = read_config(folder).scenario
    found = find_policy(scenario, str(folder))
    envs = make_envs(scenario, 1, dict(getattr(found, "env_kwargs", {})))
    observation, _ = envs[0].reset(seed=1)
    found(envs, 0).predict(observation[None], deterministic=True)
    envs[0].close()


TARGETS: dict[str, tuple[Callable[..., None], int]] = {
    "scenario files": (scenario_file, 4),
    "overrides in Python": (scenario_keys, 3),
    "overrides at a shell": (words, 2),
    "traces": (trace, 3),
    "topologies": (topology, 4),
    "providers and events": (lists, 3),
    "profiles": (profile, 3),
    "clusters, models, plans": (families.clusters, 2),
    "traces of tokens": (families.tokens, 1),
    "flows": (families.flows, 2),
    "netlists": (families.netlists, 1),
    "schematics": (families.schematics, 1),
    "images by client": (families.images, 2),
    "language models": (families.language_models, 1),
    "run folders": (run_folder, 2),
}
"""Each way in, and how often it is taken."""
