"""``edgesim plan``: how the owner of some devices should run a language model on them."""

import json
from pathlib import Path
from typing import Any

from edgesim.config.ring import PlanConfig
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.scenarios.ring.cluster import Cluster
from edgesim.scenarios.ring.model import RingModel
from edgesim.scenarios.ring.reading import read_cluster, read_model
from edgesim.tables import console, show_table
from edgesim.twin.ring.coefficients import Room
from edgesim.twin.ring.decoding import decode, one_token
from edgesim.twin.ring.plan import RingPlan
from edgesim.twin.ring.planning.planner import Alternative, Planned, check_fits, planned
from edgesim.twin.ring.planning.search import with_gpus_full
from edgesim.twin.ring.tokens import RingTimes

__all__ = ["plan"]


def plan(config: PlanConfig) -> Path:
    """Plan, print what the plan costs and gains, and write ``plan.json`` and ``plan.png``.

    Returns:
        the folder.

    Raises:
        InputError: a file cannot be used, or the model cannot run on the devices.
    """
    model = read_model(config.model, config.context_tokens)
    cluster = read_cluster(config.cluster, model.quantisation)
    given = _given(config, model, cluster)
    check_fits(model, cluster)
    folder = _folder(config, cluster, model)
    found = planned(model, cluster)
    chosen = found.plan if given is None else given
    times = found.times if given is None else decode(model, cluster, given)
    _show(model, cluster, chosen, times, found, own=given is not None)
    _write(folder, model, cluster, chosen, times, found)
    _draw(folder, model, cluster, chosen, times)
    print(f"wrote {folder / 'plan.json'} and plan.png")
    return folder


def _given(config: PlanConfig, model: RingModel, cluster: Cluster) -> RingPlan | None:
    """The plan that the user wants to look at; None: the best is wanted."""
    if config.windows is None:
        return None
    if len(config.windows) != len(cluster.devices):
        accepted = f"must have a number for each of the {len(cluster.devices)} devices"
        raise InputError("windows", config.windows, accepted)
    full = with_gpus_full(model, cluster.devices, config.windows, config.rounds)
    on_gpu = full.on_gpu if config.on_gpu is None else tuple(config.on_gpu)
    given = RingPlan(tuple(config.windows), on_gpu, config.rounds)
    given.check(model, cluster.devices)
    for device, n, most in zip(cluster.devices, on_gpu, full.on_gpu, strict=True):
        if n > most:
            accepted = f"must be at most {most}: more layers do not fit on the GPU of {device.name}"
            raise InputError("on_gpu", n, accepted)
    return given


