"""Golden values for the networks' layers and distributions, from SciPy.

Run: python reference/nets.py > crates/nets/tests/data/nets.json
"""

import json

import numpy as np
from scipy import differentiate, integrate, signal, special, stats

random = np.random.default_rng(7)


def rounded(array):
    return np.round(np.asarray(array, dtype=np.float64), 9).ravel().tolist()


def activations():
    x = np.array([-6.0, -1.5, -0.3, 0.0, 0.4, 2.0, 7.0])
    softplus = np.logaddexp(x, 0.0)
    return {
        "input": rounded(x),
        "relu": rounded(np.maximum(x, 0)),
        "elu": rounded(np.where(x > 0, x, special.expm1(x))),
        "silu": rounded(x * special.expit(x)),
        "gelu": rounded(x * stats.norm.cdf(x)),
        "mish": rounded(x * np.tanh(softplus)),
        "tanh": rounded(np.tanh(x)),
        "leaky-relu": rounded(np.where(x > 0, x, 0.01 * x)),
    }


def gaussian():
    mean, std = np.array([0.3, -1.2, 0.0]), np.array([0.5, 2.0, 0.01])
    other_mean, other_std = np.array([0.0, -1.0, 0.005]), np.array([1.0, 1.5, 0.02])
    value = np.array([0.9, 3.0, -0.02])
    kl = []
    for p, q in zip(map(stats.norm, mean, std), map(stats.norm, other_mean, other_std)):
        low, high = p.ppf(1e-14), p.isf(1e-14)
        integrand = lambda x: p.pdf(x) * (p.logpdf(x) - q.logpdf(x))
        kl.append(integrate.quad(integrand, low, high, epsabs=1e-12)[0])
    return {
        "mean": rounded(mean), "std": rounded(std), "value": rounded(value),
        "other_mean": rounded(other_mean), "other_std": rounded(other_std),
        "log_prob": rounded(stats.norm.logpdf(value, mean, std)),
        "entropy": rounded(stats.norm.entropy(mean, std)),
        "kl": rounded(kl),
    }


def tanh_normal():
    """The density as the numerical derivative of the distribution function."""
    mean, std = np.array([0.3, -0.8, 1.5]), np.array([0.5, 1.3, 0.7])
    action = np.array([0.6, -0.95, 0.1])
    density = []
    for m, s, a in zip(mean, std, action):
        function = lambda x: stats.norm.cdf(np.arctanh(x), m, s)
        density.append(differentiate.derivative(function, a, initial_step=1e-3).df)
    return {"mean": rounded(mean), "std": rounded(std), "action": rounded(action),
            "log_prob": rounded(np.log(density))}


def categorical():
    logits = random.normal(size=(2, 4)) * 2
    other = random.normal(size=(2, 4))
    p, q = special.softmax(logits, axis=1), special.softmax(other, axis=1)
    return {"logits": rounded(logits), "other": rounded(other),
            "log_probabilities": rounded(np.log(p)),
            "entropy": rounded(stats.entropy(p, axis=1)),
            "kl": rounded(stats.entropy(p, q, axis=1))}


def convolution():
    image, weight = random.normal(size=(2, 7, 6)), random.normal(size=(3, 2, 3, 3))
    bias = random.normal(size=3)

    def convolve(stride, padding):
        padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
        full = [sum(signal.correlate2d(padded[c], weight[o, c], mode="valid") for c in range(2))
                + bias[o] for o in range(3)]
        return rounded(np.stack(full)[:, ::stride, ::stride])

    return {"image": rounded(image), "weight": rounded(weight), "bias": rounded(bias),
            "stride1_padding1": convolve(1, 1), "stride2_padding0": convolve(2, 0)}


def perceptron():
    """3 -> 4 (layer normalisation, ELU) -> 2."""
    x = random.normal(size=(2, 3))
    w1, b1 = random.normal(size=(3, 4)), random.normal(size=4)
    gamma, beta = random.normal(size=4), random.normal(size=4)
    w2, b2 = random.normal(size=(4, 2)), random.normal(size=2)
    h = x @ w1 + b1
    h = stats.zscore(h, axis=1) * np.sqrt(h.var(1) / (h.var(1) + 1e-5))[:, None] * gamma + beta
    h = np.where(h > 0, h, special.expm1(h))
    return {"input": rounded(x), "layers.0.weight": rounded(w1), "layers.0.bias": rounded(b1),
            "norms.0.gamma": rounded(gamma), "norms.0.beta": rounded(beta),
            "layers.1.weight": rounded(w2), "layers.1.bias": rounded(b2),
            "output": rounded(h @ w2 + b2)}


def main():
    golden = {"activations": activations(), "gaussian": gaussian(), "tanh_normal": tanh_normal(),
              "categorical": categorical(), "convolution": convolution(),
              "perceptron": perceptron()}
    print(json.dumps(golden, indent=1))


main()
