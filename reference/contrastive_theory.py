"""Golden values of the losses of Arora et al. (2019), for crates/learn/tests/data/contrastive_theory.txt."""

import numpy as np

rng = np.random.default_rng(0)
anchor, positives, negatives = rng.normal(size=(4, 3)), rng.normal(size=(4, 2, 3)), rng.normal(size=(4, 2, 3))


def show(name, *values):
    print(name, " ".join(repr(float(value)) for value in np.ravel(values)))


def logistic(v):
    return np.log2(1 + np.exp(-v).sum(-1))


def hinge(v):
    return np.maximum(0, 1 + (-v).max(-1))


for name, value in [("anchor", anchor), ("positives", positives), ("negatives", negatives)]:
    show(name, value)
margins = np.einsum("bd,bkd->bk", anchor, positives[:, :1] - negatives)
blocks = np.einsum("bd,bd->b", anchor, positives.mean(1) - negatives.mean(1))[:, None]
for loss in (logistic, hinge):
    show(loss.__name__, loss(margins))
    show("block-" + loss.__name__, loss(blocks))
prior = np.array([0.5, 0.3, 0.2])
show("prior", prior)
for k in (1, 2, 7):
    # By enumeration: one minus the chance that all negatives are of other classes.
    show("collision", k, 1 - sum(rho * (1 - rho) ** k for rho in prior))
