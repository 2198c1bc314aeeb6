"""What policies over a set of choices ask of an environment."""

from stable_baselines3.common.policies import BasePolicy

from edgesim.envs.choice_box import ChoiceBox
from edgesim.errors import InputError

__all__ = ["choices_of"]


def choices_of(policy: BasePolicy) -> ChoiceBox:
    """The observations of a policy over a set of choices.

    Raises:
        InputError: the observations do not say what their entries are, or the actions are not the
            choices.
    """
    space = policy.observation_space
    actions = getattr(policy.action_space, "n", None)
    if not isinstance(space, ChoiceBox) or actions != space.choices:
        raise InputError(
            "agent.policy",
            type(policy).__name__,
            "needs observations of a set of choices (a ChoiceBox), and an action for each",
        )
    return space
