"""When two netlists are the same circuit, beside cases worked out elsewhere."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from edgesim.errors import InputError
from edgesim.services.schematics.netlist import read_netlist, same_netlist

SHARED = Path(os.environ.get("EDGESIM_SHARED", Path(__file__).parents[4] / "shared"))
FILES = sorted((SHARED / "oracles" / "services").glob("netlist_compare_*.json"))
CASES = [case for file in FILES for case in json.loads(file.read_text(encoding="utf-8"))]


def part(type_: str, **nets: str) -> dict[str, Any]:
    return {"type": type_, "pins": {pin.removeprefix("p"): net for pin, net in nets.items()}}


@pytest.mark.skipif(not CASES, reason="no oracles beside the repository")
@pytest.mark.parametrize("case", CASES)
def test_pairs_are_told_alike_or_different(case) -> None:
    assert same_netlist(case["a"], case["b"]) is case["same"]
    assert same_netlist(case["b"], case["a"]) is case["same"]


def test_names_and_order_do_not_count() -> None:
    divider = [
        part("V", p1="in", p2="0"),
        part("R", p1="in", p2="out"),
        part("R", p1="out", p2="0"),
    ]
    again = [part("R", p1="c", p2="b"), part("R", p1="a", p2="c"), part("V", p1="a", p2="b")]
    assert same_netlist(divider, again)


def test_a_resistor_may_be_turned_and_a_diode_not() -> None:
    def circuit(type_: str, first: str, second: str) -> list[dict[str, Any]]:
        return [part("V", p1="a", p2="b"), part(type_, p1=first, p2=second)]

    assert same_netlist(circuit("R", "a", "b"), circuit("R", "b", "a"))
    assert not same_netlist(circuit("D", "a", "b"), circuit("D", "b", "a"))


def test_a_short_across_a_part_is_seen() -> None:
    assert not same_netlist([part("R", p1="a", p2="a")], [part("R", p1="a", p2="b")])


def test_one_ring_of_six_is_not_two_of_three() -> None:
    # Weisfeiler and Lehman's hashes of the two are equal.
    one = [part("R", p1=str(i), p2=str((i + 1) % 6)) for i in range(6)]
    two = [part("R", p1=f"{i // 3}{i % 3}", p2=f"{i // 3}{(i + 1) % 3}") for i in range(6)]
    assert not same_netlist(one, two)


def test_no_parts_are_the_same_as_no_parts() -> None:
    assert same_netlist([], []) and not same_netlist([], [part("R", p1="a", p2="b")])


@pytest.mark.parametrize("content", ["R1 a b", {"type": "R"}, [1], [{"type": "R"}], [{"pins": {}}]])
def test_what_is_no_netlist_is_refused(content) -> None:
    with pytest.raises(InputError, match="netlist"):
        read_netlist(content)
