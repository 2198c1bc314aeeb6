"""The plan that the owner of some devices should use, beside what other planners would do."""

from typing import NamedTuple

from edgesim.errors import InputError
from edgesim.scenarios.ring.cluster import Cluster
from edgesim.scenarios.ring.model import RingModel
from edgesim.twin.ring.coefficients import Room, vram_layers
from edgesim.twin.ring.decoding import decode
from edgesim.twin.ring.placements import Placed, dllama, exo, llama_cpp, memory_proportional
from edgesim.twin.ring.plan import RingPlan
from edgesim.twin.ring.planning.cycle import cycle_devices, cycle_plan
from edgesim.twin.ring.planning.halda import STARTS, halda
from edgesim.twin.ring.planning.optimum import optimum
from edgesim.twin.ring.planning.search import search, with_gpus_full
from edgesim.twin.ring.tokens import RingTimes

__all__ = ["Alternative", "Planned", "check_fits", "planned"]


class Alternative(NamedTuple):
    """What a planner would do.

    Attributes:
        name: of the planner.
        token_s: time of a token in the simulation, s; inf where there is no plan.
        plan: its plan; None where it has none, or no layers of its own on each device.
        note: why there is no plan, or what else should be known.
    """

    name: str
    token_s: float
    plan: RingPlan | None
    note: str = ""


class Planned(NamedTuple):
    """The plan to use.

    Attributes:
        plan: the plan.
        times: what the simulation says of it.
        alone: the device on which llama.cpp by itself is faster than any ring; "" if none is.
        alternatives: what others would do, the plan's own planner first.
        tried: how many plans were simulated.
    """

    plan: RingPlan
    times: RingTimes
    alone: str
    alternatives: tuple[Alternative, ...]
    tried: int


def check_fits(model: RingModel, cluster: Cluster) -> None:
    """The model can run on these devices in some way.

    Raises:
        InputError: no device can hold the head's part, or what has to be in memory is more than
            there is; it is said how much is missing.
    """
    devices = cluster.devices
    head_room = [Room.of(model, device, 0).ram_bytes for device in devices]
    if head_room[0] < 0:
        able = [d.name for d, room in zip(devices, head_room, strict=True) if room >= 0]
        missing = f"lacks {-head_room[0] / 1e9:.2f} GB for the output layer and its buffers"
        if able:
            accepted = f"{missing}; put first: {', '.join(able)}"
        else:
            accepted = f"{missing}, and so does every device"
        raise InputError("cluster.devices[0]", devices[0].name, accepted)
    held = 0.0
    for index, device in enumerate(devices):
        room = Room.of(model, device, index)
        vram = vram_layers(model, device, index) * model.loaded_bytes if device.has_gpu else 0.0
        if device.gpu == "metal":
            vram = 0.0  # it is part of the shared memory, which room.ram_bytes is
        held += max(0.0, room.ram_bytes) + vram
    whole_kv = model.layers * model.kv_bytes
    if whole_kv > held:
        accepted = (
            f"needs {whole_kv / 1e9:.1f} GB of keys and values in memory:"
            f" {(whole_kv - held) / 1e9:.1f} GB are missing"
        )
        raise InputError("context_tokens", model.context_tokens, accepted)
    if optimum(model, devices) is None:
        needed = model.layers * model.loaded_bytes
        accepted = (
            f"does not fit: {(needed - held) / 1e9:.1f} GB of memory are missing, and no disk is"
            " fast enough (0.1 GB/s) to read layers while tokens are computed"
        )
        raise InputError("model", model.name, accepted)


def planned(model: RingModel, cluster: Cluster) -> Planned:
    """Plan in every way that is known, and take what the simulation of the ring finds best.

    Raises:
        InputError: the model cannot run on these devices.
    """
    check_fits(model, cluster)
    others = list(_planners(model, cluster))
    starts = [other.plan for other in others if other.plan is not None]
    found = search(model, cluster, starts=starts)
    best_plan, best_s = found.plan, found.token_s
    for other in others:  # a plan whose GPUs are not full is none of the search's
        if other.plan is not None and other.token_s < best_s * (1 - 1e-9):
            best_plan, best_s = other.plan, other.token_s
    single, device = llama_cpp(model, cluster)
    alternatives = [
        Alternative("search on the ring", found.token_s, found.plan),
        *others,
        Alternative("llama.cpp", single.token_s, None, f"on {device} alone"),
        _placed("exo", exo(model, cluster)),
        _placed("dllama", dllama(model, cluster)),
    ]
    alone = device if single.token_s < best_s else ""
    times = decode(model, cluster, best_plan)
    return Planned(best_plan, times, alone, tuple(alternatives), found.tried)


def _planners(model: RingModel, cluster: Cluster) -> list[Alternative]:
    devices = cluster.devices
    found = []
    for start in STARTS:
        published = halda(model, devices, start=start)
        found.append(_simulated(f"Halda, its {start}", model, cluster, published.plan))
    stated = optimum(model, devices)
    found.append(
        _simulated("stated optimum", model, cluster, None if stated is None else stated.plan)
    )
    terms, kappa_s = cycle_devices(model, devices, cluster.link_bps)
    cycle = cycle_plan(terms, model.layers, kappa_s)
    found.append(_simulated("cycle time", model, cluster, None if cycle is None else cycle.plan))
    placed = memory_proportional(model, cluster)
    found.append(Alternative("by memory", placed.token_s, placed.plan))
    return found


def _simulated(name: str, model: RingModel, cluster: Cluster, plan: RingPlan | None) -> Alternative:
    if plan is None:
        return Alternative(name, float("inf"), None, "finds no plan")
    # The objective of cycles lets layers overflow a GPU's memory: they are then mapped
    fits = with_gpus_full(model, cluster.devices, plan.windows, plan.rounds)
    kept = tuple(min(n, most) for n, most in zip(plan.on_gpu, fits.on_gpu, strict=True))
    plan = RingPlan(plan.windows, kept, plan.rounds)
    return Alternative(name, decode(model, cluster, plan).token_s, plan)


def _placed(name: str, placed: Placed) -> Alternative:
    note = f"out of memory: {placed.missing}" if placed.missing else ""
    return Alternative(name, placed.token_s, None if placed.missing else placed.plan, note)
