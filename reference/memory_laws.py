"""Laws that goals and ranks are drawn by, quantiles, and bounds of chi-square tests, from SciPy and NumPy.

Run: python reference/memory_laws.py > crates/memory/tests/data/laws.json
"""

import json

import numpy as np
from scipy import stats

RETURNS = [3.5, -1.0, 8.0, 8.0, 2.25, 0.0, 5.0, -4.75, 8.5]
QUANTILES = [0.0, 0.05, 0.1, 0.25, 0.5, 0.62, 0.9, 1.0]


def geometric(p, count):
    """The first `count` outcomes of a geometric law, cut there."""
    law = stats.geom(p)
    return law.pmf(np.arange(1, count + 1)) / law.cdf(count)


def window_end(p, length, left):
    """Probability of every offset from 1 to `left`, where the goal is a window's end."""
    law = np.zeros(left)
    for window, share in enumerate(geometric(p, -(-left // length)), start=1):
        law[min(window * length, left) - 1] += share
    return law


def rows(values):
    return [float(value) for value in values]


print(
    json.dumps(
        {
            "chi_square_bound": {str(df): stats.chi2.ppf(0.999, df) for df in range(1, 65)},
            "geometric": [
                {"p": p, "left": left, "law": rows(geometric(p, left))}
                for p, left in [(0.3, 6), (0.05, 20), (0.9, 3), (0.01, 1)]
            ],
            "window_end": [
                {"p": p, "length": length, "left": left, "law": rows(window_end(p, length, left))}
                for p, length, left in [(0.3, 4, 14), (0.3, 4, 12), (0.5, 16, 5), (0.2, 1, 9)]
            ],
            "ranks": [
                {"law": "geometric", "p": 0.2, "alpha": 0.0, "shares": rows(geometric(0.2, 8))},
                {"law": "geometric", "p": 0.0, "alpha": 0.0, "shares": rows(np.full(7, 1 / 7))},
                {"law": "power", "p": 0.0, "alpha": 0.7, "shares": rows(stats.zipfian(0.7, 9).pmf(range(1, 10)))},
                {"law": "linear", "p": 0.0, "alpha": 0.0, "shares": rows(np.arange(10, 0, -1) / 55)},
            ],
            "returns": RETURNS,
            "quantiles": [[q, float(np.quantile(RETURNS, q))] for q in QUANTILES],
        },
        indent=1,
    )
)
