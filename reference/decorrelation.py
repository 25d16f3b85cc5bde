"""Golden values for losses against collapse and for spectra of latents, from NumPy in float64.

Writes crates/learn/tests/data/decorrelation.txt, lines of a name and numbers.
"""

import pathlib

import numpy as np

generator = np.random.default_rng(21)
GROUPS, SAMPLES, WIDTH = 3, 6, 4
latents = (generator.normal(size=(GROUPS, SAMPLES, WIDTH)) * [2.0, 0.3, 0.9, 1.2]).round(3)
other = (latents[0] + 0.5 * generator.normal(size=(SAMPLES, WIDTH))).round(3)


def standardised(values, axis, epsilon):
    deviation = np.sqrt(values.var(axis=axis, keepdims=True) + epsilon)
    return (values - values.mean(axis=axis, keepdims=True)) / deviation


def hinge(group, ddof):
    return np.mean([max(0.0, 1.0 - np.sqrt(column.var(ddof=ddof) + 1e-4)) for column in group.T])


def covariance(group, ddof):
    matrix = np.cov(group, rowvar=False, ddof=ddof)
    return sum(matrix[i, j] ** 2 for i in range(WIDTH) for j in range(WIDTH) if i != j) / (WIDTH * (WIDTH - 1))


def barlow(first, second, weight):
    first, second = standardised(first, 0, 1e-5), standardised(second, 0, 1e-5)
    correlation = first.T @ second / SAMPLES
    alike = np.sum((1.0 - np.diag(correlation)) ** 2)
    return alike + weight * np.sum((correlation - np.diag(np.diag(correlation))) ** 2)


def orthonormality(rows):
    pairs = [np.dot(rows[i], rows[j]) ** 2 for i in range(SAMPLES) for j in range(SAMPLES) if i != j]
    return 0.5 * np.mean(pairs) - np.mean([np.dot(row, row) for row in rows])


lines = [("latents", latents), ("other", other)]
for ddof in (0, 1):
    lines.append((f"hinge-{ddof}", [hinge(group, ddof) for group in latents]))
    lines.append((f"covariance-{ddof}", [covariance(group, ddof) for group in latents]))
lines.append(("barlow", [barlow(latents[0], other, 0.05)]))
rows = standardised(latents[0], 1, 1e-5), standardised(other, 1, 1e-5)
lines.append(("barlow-of-rows", [barlow(*rows, 0.05)]))
lines.append(("orthonormality", [orthonormality(latents[0])]))

flat = latents.reshape(-1, WIDTH)
for name, matrix in [("tall", flat), ("tall-centred", flat - flat.mean(axis=0)), ("wide", flat[:3])]:
    singular = np.linalg.svd(matrix, compute_uv=False)
    shares = singular / singular.sum()
    rank = np.exp(-np.sum(shares * np.log(shares)))
    counts = [np.sum(singular > 0.3 * singular[0]), 1 + np.argmax(np.cumsum(shares) >= 0.8)]
    lines += [(f"singular-{name}", singular), (f"ranks-{name}", [rank, *counts])]
eigenvalues = np.linalg.eigvalsh(np.cov(latents[0], rowvar=False))
lines.append(("participation", [eigenvalues.sum() ** 2 / np.sum(eigenvalues**2)]))

path = pathlib.Path(__file__).parent.parent / "crates/learn/tests/data/decorrelation.txt"
path.write_text("".join(f"{name} " + " ".join(repr(float(x)) for x in np.ravel(values)) + "\n" for name, values in lines))
