"""Golden values of nets::diffusion, by NumPy in float64 from the papers' formulas.

    python reference/diffusion.py > crates/nets/tests/data/diffusion.json
"""

import json

import numpy as np


def cosine(steps):
    """Nichol and Dhariwal (2021), equation 17."""
    level = np.cos((np.arange(steps + 1) / steps + 0.008) / 1.008 * np.pi / 2) ** 2
    return np.clip(1 - level[1:] / level[:-1], 0, 0.999)


def linear(steps):
    """Ho et al. (2020), section 4, stretched to another number of steps."""
    return np.clip(np.linspace(1e-4, 0.02, steps) * 1000 / steps, 0, 0.999)


def schedule(beta):
    """abar, and mean factors and deviation of the posterior (Ho et al., equations 6 and 7)."""
    abar = np.cumprod(1 - beta)
    before = np.concatenate([[1.0], abar[:-1]])
    return {
        "beta": beta.tolist(),
        "kept": abar.tolist(),
        "x0": (beta * np.sqrt(before) / (1 - abar)).tolist(),
        "xk": ((1 - before) * np.sqrt(1 - beta) / (1 - abar)).tolist(),
        "std": np.sqrt(beta * (1 - before) / (1 - abar)).tolist(),
    }


def implicit(beta, late, early, eta):
    """Song et al. (2021), equation 12: x_early from eps and x_0, both of the step `late`."""
    abar = np.concatenate([[1.0], np.cumprod(1 - beta)])
    std = eta * np.sqrt((1 - abar[early]) / (1 - abar[late]) * (1 - abar[late] / abar[early]))
    x_late, x_0 = 0.7, -0.4
    eps = (x_late - np.sqrt(abar[late]) * x_0) / np.sqrt(1 - abar[late])
    mean = np.sqrt(abar[early]) * x_0 + np.sqrt(1 - abar[early] - std**2) * eps
    return {"late": late, "early": early, "eta": eta, "mean": mean, "std": std}


def wave(shape, phase):
    """Numbers that any language can make."""
    return np.sin(np.arange(np.prod(shape)) * 0.7 + phase).reshape(shape)


def convolution(x, weight, bias, stride):
    """x [H, C, B], weight [C', K, C]."""
    kernel = weight.shape[1]
    padded = np.pad(x, ((kernel // 2, kernel // 2), (0, 0), (0, 0)))
    rows = range(0, x.shape[0], stride)
    return np.stack([np.einsum("okc,kcb->ob", weight, padded[h : h + kernel]) + bias[:, None] for h in rows])


def group_norm(x, groups, gamma, beta):
    rows, channels, samples = x.shape
    parts = x.reshape(rows, groups, channels // groups, samples)
    mean = parts.mean((0, 2), keepdims=True)
    variance = parts.var((0, 2), keepdims=True)
    normal = ((parts - mean) / np.sqrt(variance + 1e-5)).reshape(x.shape)
    return normal * gamma[:, None] + beta[:, None]


def sinusoids(steps, width):
    half = width // 2
    angles = np.outer(steps, np.exp(-np.log(10000) / (half - 1) * np.arange(half)))
    return np.concatenate([np.sin(angles), np.cos(angles)], 1)


def main():
    x, weight, bias = wave((4, 3, 2), 0.1), wave((2, 5, 3), 0.2), wave((2,), 0.3)
    normed = wave((3, 4, 2), 0.4)
    values = {
        "cosine": schedule(cosine(10)),
        "linear": schedule(linear(20)),
        "implicit": [implicit(cosine(10), *case) for case in [(10, 7, 0.0), (6, 2, 0.5), (3, 0, 1.0), (5, 4, 1.0)]],
        "convolution": convolution(x, weight, bias, 1).ravel().tolist(),
        "strided": convolution(x, weight, bias, 2).ravel().tolist(),
        "group_norm": group_norm(normed, 2, wave((4,), 0.5), wave((4,), 0.6)).ravel().tolist(),
        "sinusoids": sinusoids(np.array([1.0, 7.0]), 8).ravel().tolist(),
    }
    print(json.dumps(values, indent=1))


main()
