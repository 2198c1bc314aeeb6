"""What a plan makes of the devices of a cluster, and how fast tokens are then."""

from collections.abc import Sequence

from simpy import Environment

from edgesim.scenarios.ring.cluster import Cluster
from edgesim.scenarios.ring.model import RingModel
from edgesim.twin.ring.coefficients import head_output_s, layered
from edgesim.twin.ring.live import LiveRing, Span
from edgesim.twin.ring.plan import RingPlan
from edgesim.twin.ring.tokens import RingTimes, Station, simulate

__all__ = ["decode", "one_token", "stations"]


def stations(
    model: RingModel, cluster: Cluster, plan: RingPlan, cache_bytes: Sequence[float] | None = None
) -> list[Station]:
    """The devices with layers as the simulation takes them, in ring order.

    Args:
        model: the model.
        cluster: the devices and links.
        plan: who has how many layers.
        cache_bytes: memory of each device for its page cache now; what its profile says by
            default.
    """
    hop_s = 8.0 * model.activation_bytes / cluster.link_bps
    found = []
    for index in plan.used:
        device, on_gpu = cluster.devices[index], plan.on_gpu[index]
        alpha_s, beta_s, xi_s = layered(model, device)
        room = device.budget_bytes if cache_bytes is None else cache_bytes[index]
        room -= device.cpu_buffer_bytes
        if device.gpu == "metal" and cluster.gpu_shares_cache and on_gpu:
            room -= device.gpu_buffer_bytes + plan.rounds * on_gpu * model.loaded_bytes
        found.append(
            Station(
                plan.windows[index],
                on_gpu,
                max(0.0, room),
                device.disk_bytes_per_s,
                alpha_s,
                alpha_s + beta_s,
                xi_s + hop_s,
            )
        )
    return found


def decode(
    model: RingModel,
    cluster: Cluster,
    plan: RingPlan,
    *,
    cache_bytes: Sequence[float] | None = None,
    tokens: int = 7,
    measured: int = 3,
) -> RingTimes:
    """Times of tokens under a plan, by :func:`edgesim.twin.ring.tokens.simulate`.

    Raises:
        InputError: the plan does not place every layer of the model once.
    """
    plan.check(model, cluster.devices)
    return simulate(
        stations(model, cluster, plan, cache_bytes),
        rounds=plan.rounds,
        layer_bytes=model.loaded_bytes,
        output_bytes=model.output_bytes,
        output_s=head_output_s(model, cluster.devices[0]),
        prefetch=cluster.prefetch_bytes,
        tokens=tokens,
        measured=measured,
    )


def one_token(
    model: RingModel, cluster: Cluster, plan: RingPlan, before: int = 6
) -> tuple[list[Span], float, float]:
    """What the devices with layers do around one token, and when it begins and ends (s).

    Args:
        model: the model.
        cluster: the devices and links.
        plan: who has how many layers.
        before: tokens decoded before it, with page caches that are empty at first.
    """
    clock = Environment()
    ring = LiveRing(
        clock,
        stations(model, cluster, plan),
        rounds=plan.rounds,
        layer_bytes=model.loaded_bytes,
        output_bytes=model.output_bytes,
        output_s=head_output_s(model, cluster.devices[0]),
        prefetch=cluster.prefetch_bytes,
    )
    for _ in range(before):
        clock.run(clock.process(ring.token()))
    start_s = clock.now
    clock.run(clock.process(ring.token()))
    return ring.spans, start_s, clock.now
