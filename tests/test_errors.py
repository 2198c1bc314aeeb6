"""What a user did wrong is one line: the thing, the value it had, and what is accepted."""

import pickle

import pytest

from edgesim.errors import InputError, did_you_mean


def test_the_message_names_thing_value_and_what_is_accepted() -> None:
    error = InputError("users", -3, "must be a whole number of at least 1")
    assert str(error) == "users = -3: must be a whole number of at least 1"
    assert (error.thing, error.value, error.accepted) == (
        "users",
        -3,
        "must be a whole number of at least 1",
    )


def test_in_a_notebook_it_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="users"):
        raise InputError("users", 0, "must be above 0")


def test_a_long_value_is_cut() -> None:
    message = str(InputError("providers", list(range(1000)), "must be shorter"))
    assert len(message) < 160
    assert "..." in message and "must be shorter" in message


@pytest.mark.parametrize("value", ["line\nbreak", None, [1, "a"], {"a": 1}, float("nan")])
def test_the_message_is_one_line_whatever_the_value(value: object) -> None:
    assert "\n" not in str(InputError("key", value, "accepted: nothing"))


def test_it_passes_through_a_worker_process_whole() -> None:
    error = InputError("trace", "tasks.csv", "cannot be read")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is InputError
    assert (copy.thing, copy.value, copy.accepted) == ("trace", "tasks.csv", "cannot be read")
    assert str(copy) == str(error)


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("aigc_papr", ["aigc", "aigc_paper"], "did you mean 'aigc_paper'? "),
        ("ppo2", ["ppo", "dqn"], "did you mean 'ppo'? "),
        ("zzzz", ["aigc", "aigc_paper"], ""),
        ("", ["aigc"], ""),
    ],
)
def test_the_nearest_known_name_comes_first(name: str, known: list[str], hint: str) -> None:
    assert did_you_mean(name, known) == f"{hint}accepted: {', '.join(sorted(known))}"
