"""The ways in of the newer families: clusters, models, plans, jobs, flows, schematics, images."""

import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from mutations import bytes_changed, changed, text_of

from edgesim.agents.ring.plan import plan
from edgesim.config.ring import PlanConfig
from edgesim.methods.federated.data.files import read_images
from edgesim.scenarios import resolve
from edgesim.scenarios.ring import reading
from edgesim.scenarios.ring.reading import read_cluster, read_model
from edgesim.services.detectors.readers import read_cicids2017, read_features, read_flows
from edgesim.services.schematics.drawing import draw
from edgesim.services.schematics.netlist import graph, read_netlist
from edgesim.services.schematics.reader import read_image, read_schematic
from edgesim.services.schematics.spice import to_spice
from edgesim.services.text import service as text_service
from edgesim.services.text.running import read_runner
from edgesim.twin.core.streams import Streams
from edgesim.twin.ring.future import drawn
from edgesim.yaml_files import read_yaml

__all__ = ["clusters", "flows", "images", "language_models", "netlists", "schematics", "tokens"]

FLOWS = "duration,src_bytes,dst_bytes,count,proto,label\n" + "".join(
    f"{it % 7},{it * 13 % 400},{it * 7 % 90},{it % 5},tcp,{('normal', 'dos', 'probe')[it % 3]}\n"
    for it in range(60)
)
TOKENS = "TIMESTAMP,ContextTokens,GeneratedTokens\n" + "".join(
    f"2023-11-16 18:15:{it:02d}.5,{it * 37 % 900 + 1},{it * 11 % 300 + 1}\n" for it in range(40)
)
NETLIST = [
    {"type": "V", "name": "V1", "pins": {"+": "n1", "-": "0"}},
    {"type": "R", "name": "R1", "pins": {"1": "n1", "2": "n2"}},
    {"type": "C", "name": "C1", "pins": {"1": "n2", "2": "0"}},
]
LEAF = {
    "users": ["a", "b"],
    "num_samples": [12, 12],
    "user_data": {
        user: {"x": [[0.1 * (it % 3), 0.5, 0.25, it / 12] for it in range(12)], "y": [0, 1] * 6}
        for user in ("a", "b")
    },
}
_HERE = Path(reading.__file__).parent
_WEIGHTS = Path(text_service.__file__).parent / "weights" / "text_small_twn.safetensors"


def clusters(place: Path, dice: Random) -> None:
    """Clusters, the profiles of their devices, models, and the ring over them."""
    kind = dice.choice(("clusters", "models"))
    name = {"clusters": "three_devices", "models": "llama1-30b"}[kind]
    shipped = _HERE / kind / f"{name}.yaml"
    path = place / "own.yaml"
    if dice.random() < 0.6:
        path.write_text(text_of(changed(dict(_read(shipped)), dice)), encoding="utf-8")
    else:
        path.write_bytes(bytes_changed(shipped.read_bytes(), dice))
    if kind == "clusters" and dice.random() < 0.3:
        device = {"version": 1, "ram_gib": 8, "disk_gb_s": 1, "cpu_gb_s": 20}
        content = text_of(changed(device, dice)).encode()
        content = content if dice.random() < 0.7 else bytes_changed(content, dice)
        (place / "device.json").write_bytes(content)
        path.write_text("devices: [{profile: device.json, name: a}]\n", encoding="utf-8")
    (read_cluster if kind == "clusters" else read_model)(path)
    if dice.random() < 0.02:
        given: dict[str, Any] = {"cluster": "three_devices", "model": "llama1-30b"}
        given[kind[:-1]] = str(path)
        windows = changed([20, 20, 20], dice) if dice.random() < 0.5 else [20, 20, 20]
        plan(PlanConfig(**{**given, "windows": windows, "out": str(place / "plan")}))


def tokens(place: Path, dice: Random) -> None:
    """Traces of requests for tokens, and scenarios of the ring over them."""
    path = place / "tokens.csv"
    path.write_bytes(bytes_changed(TOKENS.encode(), dice))
    scenario = resolve("llm_ring_small", {"requests.trace": str(path)})
    drawn(scenario, Streams(np.random.SeedSequence(0)), 3)


