"""Mixtures of Gaussians with scikit-learn 1.9.

Log-likelihood, information criteria and responsibilities of given parameters, and the parameters
that expectation maximisation reaches from a given start. Writes crates/learn/tests/data/mixture.txt,
lines of a name and numbers.
"""

import pathlib

import numpy as np
from sklearn.mixture import GaussianMixture

generator = np.random.default_rng(11)
lines = []


def record(name, rows):
    lines.extend((name, row) for row in np.atleast_2d(rows))


dimensions, count = 3, 3
centres = np.array([[0.2, 0.3, 0.1], [0.7, 0.6, 0.5], [0.4, 0.9, 0.0]])
mixing = generator.normal(size=(count, dimensions, dimensions)) * 0.08
labels = generator.integers(0, count, 120)
points = np.array([centres[k] + mixing[k] @ generator.normal(size=dimensions) for k in labels]).round(6)
record("points", points)

weights = np.array([0.5, 0.3, 0.2])
covariances = np.array([m @ m.T + 0.01 * np.eye(dimensions) for m in mixing]).round(9)
given = GaussianMixture(
    count,
    weights_init=weights,
    means_init=centres,
    precisions_init=np.linalg.inv(covariances),
    max_iter=100,
    tol=1e-3,
    reg_covar=1e-6,
)
start = GaussianMixture(count)
start.weights_, start.means_, start.covariances_ = weights, centres, covariances
start.precisions_cholesky_ = np.array(
    [np.linalg.inv(np.linalg.cholesky(c)).T for c in covariances]
)
record("weights", weights)
record("means", centres)
record("covariances", covariances.reshape(count, -1))
record("responsibilities", start.predict_proba(points))
record("log_likelihood", [[start.score_samples(points).sum()]])
record("aic", [[start.aic(points)]])
record("bic", [[start.bic(points)]])

given.fit(points)
assert given.converged_
record("fitted_weights", given.weights_)
record("fitted_means", given.means_)
record("fitted_covariances", given.covariances_.reshape(count, -1))
record("fitted_aic", [[given.aic(points)]])

target = pathlib.Path(__file__).parent.parent / "crates/learn/tests/data/mixture.txt"
target.write_text("".join(f"{name} {' '.join(map(repr, map(float, row)))}\n" for name, row in lines))