def _folder(config: PlanConfig, cluster: Cluster, model: RingModel) -> Path:
    folder = Path(config.out or f"plans/{cluster.name}-{model.name}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("out", str(folder), f"must be a folder: {error.strerror}") from None
    return folder


def _show(
    model: RingModel,
    cluster: Cluster,
    chosen: RingPlan,
    times: RingTimes,
    found: Planned,
    *,
    own: bool,
) -> None:
    to = console()
    size_gb = (model.layers * model.layer_bytes + model.output_bytes) / 1e9
    rounds = f"{chosen.rounds} round{'s' if chosen.rounds > 1 else ''} a token"
    to.print(
        f"{model.name}: {model.layers} layers, {size_gb:.1f} GB, {model.context_tokens} tokens of"
        f" context, on {cluster.name}"
    )
    whose = "your plan" if own else "best plan"
    to.print(f"{whose}: {_ms(times.token_s)} ms a token, {rounds}", style="bold")
    if found.alone and not own:
        to.print(f"llama.cpp on {found.alone} alone is faster still (below): use no ring")
    show_table(
        to,
        (
            "device",
            "layers",
            "on GPU",
            "memory GB",
            "of GB",
            "compute ms",
            "stall ms",
            "air ms",
            "read MB",
        ),
        _device_rows(model, cluster, chosen, times),
        words=("device",),
        spare=("read MB", "of GB"),
    )
    show_table(
        to,
        ("planner", "ms a token", "times best", "layers", "on GPU", "rounds"),
        [_other_row(other, found) for other in found.alternatives],
        words=("planner", "layers", "on GPU"),
        spare=("on GPU", "rounds"),
        bold=[0],
    )
    for other in found.alternatives:
        if other.note:
            to.print(f"{other.name}: {other.note}")


def _device_rows(
    model: RingModel, cluster: Cluster, chosen: RingPlan, times: RingTimes
) -> list[tuple[str, ...]]:
    rows = []
    ring = len(chosen.used) > 1
    for index, device in enumerate(cluster.devices):
        if index not in chosen.used:
            rows.append((device.name, "none", *[""] * 7))
            continue
        place = chosen.used.index(index)
        mapped = chosen.layers(index) - chosen.rounds * chosen.on_gpu[index]
        needed = mapped * model.loaded_bytes + (model.output_bytes if index == 0 else 0.0)
        room = Room.of(model, device, index).ram_bytes
        room += model.output_bytes if index == 0 else 0.0
        rows.append(
            (
                device.name,
                str(chosen.layers(index)),
                str(chosen.rounds * chosen.on_gpu[index]),
                f"{needed / 1e9:.1f}",
                f"{max(0.0, room) / 1e9:.1f}",
                _ms(times.compute_s[place]),
                _ms(times.stall_s[place]),
                _ms(times.air_s[place]) if ring else "0",
                f"{times.read_bytes[place] / 1e6:.0f}",
            )
        )
    return rows


def _other_row(other: Alternative, found: Planned) -> tuple[str, ...]:
    best_s = found.times.token_s
    if other.token_s == float("inf"):
        return (other.name, "none", "", "", "", "")
    layers = on_gpu = rounds = ""
    if other.plan is not None:
        layers = " ".join(map(str, other.plan.windows))
        on_gpu = " ".join(map(str, other.plan.on_gpu))
        rounds = str(other.plan.rounds)
    return (
        other.name,
        _ms(other.token_s),
        f"{other.token_s / best_s:.2f}",
        layers,
        on_gpu,
        rounds,
    )


def _ms(time_s: float) -> str:
    ms = 1e3 * time_s
    return f"{ms:.0f}" if ms >= 100 else f"{ms:.1f}"


def _write(
    folder: Path,
    model: RingModel,
    cluster: Cluster,
    chosen: RingPlan,
    times: RingTimes,
    found: Planned,
) -> None:
    places = {index: place for place, index in enumerate(chosen.used)}
    content: dict[str, Any] = {
        "model": model.name,
        "cluster": cluster.name,
        "rounds": chosen.rounds,
        "token_s": times.token_s,
        "alone": found.alone or None,
        "devices": [
            {
                "name": device.name,
                "layers": chosen.windows[index],
                "on_gpu": chosen.on_gpu[index],
                **(
                    {
                        "compute_s": float(times.compute_s[places[index]]),
                        "stall_s": float(times.stall_s[places[index]]),
                        "air_s": float(times.air_s[places[index]]),
                        "read_bytes": float(times.read_bytes[places[index]]),
                    }
                    if index in places
                    else {}
                ),
            }
            for index, device in enumerate(cluster.devices)
        ],
        "planners": [
            {
                "name": other.name,
                "token_s": other.token_s if other.token_s < float("inf") else None,
                "layers": None if other.plan is None else list(other.plan.windows),
                "on_gpu": None if other.plan is None else list(other.plan.on_gpu),
                "rounds": None if other.plan is None else other.plan.rounds,
                "note": other.note or None,
            }
            for other in found.alternatives
        ],
    }
    with replacing(folder / "plan.json") as part:
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _draw(
    folder: Path, model: RingModel, cluster: Cluster, chosen: RingPlan, times: RingTimes
) -> None:
    from edgesim.plots.ring.token import draw

    spans, start_s, end_s = one_token(model, cluster, chosen)
    names = [
        f"{cluster.devices[index].name}\n{chosen.layers(index)} layers" for index in chosen.used
    ]
    title = f"{model.name} on {cluster.name}: {_ms(times.token_s)} ms a token"
    draw(folder / "plan.png", names, spans, start_s, end_s, title)
