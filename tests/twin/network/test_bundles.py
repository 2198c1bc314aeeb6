"""Links between the same two nodes as one: what each direction holds, worked by hand."""

from typing import Any

import pytest

from edgesim.errors import InputError
from edgesim.twin.network.bundles import bundled
from edgesim.twin.network.plan import Plan, PlannedLink


def plan(*links: PlannedLink) -> Plan:
    return Plan(names=["a", "b", "c"], positions=[None] * 3, links=list(links))


def figures(*links: PlannedLink) -> dict[str, Any]:
    made = plan(*links)
    (bundle,) = bundled(made, [])
    return bundle.figures(made, "map")


def test_parallel_links_add_up_and_the_quickest_leads() -> None:
    assert figures(
        PlannedLink(0, 1, capacity_bps=10.0, reserved_bps=1.0, delay_s=0.2),
        PlannedLink(1, 0, capacity_bps=20.0, reserved_bps=2.0, delay_s=0.1),
    ) == {"capacity_bps": 30.0, "reserved_bps": 3.0, "propagation_s": 0.1}


def test_directions_that_differ_are_turned_to_the_bundle_before_they_are_added() -> None:
    assert figures(
        PlannedLink(
            0, 1, capacity_bps=10.0, capacity_back_bps=1.0, reserved_bps=4.0, reserved_back_bps=0.5
        ),
        PlannedLink(
            1, 0, capacity_bps=20.0, capacity_back_bps=2.0, reserved_bps=6.0, reserved_back_bps=0.25
        ),
    ) == {
        "capacity_bps": 12.0,
        "capacity_back_bps": 21.0,
        "reserved_bps": 4.25,
        "reserved_back_bps": 6.5,
    }


def test_one_direction_stands_for_the_other_where_it_is_alone() -> None:
    forth = PlannedLink(0, 1, capacity_bps=10.0, reserved_bps=1.0, one_way=True)
    back = PlannedLink(1, 0, capacity_bps=5.0, reserved_bps=2.0, one_way=True)
    assert figures(forth) == {"capacity_bps": 10.0, "reserved_bps": 1.0}
    assert figures(forth, back) == {
        "capacity_bps": 10.0,
        "capacity_back_bps": 5.0,
        "reserved_bps": 1.0,
        "reserved_back_bps": 2.0,
    }


def test_what_becomes_of_links_is_noted() -> None:
    notes: list[str] = []
    found = bundled(
        plan(
            PlannedLink(2, 2),
            PlannedLink(0, 1),
            PlannedLink(1, 0),
            PlannedLink(1, 2, one_way=True),
        ),
        notes,
    )
    assert [(bundle.low, bundle.high, len(bundle.links)) for bundle in found] == [
        (0, 1, 2),
        (1, 2, 1),
    ]
    assert [note.split(":")[0][:20] for note in notes] == [
        "links from a node to",
        "parallel links betwe",
        "links stated in one ",
    ]


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (PlannedLink(0, 1, capacity_bps=0.0), "capacity_bps of link 'a' – 'b' = 0.0.*above 0"),
        (PlannedLink(0, 1, reserved_bps=-1.0), "reserved_bps of link .* = -1.0.*at least 0"),
        (PlannedLink(0, 1, delay_s="soon"), "delay of link .*soon.*finite time"),
    ],
)
def test_figures_that_are_none_are_refused(link: PlannedLink, said: str) -> None:
    with pytest.raises(InputError, match=said):
        figures(link)


@pytest.mark.parametrize(
    ("links", "parallel"),
    [
        ([PlannedLink(0, 1)], False),
        ([PlannedLink(0, 1), PlannedLink(1, 0)], True),
        ([PlannedLink(0, 1, one_way=True), PlannedLink(1, 0, one_way=True)], False),
        ([PlannedLink(0, 1, one_way=True), PlannedLink(0, 1, one_way=True)], True),
        ([PlannedLink(1, 0, one_way=True), PlannedLink(1, 0, one_way=True)], True),
        ([PlannedLink(1, 0), PlannedLink(0, 1, one_way=True)], True),
        ([PlannedLink(0, 1), PlannedLink(1, 0, one_way=True)], True),
    ],
)
def test_links_are_parallel_where_a_direction_has_several(
    links: list[PlannedLink], parallel: bool
) -> None:
    (bundle,) = bundled(plan(*links), [])
    assert bundle.parallel() is parallel
