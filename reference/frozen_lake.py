"""Gymnasium's FrozenLake-v1 (4 x 4) as a table, for crates/worlds/tests/frozen_lake.rs.

Writes crates/worlds/tests/data/frozen_lake.txt: lines `slippery` or `firm` with state, action, next
state, probability, reward and whether it ends, outcomes that differ in nothing else joined; then the
optimal discounted values, and the returns of the best and of random actions within 100 steps.
"""

import pathlib

import gymnasium
import numpy as np

lines = []
for name, slippery in [("slippery", True), ("firm", False)]:
    env = gymnasium.make("FrozenLake-v1", map_name="4x4", is_slippery=slippery).unwrapped
    transitions, rewards = np.zeros((16, 4, 16)), np.zeros((16, 4))
    for state in range(16):
        for action in range(4):
            joined = {}
            for probability, following, reward, ends in env.P[state][action]:
                key = (int(following), float(reward), bool(ends))
                joined[key] = joined.get(key, 0.0) + float(probability)
            for (following, reward, ends), probability in sorted(joined.items()):
                lines.append(f"{name} {state} {action} {following} {probability!r} {reward} {int(ends)}")
                rewards[state, action] += probability * reward
                transitions[state, action, following] += 0 if ends else probability
    values = np.zeros(16)
    for _ in range(10_000):
        values = (rewards + 0.99 * transitions @ values).max(1)
    lines.append(f"{name}-values " + " ".join(repr(float(value)) for value in values))
    best, uniform = np.zeros(16), np.zeros(16)
    for _ in range(100):
        best = (rewards + transitions @ best).max(1)
        uniform = (rewards + transitions @ uniform).mean(1)
    lines.append(f"{name}-returns {float(uniform[0])!r} {float(best[0])!r}")
target = pathlib.Path(__file__).parent.parent / "crates/worlds/tests/data/frozen_lake.txt"
target.write_text("\n".join(lines) + "\n")
