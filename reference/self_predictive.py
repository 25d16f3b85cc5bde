"""Linear self-prediction on a small chain, simulated from its definition.

Tang et al. (2023), arXiv 2212.03319: every gradient is the plain sum over pairs of states of the
derivative of p(x, y) |A' F' x - T' y|^2, the best predictor is a weighted least-squares solution
over those pairs, and the measures use NumPy's decompositions. Writes
crates/learn/tests/data/self_predictive.txt, lines of a name and a row of numbers.
"""

import pathlib

import numpy as np

generator = np.random.default_rng(11)
lines = []
STATES, SIZE, ETA = 6, 2, 0.2


def record(name, matrix):
    lines.extend((name, row) for row in np.atleast_2d(matrix))


def best(pairs, source, target):
    rows = [(np.sqrt(p) * source[x], np.sqrt(p) * target[y]) for x, y, p in pairs]
    left, right = (np.array(side) for side in zip(*rows))
    return np.linalg.lstsq(left, right, rcond=None)[0]


def gradients(pairs, source, predictor, target):
    by_source, by_predictor, by_target = np.zeros_like(source), np.zeros_like(predictor), np.zeros_like(target)
    for x, y, p in pairs:
        error = source[x] @ predictor - target[y]
        by_source[x] += 2 * p * predictor @ error
        by_predictor += 2 * p * np.outer(source[x], error)
        by_target[y] -= 2 * p * error
    return by_source, by_predictor, by_target


def loss(pairs, source, predictor, target):
    return sum(p * np.sum((source[x] @ predictor - target[y]) ** 2) for x, y, p in pairs)


def pairs_of(transitions, weights):
    grid = np.ndindex(transitions.shape)
    return [(x, y, weights[x] * transitions[x, y]) for x, y in grid if transitions[x, y] > 0]


def simulate(name, transitions, weights, start, ratio=None, stop=True, second=None):
    # A collapsed representation determines its predictor no more: few steps without stop-gradient.
    steps = 200 if stop else 40
    record(f"{name}.steps", steps)
    forward = pairs_of(transitions, weights)
    backward = [(y, x, p) for x, y, p in forward]
    phi, psi = start.copy(), None if second is None else second.copy()
    a, b = predictor.copy(), predictor.copy()
    for _ in range(steps):
        target = phi if psi is None else psi
        if ratio is None:
            a = best(forward, phi, target)
        else:
            a = a - ratio * ETA * gradients(forward, phi, a, target)[1]
        left, _, through = gradients(forward, phi, a, target)
        if psi is None:
            phi = phi - ETA * (left if stop else left + through)
            continue
        b = best(backward, psi, phi)
        right, _, back = gradients(backward, psi, b, phi)
        phi = phi - ETA * (left if stop else left + back)
        psi = psi - ETA * (right if stop else right + through)
    target = phi if psi is None else psi
    record(f"{name}.phi", phi)
    record(f"{name}.predictor", a)
    losses = [loss(forward, phi, a, target)]
    if psi is not None:
        record(f"{name}.psi", psi)
        losses.append(loss(backward, psi, b, phi))
    record(f"{name}.losses", losses)
    measures(name, transitions, start, phi, target)


def measures(name, transitions, start, phi, target):
    gram, first = phi.T @ phi, start.T @ start
    norms = np.linalg.norm(phi, axis=0)
    energy = np.sum(np.linalg.svd(transitions)[1][:SIZE] ** 2)
    left, right = (np.linalg.qr(side)[0] for side in (phi, target))
    record(
        f"{name}.measures",
        [
            np.linalg.norm(gram - first) / np.linalg.norm(first),
            np.linalg.eigvalsh(gram)[0],
            abs(phi[:, 0] @ phi[:, 1]) / norms.prod(),
            np.linalg.norm(left.T @ transitions @ right) ** 2 / energy,
            np.linalg.norm(left.T @ transitions) ** 2 / energy,
        ],
    )


shares = generator.dirichlet(np.ones(3))
mixture = sum(share * np.eye(STATES)[generator.permutation(STATES)] for share in shares)
symmetric = (mixture + mixture.T) / 2
general = generator.dirichlet(np.full(STATES, 0.5), STATES)
uniform, skewed = np.full(STATES, 1 / STATES), generator.dirichlet(np.full(STATES, 3.0))
start = np.linalg.qr(generator.normal(size=(STATES, SIZE)))[0]
second = np.linalg.qr(generator.normal(size=(STATES, SIZE)))[0]
predictor = generator.normal(size=(SIZE, SIZE))
for name, matrix in (("mixture", mixture), ("symmetric", symmetric), ("general", general)):
    record(name, matrix)
record("skewed", skewed)
record("start", start)
record("second", second)
record("predictor", predictor)

simulate("optimal", symmetric, uniform, start)
simulate("weighted", general, skewed, start)
simulate("full", symmetric, uniform, start, stop=False)
simulate("slow", symmetric, uniform, start, ratio=0.01)
simulate("fast", symmetric, uniform, start, ratio=10.0)
simulate("bidirectional", mixture, uniform, start, second=second)
simulate("bidirectional-weighted", general, skewed, start, second=second)
simulate("bidirectional-full", general, skewed, start, second=second, stop=False)

target = pathlib.Path(__file__).parent.parent / "crates/learn/tests/data/self_predictive.txt"
text = "".join(f"{name} {' '.join(repr(float(value)) for value in row)}\n" for name, row in lines)
target.write_text(text)
