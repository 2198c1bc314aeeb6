"""Bytes of a round, by formula: what a method sends over the factories' networks and over the WAN.

The laws of the tests hold these beside the bytes that the links of the twin carried.
"""

from typing import NamedTuple

from edgesim.methods.federated.grouping.schedules import big_round, groups_of

__all__ = ["LaspRow", "fedavg_bytes", "fedgs_bytes", "lasp_rows"]

_FLOAT = 4  # bytes of a parameter in 32 bits


class LaspRow(NamedTuple):
    """A round of HFedMS: what is synchronised, and the bytes of two ways to count them."""

    round: int
    sync: str
    groups: int
    sampled_groups: int
    devices: int
    server_bytes_chain_passes_on: int
    bytes_every_device_reads_and_writes: int


def lasp_rows(
    K: int,
    beta: int,
    alpha: float,
    kappa: float,
    frequency: int,
    rounds: int,
    params: int,
    head_params: int,
    bytes_per_param: int = _FLOAT,
) -> list[LaspRow]:
    """Rounds of layer-wise alternate synchronisation (HFedMS, arXiv 2211.03300), linear schedule.

    Of ``frequency`` rounds the first moves the whole model, the others the head alone. The server
    sees two transfers a group where the chain passes the model on, two a device where every device
    reads and writes at the server.
    """
    rows = []
    for round_ in range(1, rounds + 1):
        full = (round_ - 1) % frequency == 0
        groups = groups_of("linear", big_round(round_, frequency), alpha, beta, K)
        sampled = int(kappa * groups)
        devices = sampled * (K // groups)
        size = (params if full else head_params) * bytes_per_param
        rows.append(
            LaspRow(
                round_,
                "full" if full else "head",
                groups,
                sampled,
                devices,
                2 * sampled * size,
                2 * devices * size,
            )
        )
    return rows


def fedgs_bytes(
    factories: int, steps: int, devices: int, params: int, classes: int, candidates: int
) -> tuple[int, int]:
    """Edge and WAN bytes of a round of FedGS: ``M T (2 L W 4 + 4 F K_m)`` and ``2 M W 4``.

    Args:
        factories: M.
        steps: T, internal steps of a round.
        devices: L, devices of an internal step in each factory.
        params: W, parameters of the model.
        classes: F, of which every candidate tells a count of 4 bytes.
        candidates: K_m, devices of a factory.
    """
    model = params * _FLOAT
    edge = factories * steps * (2 * devices * model + _FLOAT * classes * candidates)
    return edge, 2 * factories * model


def fedavg_bytes(factories: int, devices: int, params: int) -> tuple[int, int]:
    """Edge and WAN bytes of a round of FedAvg with L devices in each of M factories."""
    both = 2 * factories * devices * params * _FLOAT
    return both, both
