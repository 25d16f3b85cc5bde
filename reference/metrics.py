"""Golden values for measures of results from SciPy and scikit-learn, and for probes from scikit-learn.

Writes crates/learn/tests/data/metrics.txt and probe.txt, lines of a name and numbers.
"""

import pathlib

import numpy as np
from scipy import stats
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.preprocessing import StandardScaler

DATA = pathlib.Path(__file__).parent.parent / "crates/learn/tests/data"
generator = np.random.default_rng(5)


def write(name, lines):
    text = [f"{name} " + " ".join(repr(float(x)) for x in np.ravel(values)) + "\n" for name, values in lines]
    (DATA / name).write_text("".join(text))


def measures():
    left, right = generator.normal(size=12).round(1), generator.normal(size=12).round(1)
    right += left
    labels = left + generator.normal(size=12) > 0
    lines = [("left", left), ("right", right), ("labels", labels)]
    lines.append(("ranks", stats.rankdata(left)))
    lines.append(("pearson", [stats.pearsonr(left, right)[0]]))
    lines.append(("spearman", [stats.spearmanr(left, right)[0]]))
    lines.append(("auc", [roc_auc_score(labels, right)]))
    for successes, trials in [(0, 10), (7, 9), (50, 100), (3, 3)]:
        interval = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
        lines.append(("wilson", [successes, trials, interval.low, interval.high]))
    x = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    y = (3.0 * x**-1.5 * np.exp(0.2 * generator.normal(size=5))).round(4)
    line = stats.linregress(np.log(x), np.log(y))
    lines += [("x", x), ("y", y), ("line", [line.slope, line.intercept, line.stderr])]
    points = generator.uniform(-1.2, 1.2, size=(30, 2)).round(2)
    points[0] = [1.0, -1.0]
    counts, _ = np.histogramdd(points, bins=(4, 5), range=((-1, 1), (-1, 1)))
    lines += [("points", points), ("coverage", [np.mean(counts > 0)])]
    write("metrics.txt", lines)


def mixed(value):
    """The mixing function of SplitMix64."""
    mask = 2**64 - 1
    value = (value + 0x9E3779B97F4A7C15) & mask
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & mask
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & mask
    return value ^ (value >> 31)


def probes():
    count, width, ridge, seed, neighbours = 80, 5, 0.01, 7, 5
    features = (generator.normal(size=(count, width)) * [1, 5, 0.2, 1, 3] + [0, 2, 0, -4, 1]).round(3)
    numbers = np.stack([features @ [1, 0.2, -2, 0.5, 0], np.sin(features[:, 0]) + features[:, 4]], axis=1)
    numbers = (numbers + 0.3 * generator.normal(size=numbers.shape)).round(3)
    noisy = features[:, 0] + features[:, 3] + 0.8 * generator.normal(size=count)
    classes = np.digitize(noisy, [-4.5, -3.3])
    sides = (features[:, 1] + 3 * generator.normal(size=count) > 2).astype(int)
    tested = np.array([mixed(mixed(seed) ^ index) & 1 == 1 for index in range(count)])
    fitted = ~tested
    scaler = StandardScaler().fit(features[fitted])
    x, x_tested = scaler.transform(features[fitted]), scaler.transform(features[tested])
    linear = Ridge(alpha=ridge * fitted.sum()).fit(x, numbers[fitted])
    nearest = KNeighborsRegressor(neighbours).fit(x, numbers[fitted])
    lines = [("settings", [width, ridge, seed, neighbours]), ("features", features), ("numbers", numbers),
             ("classes", classes), ("sides", sides), ("tested", np.flatnonzero(tested)),
             ("predictions", linear.predict(x_tested)),
             ("probe/numbers", [r2_score(numbers[tested], linear.predict(x_tested))]),
             ("probe/numbers_nearest", [r2_score(numbers[tested], nearest.predict(x_tested))])]
    for name, labels in [("classes", classes), ("sides", sides)]:
        # Every class counts equally, in the statistics that the penalty refers to as well.
        share = 1.0 / np.bincount(labels[fitted])[labels[fitted]]
        mean = np.average(x, axis=0, weights=share)
        scale = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=share))
        # The constant is a weight like the others; of two classes scikit-learn has one vector of weights
        # where a softmax has two, each half as long.
        inputs = [np.c_[np.ones(len(rows)), (rows - mean) / scale] for rows in (x, x_tested)]
        strength = (2 if name == "sides" else 1) / (ridge * fitted.sum())
        model = LogisticRegression(C=strength, class_weight="balanced", fit_intercept=False, tol=1e-12, max_iter=100_000)
        model.fit(inputs[0], labels[fitted])
        found, probability = model.predict(inputs[1]), model.predict_log_proba(inputs[1])
        lines.append((f"log_probability-{name}", probability))
        lines.append((f"probe/{name}", [balanced_accuracy_score(labels[tested], found)]))
    vote = KNeighborsClassifier(neighbours).fit(x, sides[fitted]).predict(x_tested)
    lines.append(("probe/sides_nearest", [balanced_accuracy_score(sides[tested], vote)]))
    write("probe.txt", lines)


measures()
probes()
