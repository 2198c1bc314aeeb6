"""Where torch computes: a device that is asked for is there, or nothing begins."""

from edgesim.errors import InputError

__all__ = ["check_device"]


def check_device(device: str) -> None:
    """See that torch finds a device; ``cpu`` and ``auto`` always do, and torch is not imported.

    Args:
        device: ``cpu``, ``cuda``, ``cuda:<n>`` or ``auto``.

    Raises:
        InputError: it is not there.
    """
    if device in ("cpu", "auto"):
        return
    import torch

    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if (torch.device(device).index or 0) >= there:
        found = ", ".join(["cpu", *(f"cuda:{k}" for k in range(there))])
        raise InputError("device", device, f"torch finds no such device here; it finds: {found}")