def flows(place: Path, dice: Random) -> None:
    """Tables of flows, as CSV and as Parquet."""
    path = place / "flows.csv"
    if dice.random() < 0.4:
        head, *rows = [line.split(",") for line in FLOWS.splitlines()]
        columns: dict[str, Any] = {name: [row[at] for row in rows] for at, name in enumerate(head)}
        for name in head[:4]:
            columns[name] = [float(cell) for cell in columns[name]]
        odd = dice.choice((None, True, b"x", "text", 2**62, float("nan"), float("inf"), -1.0))
        columns[dice.choice(head)] = [odd] * len(rows)
        path = place / "flows.parquet"
        pq.write_table(pa.table(columns), path)
        if dice.random() < 0.3:
            path.write_bytes(bytes_changed(path.read_bytes(), dice))
    else:
        path.write_bytes(bytes_changed(FLOWS.encode(), dice))
    if dice.random() < 0.3:
        read_features(path, ("duration", "src_bytes"))
    else:
        dice.choice((read_flows, read_cicids2017))(path)


def netlists(place: Path, dice: Random) -> None:
    """Netlists as people write them, and what is made of them."""
    path = place / "netlist.yaml"
    if dice.random() < 0.7:
        path.write_text(text_of(changed(NETLIST, dice)), encoding="utf-8")
    else:
        path.write_bytes(bytes_changed(text_of(NETLIST).replace(", ", ",\n").encode(), dice))
    parts = read_netlist(read_yaml(path, "netlist"))
    graph(parts)
    to_spice(parts)


def schematics(place: Path, dice: Random) -> None:
    """Images of schematics: broken files, and drawings with holes, bars and noise."""
    path = place / "drawing.png"
    if dice.random() < 0.7:
        path.write_bytes(bytes_changed(_png(dice.randrange(3)), dice))
        image = read_image(path)
    else:
        image = draw(dice.randrange(3), 16.0, 2, 2).image.copy()
        rows, columns = sorted(dice.sample(range(len(image)), 2)), dice.randrange(len(image[0]))
        image[rows[0] : rows[1], columns:] = dice.choice((0, 128, 255))
        image = image[:: dice.choice((1, 1, 3, -1)), : dice.choice((7, 8, 20, 10_000))]
    read_schematic(image)


def images(place: Path, dice: Random) -> None:
    """Images by client: .npz, Parquet, LEAF's JSON."""
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {"x": rng.random((24, 4)), "y": np.arange(24) % 3}
    arrays["client"] = np.arange(24) % 4
    form = dice.choice(("npz", "parquet", "json"))
    path = place / f"images.{form}"
    if form == "json":
        path.write_text(text_of(changed(LEAF, dice)), encoding="utf-8")
    else:
        name = dice.choice(list(arrays))
        kind = dice.choice(("type", "shape", "values", "gone", "none"))
        if kind == "type":
            arrays[name] = arrays[name].astype(dice.choice(("U4", "?", "S3", "f2", "c8", "M8[s]")))
        elif kind == "shape":
            arrays[name] = arrays[name][: dice.choice((0, 1, 5))]
        elif kind == "values":
            odd = dice.choice((np.nan, np.inf, -1, 1e300, 2**40))
            arrays[name] = np.full(arrays[name].shape, odd, dtype=float)
        elif kind == "gone":
            del arrays[name]
        if form == "npz":
            np.savez(path, **arrays)
        else:
            table = {key: pa.array(value.tolist()) for key, value in _plain(arrays).items()}
            lengths = {len(column) for column in table.values()}
            pq.write_table(pa.table(table) if len(lengths) == 1 else pa.table({}), path)
    if dice.random() < 0.4:
        path.write_bytes(bytes_changed(path.read_bytes(), dice))
    read_images(str(path), rng)


def _plain(arrays: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value.astype("U") if value.dtype.kind == "c" else value
        for key, value in arrays.items()
    }


def language_models(place: Path, dice: Random) -> None:
    """Files of weights of the text services."""
    path = place / "own.safetensors"
    content = _WEIGHTS.read_bytes()
    at = int.from_bytes(content[:8], "little") + 8
    if dice.random() < 0.5:
        head = json.loads(content[8:at])
        text = text_of(changed(head, dice)).encode()
        content = len(text).to_bytes(8, "little") + text + content[at:]
    else:
        part = dice.choice((64, at, len(content)))
        content = bytes_changed(content[:part], dice) + content[part:]
    path.write_bytes(content)
    read_runner(path)


@cache
def _png(seed: int) -> bytes:
    import cv2

    done, coded = cv2.imencode(".png", draw(seed, 16.0, 2, 2).image)
    assert done
    return bytes(coded)


@cache
def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(path, "cluster")
    return found
