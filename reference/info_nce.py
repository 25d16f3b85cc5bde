"""InfoNCE and its temporal-difference form in float64, by loops over their definitions.

van den Oord et al. (2018), equation 4; Zheng, Salakhutdinov and Eysenbach (2023), equation 10.
Writes crates/learn/tests/data/info_nce.txt, lines of a name and numbers.
"""

import pathlib

import numpy as np

generator = np.random.default_rng(11)
anchors = generator.normal(size=(4, 3)).round(3)
candidates = generator.normal(size=(4, 3)).round(3)
weights = generator.dirichlet(np.ones(4), 4)
inner = np.zeros((4, 4))
cosine = np.zeros((4, 4))
for row in range(4):
    for column in range(4):
        product = sum(anchors[row] * candidates[column])
        norms = np.sqrt(sum(anchors[row] ** 2)) * np.sqrt(sum(candidates[column] ** 2))
        inner[row, column] = product
        cosine[row, column] = product / norms / 0.2


def cross_entropy(logits, labels):
    total = np.log(sum(np.exp(value) for value in logits))
    return -sum(label * (value - total) for value, label in zip(logits, labels))


paired = [cross_entropy(inner[row], np.eye(4)[row]) for row in range(4)]
soft = [cross_entropy(cosine[row], weights[row]) for row in range(4)]
temporal = [0.1 * first + 0.9 * second for first, second in zip(paired, soft)]

lines = []
for name, rows in [
    ("anchors", anchors),
    ("candidates", candidates),
    ("weights", weights),
    ("cosine", cosine),
    ("paired", paired),
    ("soft", soft),
    ("temporal", temporal),
]:
    for row in np.atleast_2d(rows):
        lines.append(" ".join([name, *(repr(float(value)) for value in row)]))
target = pathlib.Path(__file__).parent.parent / "crates/learn/tests/data/info_nce.txt"
target.write_text("\n".join(lines) + "\n")
