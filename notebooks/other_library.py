# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Another library than stable-baselines3
#
# Nothing in the environments depends on stable-baselines3. This is PPO in one file of plain torch,
# over Gymnasium's vector interface, with masks. `QUICK` stops it when it has begun to learn.

# %%
import gymnasium
import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from torch import nn
from torch.distributions import Categorical

import edgesim  # registers the environments

QUICK = True
WORLDS, STEPS, UPDATES = 8, 64, (20 if QUICK else 400)
GAMMA, LAMBDA, CLIP, EPOCHS, BATCH = 0.9, 0.8, 0.2, 4, 128
torch.manual_seed(0)
torch.set_num_threads(1)

# %% [markdown]
# ## Many worlds at once
#
# With `SAME_STEP` a world whose episode ends begins the next one in the same step, so that no
# action is wasted.

# %%
envs = gymnasium.make_vec(
    "edgesim/AIGC-v0",
    num_envs=WORLDS,
    scenario="aigc_paper",
    overrides={"capacity_range": [400, 900]},
    autoreset_mode=AutoresetMode.SAME_STEP,
)
entries, actions = envs.single_observation_space.shape[0], int(envs.single_action_space.n)


# %% [markdown]
# ## Actor and critic


# %%
def network(outputs):
    return nn.Sequential(
        nn.Linear(entries, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs)
    )


actor, critic = network(actions), network(1)
parameters = [*actor.parameters(), *critic.parameters()]
optimizer = torch.optim.Adam(parameters, lr=1e-3, eps=1e-5)


def choices(observation, masks):
    """What the actor would do, with nothing left for what the mask forbids."""
    return Categorical(logits=actor(observation).masked_fill(~masks, -1e8))


# %% [markdown]
# ## Learning
#
# Generalised advantage estimation, and the clipped objective of PPO.

# %%
shape = (STEPS, WORLDS)
seen = torch.zeros(*shape, entries)
allowed = torch.zeros(*shape, actions, dtype=torch.bool)
taken = torch.zeros(shape, dtype=torch.long)
logs, rewards, values, ends = (torch.zeros(shape) for _ in range(4))
returns = []

first, _ = envs.reset(seed=0)
observation = torch.as_tensor(first)
for _ in range(UPDATES):
    for step in range(STEPS):
        masks = torch.as_tensor(envs.action_masks())
        with torch.no_grad():
            policy = choices(observation, masks)
            action = policy.sample()
            values[step] = critic(observation).squeeze(-1)
        seen[step], allowed[step], taken[step] = observation, masks, action
        logs[step] = policy.log_prob(action)
        after, reward, terminated, truncated, info = envs.step(action.numpy())
        rewards[step] = torch.as_tensor(reward)
        ends[step] = torch.as_tensor(terminated | truncated)
        observation = torch.as_tensor(after)
        if "final_info" in info:
            over = info["final_info"]["_metrics"]
            returns += info["final_info"]["metrics"]["return"][over].tolist()

    with torch.no_grad():
        ahead, advantage = critic(observation).squeeze(-1), torch.zeros(WORLDS)
        advantages = torch.zeros(shape)
        for step in reversed(range(STEPS)):
            goes_on = 1 - ends[step]
            delta = rewards[step] + GAMMA * ahead * goes_on - values[step]
            advantage = delta + GAMMA * LAMBDA * goes_on * advantage
            advantages[step], ahead = advantage, values[step]
    targets = (advantages + values).flatten()
    flat = [it.flatten(0, 1) for it in (seen, allowed, taken, logs, advantages)]

    for _ in range(EPOCHS):
        for rows in torch.randperm(STEPS * WORLDS).split(BATCH):
            looked, masks, action, log, gain = (it[rows] for it in flat)
            policy = choices(looked, masks)
            ratio = (policy.log_prob(action) - log).exp()
            gain = (gain - gain.mean()) / (gain.std() + 1e-8)
            objective = torch.minimum(ratio * gain, ratio.clamp(1 - CLIP, 1 + CLIP) * gain).mean()
            error = (critic(looked).squeeze(-1) - targets[rows]).square().mean()
            loss = -objective + 0.5 * error - 0.005 * policy.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 0.5)
            optimizer.step()

decisions = UPDATES * STEPS * WORLDS
print(f"{decisions} decisions, {len(returns)} episodes, {np.mean(returns):.1f} on average")

# %% [markdown]
# The returns of the episodes in the order in which they ended.

# %%
import matplotlib.pyplot as plt

from edgesim.plots.style import ACCENT, house

with house():
    drawn = plt.figure(figsize=(7.0, 2.6))
    axes = drawn.subplots()
axes.plot(returns, "o", color=ACCENT, markersize=4)
axes.set_xlabel("episodes that have ended")
axes.set_ylabel("return")
# %% [markdown]
# ## Measuring it beside the baselines
#
# Whatever has `predict` is a policy. It is measured on the same episodes as those of edgesim.

# %%
from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import rollout
from edgesim.scenarios import resolve

scenario = resolve("aigc_paper", {"capacity_range": [400, 900]})


class Learned:
    def predict(
        self, observation, state=None, episode_start=None, deterministic=False, action_masks=None
    ):
        with torch.no_grad():
            policy = choices(torch.as_tensor(observation), torch.as_tensor(action_masks))
        return policy.probs.argmax(-1).numpy(), state


policies = {
    "mine": lambda envs, seed: Learned(),
    "random": find_policy(scenario, "random"),
    "overload_avoidance": find_policy(scenario, "overload_avoidance"),
}
for name, build in policies.items():
    rows = rollout(scenario, build, seeds=[1, 2, 3, 4, 5]).rows
    print(f"{name:20}{np.mean([row['return'] for row in rows]):8.1f}")
