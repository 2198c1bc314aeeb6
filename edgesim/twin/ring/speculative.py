"""Speculative decoding: a small model proposes tokens, which the large one checks in one pass."""

from edgesim.scenarios.checks import at_least, between, integer_from, positive

__all__ = ["acceptance_for", "speculative_s", "tokens_a_cycle"]


def tokens_a_cycle(acceptance: float, draft: int) -> float:
    """Expected tokens of a cycle: ``(1 - a^(g + 1)) / (1 - a)``.

    Leviathan and others, "Fast inference from transformers via speculative decoding", ICML 2023,
    equation 1.

    >>> tokens_a_cycle(0.5, 1)
    1.5

    Args:
        acceptance: probability that a proposed token is right, given that those before were.
        draft: how many are proposed; 0 is decoding as usual.
    """
    between("acceptance", acceptance, 0.0, 1.0)
    integer_from("draft", draft, 0)
    return sum(acceptance**proposed for proposed in range(draft + 1))


def speculative_s(token_s: float, draft_s: float, acceptance: float, draft: int) -> float:
    """Time of a token, s: a cycle proposes ``draft`` tokens and checks them in one pass.

    Args:
        token_s: a pass of the large model; it reads its weights once for all tokens that it checks.
        draft_s: a token of the small model, s.
        acceptance: as of :func:`tokens_a_cycle`.
        draft: how many are proposed.
    """
    positive("token_s", token_s)
    at_least("draft_s", draft_s, 0.0)
    return (draft * draft_s + token_s) / tokens_a_cycle(acceptance, draft)


def acceptance_for(token_s: float, draft_s: float, draft: int, reached_s: float) -> float:
    """The acceptance at which a token takes ``reached_s``, by bisection; within [0, 1]."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        if speculative_s(token_s, draft_s, middle, draft) > reached_s:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0
