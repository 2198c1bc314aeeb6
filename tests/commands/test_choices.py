"""What completion offers as values is what is accepted, no more and no less."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

import edgesim.scenarios
from edgesim.agents.finding import offered, policies_of
from edgesim.benchmark.grid import PARTS
from edgesim.commands.choices import choices, policies_in, schema_part
from edgesim.commands.completion import candidates
from edgesim.config.compose import compose
from edgesim.config.config import SCHEMAS
from edgesim.errors import InputError
from edgesim.reproduction.budget import BUDGETS
from edgesim.reproduction.figures import FIGURES
from edgesim.services.training import TRAININGS


def enumerations() -> Iterator[tuple[str, str, list[str]]]:
    """Every key of a command or a scenario that takes certain words, with the words."""
    for command, schema in SCHEMAS.items():
        for item in fields(schema):
            words = choices(command, item.name, {})
            if item.metadata.get("choices"):
                yield command, item.name, words
    for scenario in ("aigc", "sfc", "shared", "vne_wx100"):  # one of each schema
        values = edgesim.scenarios.preset(scenario)
        for key in _enumerated(edgesim.scenarios.schema_of(values), values):
            yield (
                f"evaluate scenario={scenario}",
                f"scenario.{key}",
                choices("evaluate", f"scenario.{key}", {"scenario": scenario}),
            )


def _enumerated(schema: Any, values: Any, prefix: str = "") -> Iterator[str]:
    for item in fields(schema):
        if item.metadata.get("choices"):
            yield f"{prefix}{item.name}"
        part = schema_part(item.type)
        if part is not None and isinstance(values.get(item.name), dict):
            yield from _enumerated(part, values[item.name], f"{prefix}{item.name}.")


ENUMERATIONS = list(enumerations())


@pytest.mark.parametrize(("line", "key", "words"), ENUMERATIONS)
def test_all_that_is_offered_is_accepted_and_another_word_is_not(
    line: str, key: str, words: list[str]
) -> None:
    assert len(words) > 1
    command, *rest = line.split()
    read_later = command == "plan"  # clusters and models are read when it begins
    if not read_later and (
        command not in ("reproduce", "benchmark", "calibrate-train")
        or key
        not in (
            "budget",
            "parts",
            "launcher",
            "service",
        )
    ):
        with pytest.raises(InputError):
            compose(command, [*rest, f"{key}=quasar"])
    for word in words:
        try:
            compose(command, [*rest, f"{key}={word}"])
        except InputError as error:  # it does not fit what else the command has by default
            assert "accepted: " not in error.accepted, word


def test_what_other_files_know_is_offered_whole() -> None:
    assert choices("reproduce", "figure", {}) == [*FIGURES, "all"]
    assert choices("reproduce", "budget", {}) == list(BUDGETS)
    assert choices("benchmark", "parts", {}) == [*PARTS, "all"]
    assert choices("calibrate-train", "service", {}) == list(TRAININGS)


@pytest.mark.parametrize("scenario", edgesim.scenarios.presets())
def test_the_policies_of_a_scenario_are_offered_and_no_others(scenario: str) -> None:
    checked = edgesim.scenarios.resolve(scenario)
    slow = {name for name, spec in policies_of(checked.problem).items() if spec.slow}
    fitting = [*offered(checked), *offered(checked, bound=True)]
    assert set(policies_in(scenario)) - slow == set(fitting)


def test_an_override_on_the_line_counts() -> None:
    assert "nearest" in list(policies_in("aigc"))
    assert "nearest" not in list(policies_in("aigc", {"scenario.wireless": "null"}))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("edgesim reproduce figure=aigc_t", ["figure=aigc_tasks "]),
        ("edgesim train engine=", ["engine=auto ", "engine=simpy ", "engine=batched "]),
        ("edgesim train bound=", ["bound=true ", "bound=false ", "bound=null "]),
        ("edgesim train agent.endless=t", ["agent.endless=true "]),
        ("edgesim train scenario.decide_last=f", ["scenario.decide_last=false "]),
        ("edgesim train scenario=sfc scenario.qoe.model=i", ["scenario.qoe.model=iqx "]),
        ("edgesim evaluate scenario=sfc policy=pro", []),
        ("edgesim simulate policy=bou", []),
        ("edgesim train scenario=nowhere scenario.qoe.model=", []),
        ("edgesim train scenario.nothing.below=", []),
        ("edgesim train seed=", []),
    ],
)
def test_values_at_the_shell(line: str, expected: list[str]) -> None:
    assert candidates(line) == expected


def test_list_names_as_figures_what_reproduce_takes() -> None:
    from edgesim.commands.listing import listing
    from edgesim.config.config import ReproduceConfig
    from edgesim.reproduction.reproduce import _chosen

    _, *lines = listing(["figures"]).splitlines()
    names = [line.split()[0] for line in lines]
    assert [figure.name for figure in _chosen(ReproduceConfig(figure=names).figures)] == names
    assert set(names) == set(FIGURES)
