"""What measuring costs the control channel: piggybacked on discovery, or with probes of its own."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.sfc.twins import episodes_of
from edgesim.reproduction.tables import write_table
from edgesim.scenarios import resolve
from edgesim.twin.sdn.southbound import KINDS, PACKET_IN, PACKET_OUT, frame_bytes

__all__ = ["MODES", "PERIODS_S", "TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()
PERIODS_S = (0.9, 2.0, 5.0, 15.0, 60.0)
MODES = ("piggyback", "separate")
POLICY = "shortest_delay"

_MEASURING = ("packet_in", "packet_out", "port_stats_reply", "port_stats_request")
_ECHOES = ("echo_reply", "echo_request")


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``southbound.csv``: messages and bytes a second by mode, period and purpose.

    ``discovery`` is what discovery alone would send: the same frames, without figures in them.
    """
    rows: list[dict[str, Any]] = []
    for period_s in PERIODS_S:
        told = {mode: _tallied(results, mode, period_s) for mode in MODES}
        for mode, tally in told.items():
            for purpose, kinds in _purposes().items():
                rows.append(
                    {
                        "mode": mode,
                        "period_s": period_s,
                        "purpose": purpose,
                        "messages_per_s": sum(tally["messages"][k] for k in kinds) / tally["s"],
                        "bytes_per_s": sum(tally["bytes"][k] for k in kinds) / tally["s"],
                    }
                )
        bare = _bare(told["piggyback"]["ports"], period_s)
        rows.append({"mode": "discovery", "period_s": period_s, **bare})
    write_table(folder, "southbound", rows)
    return _findings(
        {(row["mode"], row["period_s"]): row for row in rows if row["purpose"] == "measuring"}
    )


def _purposes() -> dict[str, tuple[str, ...]]:
    rules = tuple(kind for kind in KINDS if kind not in (*_MEASURING, *_ECHOES))
    return {"measuring": _MEASURING, "echoes": _ECHOES, "rules": rules}


def _bare(ports: int, period_s: float) -> dict[str, Any]:
    """Discovery without measurements: each port's frame to the switch and back, once a period."""
    sizes = (PACKET_OUT + frame_bytes(0), PACKET_IN + frame_bytes(0))
    return {
        "purpose": "measuring",
        "messages_per_s": ports * len(sizes) / period_s,
        "bytes_per_s": ports * sum(sizes) / period_s,
    }


def _tallied(results: ResultStore, mode: str, period_s: float) -> dict[str, Any]:
    changes = {"network.collector.mode": mode, "network.collector.period_s": period_s}
    scenario = resolve("sfc", changes)
    key = {"scenario": asdict(scenario), "policy": POLICY, "seed": results.seed}

    def make() -> dict[str, Any]:
        (twin,) = episodes_of(scenario, POLICY, 1, results.seed)
        fabric: Any = twin.fabric
        return {
            "s": twin.clock.now,
            "ports": len(fabric.links.up),
            "messages": dict(fabric.tally.messages),
            "bytes": dict(fabric.tally.message_bytes),
        }

    told: dict[str, Any] = results.kept(
        f"sfc: southbound messages, {mode} {period_s:g} s", key, make
    )
    return told


def _findings(rows: dict[tuple[str, float], dict[str, Any]]) -> list[Finding]:
    found = []
    for period_s in (PERIODS_S[0], 5.0):
        own, probes, bare = (rows[mode, period_s] for mode in (*MODES, "discovery"))
        added = own["messages_per_s"] - bare["messages_per_s"]
        found += [
            Finding(
                f"messages a second that piggybacking adds to discovery, period {period_s:g} s",
                f"{added:+.1f} to {bare['messages_per_s']:.1f}",
                "0",
                "design of LLDP piggybacking",
                abs(added) < 0.02 * bare["messages_per_s"],
                "frames that are lost or under way at the end count as less; separate probing adds "
                f"{probes['messages_per_s'] - bare['messages_per_s']:.1f}",
            ),
            Finding(
                f"kB a second on the southbound interface for measuring, period {period_s:g} s",
                f"piggyback {own['bytes_per_s'] / 1000:.2f}, "
                f"separate {probes['bytes_per_s'] / 1000:.2f}, "
                f"discovery alone {bare['bytes_per_s'] / 1000:.2f}",
            ),
        ]
    return found
