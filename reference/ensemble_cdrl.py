"""Golden values of the projection of targets onto a grid of returns.

Writes crates/methods/tests/data/ensemble_cdrl.txt: per line the reward, the discount, the eleven
masses of the next distribution, the eleven projected masses and the clipped mass. The projection is
written with the triangular kernel, max(0, 1 - |y - z| / step), instead of neighbours.
"""

from pathlib import Path

import numpy as np

LOW, HIGH, ATOMS = -1.0, 3.0, 11
OUT = Path(__file__).parent.parent / "crates/methods/tests/data/ensemble_cdrl.txt"


def main():
    random = np.random.default_rng(0)
    grid = np.linspace(LOW, HIGH, ATOMS)
    step = grid[1] - grid[0]
    lines = []
    for reward, discount in [(0.2, 0.95), (-0.2, 0.95), (3.0, 0.9), (0.13, 1.0), (-2.0, 0.5)]:
        masses = random.dirichlet(np.ones(ATOMS))
        moved = reward + discount * grid
        clipped = masses[(moved < LOW - 1e-9) | (moved > HIGH + 1e-9)].sum()
        kernel = np.maximum(0.0, 1.0 - np.abs(np.clip(moved, LOW, HIGH)[:, None] - grid[None]) / step)
        lines.append(np.concatenate([[reward, discount], masses, masses @ kernel, [clipped]]))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("".join(" ".join(repr(float(x)) for x in line) + "\n" for line in lines))


main()
