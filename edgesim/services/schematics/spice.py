"""Netlists as SPICE text."""

from collections.abc import Mapping, Sequence
from typing import Any

from edgesim.services.schematics.netlist import Part, read_netlist

__all__ = ["to_spice"]

_CARDS = {  # letter, pins in SPICE's order, what follows the nets
    "R": ("R", ("1", "2"), "1k"),
    "Res": ("R", ("1", "2"), "1k"),
    "C": ("C", ("1", "2"), "1u"),
    "Cap": ("C", ("1", "2"), "1u"),
    "L": ("L", ("1", "2"), "1m"),
    "D": ("D", ("1", "2"), "DMODEL"),
    "V": ("V", ("2", "1"), "DC 1"),
    # A source drives its current from its first to its second node; the arrow points to pin 2.
    "I": ("I", ("1", "2"), "DC 1m"),
    "Voltage": ("V", ("Positive", "Negative"), "DC 1"),
    "Current": ("I", ("In", "Out"), "DC 1m"),
    "NMOS": ("M", ("Drain", "Gate", "Source", "Source"), "NMODEL"),
    "PMOS": ("M", ("Drain", "Gate", "Source", "Source"), "PMODEL"),
    "NPN": ("Q", ("Collector", "Base", "Emitter"), "QNMODEL"),
    "PNP": ("Q", ("Collector", "Base", "Emitter"), "QPMODEL"),
}
"""Values are placeholders: a schematic without values has none. The bulk of a transistor is its
source."""

_MODELS = {
    "DMODEL": ".model DMODEL D",
    "NMODEL": ".model NMODEL NMOS",
    "PMODEL": ".model PMODEL PMOS",
    "QNMODEL": ".model QNMODEL NPN",
    "QPMODEL": ".model QPMODEL PNP",
}


def to_spice(netlist: Sequence[Mapping[str, Any] | Part], title: str = "read by edgesim") -> str:
    """A netlist as SPICE (Berkeley SPICE 3, ngspice) reads it.

    Parts that SPICE has no card for are comments. Where nothing hangs on ground, a resistor of
    1 Gohm ties the first net to it, since SPICE needs a node 0.

    Raises:
        InputError: it is no netlist.
    """
    lines, models, counts = [f"* {title}"], [], {}  # type: ignore[var-annotated]
    nets: dict[str, None] = {}
    for part in read_netlist(netlist):
        letter, pins, value = _CARDS.get(part.type, ("", (), ""))
        if not letter or any(pin not in part.pins for pin in pins):
            told = " ".join(f"{pin}={net}" for pin, net in part.pins.items())
            lines.append(f"* {part.type} {told}")
            continue
        counts[letter] = counts.get(letter, 0) + 1
        of = [_node(part.pins[pin]) for pin in pins]
        nets.update(dict.fromkeys(of))
        lines.append(" ".join([f"{letter}{counts[letter]}", *of, value]))
        if value in _MODELS and _MODELS[value] not in models:
            models.append(_MODELS[value])
    if nets and "0" not in nets:
        lines.append(f"RGROUND {next(iter(nets))} 0 1G")
    return "\n".join([*lines, *models, ".end"]) + "\n"


def _node(net: str) -> str:
    """A net's name as a node: SPICE's names have no spaces, and commas separate."""
    if net.lower() in ("0", "gnd", "ground"):
        return "0"
    return "".join(it if it.isalnum() or it == "_" else "_" for it in net)
