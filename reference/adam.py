"""Adam and AdamW in 64-bit numpy, as in Kingma and Ba (2015) and Loshchilov and Hutter (2019).

Writes crates/learn/tests/data/adam.txt, lines of a name and numbers: a fixed sequence of gradients
and the parameters after every step, for L2 in the gradient and for decoupled weight decay.
"""

import pathlib

import numpy as np

rate, beta_1, beta_2, epsilon, decay = 3e-2, 0.9, 0.999, 1e-6, 0.1
start = np.array([1.0, -2.0, 0.5, 0.25])
gradients = np.array([[0.5 * np.sin(1.0 + 2.0 * t + 3.0 * i) for i in range(4)] for t in range(12)])
lines = [("settings", [rate, beta_1, beta_2, epsilon, decay]), ("start", start)]
lines += [("gradient", gradient) for gradient in gradients]
for name, penalty, shrink in [("plain", 0.0, 0.0), ("penalty", decay, 0.0), ("decoupled", 0.0, decay)]:
    value, first, second = start.copy(), np.zeros(4), np.zeros(4)
    for step, gradient in enumerate(gradients, start=1):
        gradient = gradient + penalty * value
        value = value * (1.0 - rate * shrink)
        first = beta_1 * first + (1.0 - beta_1) * gradient
        second = beta_2 * second + (1.0 - beta_2) * gradient**2
        mean, square = first / (1.0 - beta_1**step), second / (1.0 - beta_2**step)
        value = value - rate * mean / (np.sqrt(square) + epsilon)
        lines.append((name, value))
target = pathlib.Path(__file__).parent.parent / "crates/learn/tests/data/adam.txt"
target.write_text("".join(f"{name} {' '.join(map(repr, map(float, row)))}\n" for name, row in lines))
