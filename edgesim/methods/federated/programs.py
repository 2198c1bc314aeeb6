"""The shapes that rounds have: a star around the cloud, stars within stars, chains."""

from collections.abc import Hashable, Mapping, Sequence

from edgesim.methods.federated.learning import Learning
from edgesim.twin.federated.program import (
    Branch,
    Chain,
    Decide,
    Par,
    Program,
    Reduce,
    Send,
    Seq,
    Train,
)
from edgesim.twin.federated.world import CLOUD

__all__ = ["chains", "factories", "star", "training"]

_COUNT = 4  # bytes of a class's count


def training(learning: Learning, device: int, batches: int) -> Train:
    """A device trains on so many batches."""
    return Train(learning.world.node(device), batches, learning.batch_flops(batches))


def star(
    learning: Learning,
    devices: Sequence[int],
    batches: int,
    up_bytes: float,
    centre: int = CLOUD,
    labels: Mapping[int, Hashable] | None = None,
    down_bytes: float | None = None,
) -> Par:
    """Devices get the model from a node, train, and send what they have learned, each a branch."""
    node = learning.world.node
    down = learning.model_bytes if down_bytes is None else down_bytes
    return Par(
        [
            Branch(
                device if labels is None else labels[device],
                Seq(
                    [
                        Send(centre, node(device), down),
                        training(learning, device, batches),
                        Send(node(device), centre, up_bytes),
                    ]
                ),
            )
            for device in devices
        ]
    )


def mean_at(learning: Learning, node: int, models: int) -> Reduce:
    """A node averages so many models."""
    return Reduce(node, float(models * learning.model.params * 2))


def counted(learning: Learning, factory: int, members: Sequence[int], seconds: float) -> Program:
    """Devices of a factory tell the label counts of their next batches; its server selects."""
    world, size = learning.world, _COUNT * learning.shares.images.classes
    edge = world.edge(factory)
    told = Par([Branch(("counts", it), Send(world.node(it), edge, size)) for it in members])
    return Seq([told, Decide(edge, seconds)])


def factories(learning: Learning, inner: Mapping[int, Sequence[Program]]) -> Program:
    """Each factory gets the model, does its own steps, and sends its model; the cloud averages.

    Args:
        learning: whose model it is.
        inner: steps of each factory, one after the other.
    """
    world, size = learning.world, learning.model_bytes
    parts = [
        Branch(
            ("factory", factory),
            Seq(
                [
                    Send(CLOUD, world.edge(factory), size),
                    *steps,
                    Send(world.edge(factory), CLOUD, size),
                ]
            ),
        )
        for factory, steps in inner.items()
    ]
    return Seq([Par(parts), mean_at(learning, CLOUD, len(parts))])


def chains(
    learning: Learning, groups: Sequence[Sequence[int]], batches: int, size_bytes: float
) -> Program:
    """In each group the model goes from device to device; the cloud merges what comes back."""
    parts = [
        Chain(number, CLOUD, [training(learning, device, batches) for device in group], size_bytes)
        for number, group in enumerate(groups)
    ]
    return Seq([Par(parts), mean_at(learning, CLOUD, len(parts))])
