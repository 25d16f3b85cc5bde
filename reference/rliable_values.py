"""Aggregates and intervals of rliable 1.2 (Agarwal et al. 2021) and Student's t of SciPy.

Writes crates/evidence/tests/data/rliable.txt, lines of a name and numbers: scores of two methods as
`first` and `second`, one line per world, learning curves as `curve`, one line per world and run, and
what the package says of them. Run from the repository's root: python reference/rliable_values.py
"""

import pathlib

import numpy as np
import scipy.stats
from rliable import library, metrics

RESAMPLES = 50_000
THRESHOLDS = np.array([-0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5])
draw = np.random.default_rng(20210813)
np.random.seed(1)  # The package resamples with the global generator.

# Rows are runs, columns worlds; rounded, so that there are ties within and between methods.
first = np.round(draw.normal([0.2, 0.6, 0.9, 1.3], [0.1, 0.3, 0.2, 0.5], (7, 4)), 2)
second = np.round(draw.normal([0.25, 0.5, 0.7, 0.8], [0.1, 0.3, 0.2, 0.5], (5, 4)), 2)
second[:3, 1] = first[:3, 1]
curves = np.round(np.cumsum(draw.normal(0.1, 0.1, (7, 4, 6)), axis=2), 3)

lines = [("first", row) for row in first.T] + [("second", row) for row in second.T]
lines += [("curve", curves[run, world]) for world in range(4) for run in range(7)]
lines += [("thresholds", THRESHOLDS)]


def estimates(scores, statistic):
    point, interval = library.get_interval_estimates({"": scores}, statistic, reps=RESAMPLES)
    return np.atleast_1d(point[""]), interval[""]


aggregates = [
    ("mean", metrics.aggregate_mean),
    ("median", metrics.aggregate_median),
    ("iqm", metrics.aggregate_iqm),
    ("gap", metrics.aggregate_optimality_gap),
]
for name, statistic in aggregates:
    point, interval = estimates(first, lambda scores, statistic=statistic: np.array([statistic(scores)]))
    lines.append((name, [point[0], interval[0, 0], interval[1, 0], statistic(second)]))
point, interval = estimates(
    [first, second], lambda x, y: np.array([metrics.probability_of_improvement(x, y)])
)
lines.append(("improvement", [point[0], interval[0, 0], interval[1, 0]]))
profile, bounds = library.create_performance_profile({"": first}, THRESHOLDS, reps=RESAMPLES)
lines += [("profile", profile[""]), ("profile_low", bounds[""][0]), ("profile_high", bounds[""][1])]
point, interval = estimates(
    curves, lambda scores: np.array([metrics.aggregate_iqm(scores[..., step]) for step in range(6)])
)
lines += [("efficiency", point), ("efficiency_low", interval[0]), ("efficiency_high", interval[1])]

# Odd numbers of worlds and of scores, where the median is a middle one and a quarter is rounded.
odd = first[:5, :3]
lines.append(("odd", [metrics.aggregate_median(odd), metrics.aggregate_iqm(odd)]))

# 90 % and 95 % Student's t intervals of the mean of a world's first n runs.
for count in (2, 3, 4):
    for level in (0.9, 0.95):
        runs = first[:count, 3]
        low, high = scipy.stats.t.interval(level, count - 1, runs.mean(), scipy.stats.sem(runs))
        lines.append(("student", [count, level, low, high]))

# 90 % percentile interval of the mean of paired differences, and of the ratio of means.
pairs = np.stack([first[:5, 0], second[:, 0]], axis=1)
chosen = np.random.randint(0, 5, (RESAMPLES, 5))
sampled = pairs[chosen]
difference = np.percentile((sampled[..., 0] - sampled[..., 1]).mean(axis=1), [5, 95])
ratio = np.percentile(sampled[..., 0].mean(axis=1) / sampled[..., 1].mean(axis=1), [5, 95])
lines += [("difference", difference), ("ratio", ratio)]

target = pathlib.Path("crates/evidence/tests/data/rliable.txt")
target.write_text("".join(f"{name} {' '.join(map(repr, map(float, row)))}\n" for name, row in lines))
