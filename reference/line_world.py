"""The mean return of uniformly random actions in `line-world`, by simulation; prints mean and standard error."""

import numpy as np

rng = np.random.default_rng(0)
runs = 4_000_000
position, alive = rng.uniform(0, 1, runs), np.ones(runs, dtype=bool)
for _ in range(40):
    position[alive] = np.clip(position[alive] + rng.uniform(-1, 1, alive.sum()), 0, 10)
    alive &= position < 9.5
mean = 1 - alive.mean()
print(mean, np.sqrt(mean * (1 - mean) / runs))
