"""PPO in one file, as CleanRL writes it: `python examples/clients/cleanrl_ppo.py`.

It needs torch alone. Worlds are stepped side by side (`gymnasium.make_vec`: compiled where the
scenario has a batched engine), and what must not be chosen is masked: `action_masks()` of the
vector has one row a world, as that of a single environment is one.
"""

import itertools
import sys

import gymnasium
import torch
from torch import nn
from torch.distributions import Categorical

import edgesim

WORLDS, ROUND, EPOCHS, BATCH = 8, 64, 4, 128
GAMMA, LAMBDA, CLIP = 0.3, 0.95, 0.2


class Agent(nn.Module):
    """Two layers each for the choice and for the value of a state."""

    def __init__(self, entries: int, choices: int) -> None:
        super().__init__()
        sizes = (entries, 64, 64)
        self.actor = nn.Sequential(*_layers(*sizes, choices))
        self.critic = nn.Sequential(*_layers(*sizes, 1))

    def choices(self, seen, masks):
        """How likely each choice is; what a mask forbids is not."""
        return Categorical(logits=self.actor(seen).masked_fill(~masks, -1e9))


def _layers(*sizes: int):
    for before, after in itertools.pairwise(sizes[:-1]):
        yield from (nn.Linear(before, after), nn.Tanh())
    yield nn.Linear(sizes[-2], sizes[-1])


def masks_of(envs):
    """One row a world; all choices where the scenario has no masks."""
    try:
        return torch.as_tensor(envs.unwrapped.action_masks())
    except AttributeError:
        return torch.ones((WORLDS, int(envs.single_action_space.n)), dtype=torch.bool)


def main(steps: int, scenario: str = "aigc_paper") -> float:
    """Learn for some steps; returns what an episode pays then."""
    torch.manual_seed(0)
    single = edgesim.make(scenario)
    envs = gymnasium.make_vec(
        single.spec.id,
        num_envs=WORLDS,
        vectorization_mode="vector_entry_point",
        scenario=scenario,
        autoreset_mode="SameStep",
    )
    agent = Agent(single.observation_space.shape[0], int(single.action_space.n))
    adam = torch.optim.Adam(agent.parameters(), lr=1e-3, eps=1e-5)
    seen = torch.as_tensor(envs.reset(seed=0)[0])
    for _ in range(max(steps // (WORLDS * ROUND), 1)):
        played = []
        for _ in range(ROUND):
            masks = masks_of(envs)
            with torch.no_grad():
                likely = agent.choices(seen, masks)
                chosen, value = likely.sample(), agent.critic(seen).squeeze(1)
            following, paid, ended, cut, _ = envs.step(chosen.numpy())
            over = torch.as_tensor(ended | cut)
            reward = torch.as_tensor(paid, dtype=torch.float32)
            played.append((seen, masks, chosen, likely.log_prob(chosen), value, reward, over))
            seen = torch.as_tensor(following)
        learn(agent, adam, [torch.stack(part) for part in zip(*played, strict=True)], seen)
    envs.close()
    return episode(single, agent)


def learn(agent, adam, played, seen) -> None:
    """One update of PPO on what was played, each part of shape (ROUND, WORLDS, ...)."""
    states, masks, chosen, before, values, rewards, over = played
    with torch.no_grad():
        following = agent.critic(seen).squeeze(1)
    gained, running = torch.zeros_like(rewards), torch.zeros(WORLDS)
    for at in reversed(range(ROUND)):
        goes_on = 1.0 - over[at].float()
        surprise = rewards[at] + GAMMA * following * goes_on - values[at]
        gained[at] = running = surprise + GAMMA * LAMBDA * goes_on * running
        following = values[at]
    returns = gained + values
    flat = [part.flatten(0, 1) for part in (states, masks, chosen, before, gained, returns)]
    for _ in range(EPOCHS):
        for rows in torch.randperm(WORLDS * ROUND).split(BATCH):
            state, mask, choice, old, gain, back = (part[rows] for part in flat)
            likely = agent.choices(state, mask)
            ratio = (likely.log_prob(choice) - old).exp()
            gain = (gain - gain.mean()) / (gain.std() + 1e-8)
            clipped = ratio.clamp(1 - CLIP, 1 + CLIP)
            policy = -torch.min(ratio * gain, clipped * gain).mean()
            value = (agent.critic(state).squeeze(1) - back).square().mean()
            adam.zero_grad()
            (policy + 0.5 * value - 0.01 * likely.entropy().mean()).backward()
            nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
            adam.step()


def episode(env, agent) -> float:
    """What an episode pays by the likeliest choices."""
    paid, over = 0.0, False
    seen, _ = env.reset(seed=2)
    has_masks = hasattr(env.unwrapped, "action_masks")
    while not over:
        masks = env.unwrapped.action_masks() if has_masks else [True] * int(env.action_space.n)
        with torch.no_grad():
            likely = agent.choices(torch.as_tensor(seen)[None], torch.as_tensor(masks)[None])
        seen, reward, terminated, truncated, _ = env.step(int(likely.probs.argmax()))
        paid, over = paid + float(reward), terminated or truncated
    return paid


if __name__ == "__main__":
    print(f"return of an episode: {main(int((*sys.argv, 20_000)[1]), *sys.argv[2:]):.1f}")
