"""Shares of the paths of `traj2d`, by simulation in NumPy: of curves and, after rejection, of the data."""

import numpy as np

rng = np.random.default_rng(0)
count = 400_000
controls = np.zeros((count, 4, 2))
controls[:, 0, 0], controls[:, 3, 0] = -1, 1
controls[:, [0, 3], 1] = rng.uniform(-1, 1, (count, 2))
controls[:, 1:3] = rng.uniform(-1, 1, (count, 2, 2))
t = np.linspace(0, 1, 16)
weights = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], 1)
paths = np.einsum("pk,nkd->npd", weights, controls)


def distance(centre):
    start, way = paths[:, :-1], np.diff(paths, axis=1)
    along = ((np.array(centre) - start) * way).sum(-1) / np.maximum((way**2).sum(-1), 1e-300)
    nearest = start + np.clip(along, 0, 1)[..., None] * way
    return np.linalg.norm(nearest - np.array(centre), axis=-1).min(1)


a, b = distance([0, 0.5]) <= 0.15, distance([0.3, -0.2]) >= 0.25
both, only_a, only_b = (a & b).mean(), (a & ~b).mean(), (b & ~a).mean()
print("both, A alone, B alone, both among the satisfied:", both, only_a, only_b, both / (both + only_a + only_b))
kept = both / 5
total = kept + only_a + only_b
print("both in the data, labels A:", kept / total, (only_a + kept / 2) / total)
