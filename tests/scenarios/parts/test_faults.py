"""What a scenario's faults may say."""

from pathlib import Path
from typing import Any

import pytest

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.scenarios.parts.faults import read_faults

LINK = {"what": "link", "mtbf_s": 100, "mttr_s": 10}


def test_faults_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text("faults:\n  - {what: link, mtbf_s: 100, mttr_s: 10}\n", encoding="utf-8")
    assert resolve("aigc", {"faults": str(file)}).faults == [LINK]


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"what": "lnk", "mtbf_s": 1, "mttr_s": 1}, "did you mean 'link'"),
        ({"what": "link", "mttr_s": 1}, "mtbf_s"),
        ({"what": "link", "mtbf_s": 1e-6, "mttr_s": 1}, "episodes never end"),
        ({**LINK, "shape": 0}, "shape"),
        ({**LINK, "together": 0}, "together"),
        ({**LINK, "factor": 0.5}, "factor"),
        ({**LINK, "mttr": 5}, "did you mean 'mttr_s'"),
        ({"what": "load", "mtbf_s": 9, "mttr_s": 9}, "factor"),
        ({"what": "load", "mtbf_s": 9, "mttr_s": 9, "factor": 2, "together": 2}, "one load only"),
        ({"what": "quality", "mtbf_s": 9, "mttr_s": 9, "factor": [0.5, 2]}, "factor"),
        ({"what": "speed", "mtbf_s": 9, "mttr_s": 9, "factor": 0}, "factor"),
        ("link", "must be a mapping"),
    ],
)
def test_what_does_not_fit_is_named(item: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_faults([item])


@pytest.mark.parametrize(
    ("scenario", "what"), [("aigc_paper", "link"), ("sfc", "provider"), ("vne_geant", "collector")]
)
def test_a_family_has_only_some_kinds(scenario: str, what: str) -> None:
    with pytest.raises(InputError, match=r"faults\[0\].what"):
        resolve(scenario, {"faults": [{**LINK, "what": what}]})


def test_chains_of_stage_links_have_none() -> None:
    with pytest.raises(InputError, match="needs a network"):
        resolve("sfc_paper", {"faults": [LINK]})


def test_events_and_faults_do_not_take_down_the_same_kind() -> None:
    event = {"at_s": 1, "event": "fails", "link": 0}
    with pytest.raises(InputError, match="either these or faults"):
        resolve("aigc", {"events": [event], "faults": [LINK]})
    both = {"events": [event], "faults": [{**LINK, "what": "provider"}]}
    assert resolve("aigc", both).faults
