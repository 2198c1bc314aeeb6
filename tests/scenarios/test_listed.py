"""Items of a list by their names, or by their numbers."""

from typing import Any

import pytest

from edgesim.errors import InputError
from edgesim.scenarios.listed import numbered, passes_list, replaced

VALUES: dict[str, Any] = {
    "network": {"slices": [{"name": "a", "share": 0.5, "chain": ["x"]}, {"name": "b"}], "rate": 2},
    "range": [1, 2],
}


def test_a_name_becomes_its_place() -> None:
    assert numbered("network.slices.b.share", VALUES) == "network.slices.1.share"
    assert numbered("network.slices.0.share", VALUES) == "network.slices.0.share"
    assert numbered("network.slices.a.chain.0", VALUES) == "network.slices.0.chain.0"
    assert numbered("network.rate", VALUES) == "network.rate"


def test_only_keys_through_a_list_pass_one() -> None:
    passing = {"network.slices.b.share", "network.slices.b", "range.0"}
    others = {"network.slices", "network.rate", "range", "no.such.key"}
    assert {key for key in passing | others if passes_list(key, VALUES)} == passing


def test_a_value_is_replaced_in_a_copy() -> None:
    new = replaced(VALUES, "network.slices.a.share", 0.1)
    assert new["network"]["slices"][0] == {"name": "a", "share": 0.1, "chain": ["x"]}
    assert VALUES["network"]["slices"][0]["share"] == 0.5
    assert replaced(VALUES, "range.1", 7)["range"] == [1, 7]


def test_a_mapping_replaces_the_keys_that_it_has() -> None:
    new = replaced(VALUES, "network.slices.a", {"share": 0.2})
    assert new["network"]["slices"][0] == {"name": "a", "share": 0.2, "chain": ["x"]}


@pytest.mark.parametrize("key", ["network.slices.c.share", "network.slices.2", "range.two"])
def test_what_is_not_in_the_list_is_refused(key: str) -> None:
    with pytest.raises(InputError, match=r"is not in the list; .*accepted: "):
        numbered(key, VALUES)
