"""PPO of RLlib's new stack on edgesim: `pip install "ray[rllib]"` in an environment of its own (it
pins gymnasium 1.2.2), then `python examples/clients/rllib_ppo.py [steps] [scenario]`.

The id with the module before it, `edgesim:edgesim/AIGC-v0`, has remote runners (`runners=2` of
`main`) register the environments for themselves; by default episodes are played in this process.
"""

import sys

import ray
import torch
from ray.rllib.algorithms.ppo import PPOConfig

import edgesim

ROUND = 500


def main(steps: int, scenario: str = "aigc_paper", runners: int = 0) -> float:
    """Learn for some steps; returns what an episode pays then."""
    env = edgesim.make(scenario)
    ray.init(num_cpus=2 + runners, include_dashboard=False, log_to_driver=False)
    config = (
        PPOConfig()
        .environment(f"edgesim:{env.spec.id}", env_config={"scenario": scenario})
        .env_runners(num_env_runners=runners, num_envs_per_env_runner=4)
        .training(train_batch_size_per_learner=ROUND, minibatch_size=100, num_epochs=4, gamma=0.3)
        .debugging(seed=0)
    )
    algorithm = config.build_algo()
    for _ in range(max(steps // ROUND, 1)):
        algorithm.train()
    module = algorithm.get_module()
    paid, over = 0.0, False
    observation, _ = env.reset(seed=2)
    while not over:
        with torch.no_grad():
            out = module.forward_inference({"obs": torch.as_tensor(observation)[None]})
        action = int(out["action_dist_inputs"].argmax())
        observation, reward, terminated, truncated, _ = env.step(action)
        paid, over = paid + float(reward), terminated or truncated
    algorithm.stop()
    ray.shutdown()
    return paid


if __name__ == "__main__":
    print(f"return of an episode: {main(int((*sys.argv, 20_000)[1]), *sys.argv[2:]):.1f}")
