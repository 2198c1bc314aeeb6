"""What is true of AIGC providers at every instant, whatever is decided."""

from collections.abc import Iterator
from typing import Any

__all__ = ["violations"]

_ROUNDING = 1e-6  # steps: capacities may be no whole numbers


def violations(workload: Any) -> Iterator[str]:
    """What is not as it must be of a ``AIGCWorkload``, a sentence each.

    A provider runs no more steps than it holds, unless a stated event has lowered that; what it
    has left and what it runs are what it holds; the books have as many tasks in service as run;
    nothing runs at a provider that is down.
    """
    running = 0
    lowered = {made.number for made in workload.world.plan if made.change == "capacity"}
    for provider in workload.providers[: workload.world.sites]:
        steps = sum(task.steps for task in provider.running)
        running += len(provider.running)
        if abs(provider.available + steps - provider.capacity) > _ROUNDING:
            yield (
                f"provider {provider.number} runs {steps} steps and has {provider.available:g} left"
                f" of {provider.capacity:g}"
            )
        if steps > provider.capacity + _ROUNDING and provider.number not in lowered:
            yield f"provider {provider.number} runs {steps} steps and holds {provider.capacity:g}"
        if workload.assigned[provider.number] < len(provider.running):
            yield f"provider {provider.number} runs more tasks than are assigned to it"
        if workload.up[provider.number] != provider.up:
            yield f"provider {provider.number} is up = {provider.up}, and is said to be otherwise"
    if running != workload.ledger.in_service:
        yield f"{running} tasks run, and the books have {workload.ledger.in_service} in service"
