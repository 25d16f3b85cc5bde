"""Cramér projection and quantile Huber loss by plain loops over their definitions.

Bellemare et al. (2017), algorithm 1, with the triangular kernel of Rowland et al. (2018), and
Dabney et al. (2018), equation 10. Writes crates/learn/tests/data/td.txt, lines of a name and
numbers.
"""

import pathlib

import numpy as np

generator = np.random.default_rng(7)
lines = []


def record(name, rows):
    lines.extend((name, row) for row in np.atleast_2d(rows))


low, high, atoms = -2.0, 3.0, 11
grid = np.linspace(low, high, atoms)
locations = generator.uniform(-3.0, 4.0, (3, 6)).round(3)
locations[0, 0], locations[1, 1], locations[2, 2] = low, high, grid[4]
weights = generator.dirichlet(np.ones(6), 3)
projected = np.zeros((3, atoms))
for row in range(3):
    for location, weight in zip(locations[row], weights[row]):
        inside = min(max(location, low), high)
        for atom in range(atoms):
            nearness = 1.0 - abs(inside - grid[atom]) / (grid[1] - grid[0])
            projected[row, atom] += weight * max(nearness, 0.0)
record("locations", locations)
record("weights", weights)
record("projected", projected)
record("clipped", [[(weights * ((locations < low) | (locations > high))).sum(1).mean()]])

kappa = 0.7
theta = generator.normal(size=(2, 5))
targets = generator.normal(size=(2, 3)) * 2.0
probabilities = generator.dirichlet(np.ones(3), 2)
losses = np.zeros(2)
for row in range(2):
    for level in range(5):
        tau = (level + 0.5) / 5
        for target, probability in zip(targets[row], probabilities[row]):
            error = target - theta[row, level]
            if abs(error) <= kappa:
                huber = 0.5 * error**2
            else:
                huber = kappa * (abs(error) - 0.5 * kappa)
            losses[row] += probability * abs(tau - (error < 0.0)) * huber / kappa
record("theta", theta)
record("targets", targets)
record("probabilities", probabilities)
record("quantile_huber", [losses])

target = pathlib.Path(__file__).parent.parent / "crates/learn/tests/data/td.txt"
target.write_text("".join(f"{name} {' '.join(map(repr, map(float, row)))}\n" for name, row in lines))
