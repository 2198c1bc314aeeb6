"""A real all-reduce: torch's gloo between processes whose links are held to stated rates.

Each process has an address of its own in a network namespace of its own making (Linux, ``unshare``,
``ip`` and ``tc``, no rights needed); what it sends is held to its rate. Nothing outside is touched.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from shutil import which

from edgesim.errors import InputError
from edgesim.scenarios.checks import integer_from, positive

__all__ = ["available", "measure_s"]

_TOOLS = ("unshare", "ip", "tc")
_PATIENCE_S = 300.0


_BRIDGE = (
    "set -e",
    "mount -t tmpfs none /run",  # where ip keeps the names of namespaces
    "ip link add hub type bridge",
    "ip link set hub up",
)


def available() -> bool:
    """Whether namespaces with rates can be made here."""
    if any(which(tool) is None for tool in _TOOLS):
        return False
    return _run([*_BRIDGE, *_node(0, 100.0)]).returncode == 0


def _node(rank: int, rate_mbps: float) -> list[str]:
    """A namespace with a link to the hub, whose rate out is held."""
    inside = f"ip netns exec n{rank}"
    return [
        f"ip netns add n{rank}",
        f"ip link add v{rank} type veth peer name h{rank}",
        f"ip link set v{rank} netns n{rank}",
        f"ip link set h{rank} master hub",
        f"ip link set h{rank} up",
        f"{inside} ip link set lo up",
        f"{inside} ip addr add 10.9.0.{rank + 1}/24 dev v{rank}",
        f"{inside} ip link set v{rank} up",
        f"{inside} tc qdisc add dev v{rank} root tbf rate {rate_mbps:g}mbit burst 128kb"
        " latency 200ms",
    ]


def _run(lines: Sequence[str]) -> "subprocess.CompletedProcess[bytes]":
    """Run shell lines as the root of a user namespace of their own."""
    return subprocess.run(
        ["unshare", "-rnm", "sh", "-c", "\n".join(lines)],
        capture_output=True,
        check=False,
        timeout=_PATIENCE_S,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def measure_s(rates_mbps: Sequence[float], size_bytes: int, repeats: int = 3) -> list[float]:
    """Times of all-reduces, s, after one that is not counted.

    Args:
        rates_mbps: of each process out, Mbit/s; two or more.
        size_bytes: of what is reduced.
        repeats: how many.

    Raises:
        InputError: a figure is out of its range, or namespaces cannot be made here.
        RuntimeError: the processes did not come to an end.
    """
    if len(rates_mbps) < 2:
        raise InputError("rates_mbps", list(rates_mbps), "must be of two processes or more")
    for place, rate in enumerate(rates_mbps):
        positive(f"rates_mbps[{place}]", rate)
    integer_from("size_bytes", size_bytes, 4, 10**9)
    integer_from("repeats", repeats, 1, 1000)
    if not available():
        raise InputError("namespaces", "none", "Linux with unshare, ip and tc is needed")
    with tempfile.TemporaryDirectory() as folder:
        lines = list(_BRIDGE)
        count = len(rates_mbps)
        for rank, rate in enumerate(rates_mbps):
            lines += _node(rank, rate)
        for rank in range(count):
            arguments = f"{rank} {count} {folder}/meet {size_bytes} {repeats} {folder}/times"
            lines.append(
                f"ip netns exec n{rank} env GLOO_SOCKET_IFNAME=v{rank}"
                f" {sys.executable} -m edgesim.services.allreduce {arguments} &"
            )
        lines.append("wait")
        done = _run(lines)
        times = Path(folder) / "times"
        if not times.is_file():
            told = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise RuntimeError(f"the processes did not come to an end: {' '.join(told)}")
        found: list[float] = json.loads(times.read_text(encoding="utf-8"))
        return found


def _work(rank: int, count: int, meet: str, size_bytes: int, repeats: int, times: str) -> None:
    """One process: reduce again and again; the first one writes how long that took."""
    from time import perf_counter

    import torch
    from torch import distributed

    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{meet}", rank=rank, world_size=count
    )
    values = torch.ones(size_bytes // 4)
    took = []
    for _ in range(repeats + 1):
        distributed.barrier()
        began = perf_counter()
        distributed.all_reduce(values)
        took.append(perf_counter() - began)
    if rank == 0:
        Path(times).write_text(json.dumps(took[1:]), encoding="utf-8")
    distributed.destroy_process_group()


if __name__ == "__main__":
    _rank, _count, _meet, _size, _repeats, _times = sys.argv[1:]
    _work(int(_rank), int(_count), _meet, int(_size), int(_repeats), _times)
