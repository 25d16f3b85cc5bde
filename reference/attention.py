"""Golden values for attention, transformer blocks and positions, from NumPy.

Run: python reference/attention.py > crates/nets/tests/data/attention.json
"""

import json

import numpy as np
from scipy import special, stats

random = np.random.default_rng(11)


def rounded(array):
    return np.round(np.asarray(array, dtype=np.float64), 9).ravel().tolist()


def parameters(shapes):
    return {name: random.normal(size=shape) * 0.5 for name, shape in shapes.items()}


def linear(p, name, x):
    return x @ p[f"{name}.weight"] + p[f"{name}.bias"]


def attention(p, x, seen, heads, key_heads):
    rows, length, width = x.shape
    size = width // heads

    def split(name, count):
        return linear(p, name, x).reshape(rows, length, count, size).transpose(0, 2, 1, 3)

    query = split("query", heads)
    key = np.repeat(split("key", key_heads), heads // key_heads, axis=1)
    value = np.repeat(split("value", key_heads), heads // key_heads, axis=1)
    scores = np.einsum("bhtd,bhsd->bhts", query, key) / np.sqrt(size)
    read = np.zeros((rows, heads, length, size))
    for b in range(rows):
        for t in range(length):
            visible = np.flatnonzero(seen[b, t])
            if len(visible):
                weights = special.softmax(scores[b, :, t][:, visible], axis=1)
                read[b, :, t] = np.einsum("hs,hsd->hd", weights, value[b][:, visible])
    return linear(p, "output", read.transpose(0, 2, 1, 3).reshape(rows, length, width))


def linear_shapes(name, inputs, outputs):
    return {f"{name}.weight": (inputs, outputs), f"{name}.bias": (outputs,)}


def attention_shapes(width, narrow):
    return (linear_shapes("query", width, width) | linear_shapes("key", width, narrow)
            | linear_shapes("value", width, narrow) | linear_shapes("output", width, width))


def attention_case(heads, key_heads):
    width, length = 8, 5
    p = parameters(attention_shapes(width, width // heads * key_heads))
    x = random.normal(size=(2, length, width))
    seen = np.tril(np.ones((length, length)))[None] * np.array([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]])[:, None]
    return {"input": rounded(x), "present": [1, 1, 1, 1, 1, 0, 0, 1, 1, 1],
            "output": rounded(attention(p, x, seen, heads, key_heads)),
            **{name: rounded(value) for name, value in p.items()}}


def prefixed(prefix, p):
    return {name[len(prefix) + 1:]: value for name, value in p.items() if name.startswith(prefix + ".")}


def block_case(norm, feed):
    width, hidden, length = 4, 6, 3
    shapes = {f"attention.{name}": shape for name, shape in attention_shapes(width, width).items()}
    shapes |= linear_shapes("rise", width, hidden) | linear_shapes("fall", hidden, width)
    if feed == "swi-glu":
        shapes |= linear_shapes("gate", width, hidden)
    for place in ("attention_norm", "feed_norm"):
        shapes[f"{place}.{norm}.gamma"] = (width,)
        if norm == "Layer":
            shapes[f"{place}.{norm}.beta"] = (width,)
    p = parameters(shapes)

    def normal(place, x):
        gamma = p[f"{place}.{norm}.gamma"]
        if norm == "Rms":
            return x / np.sqrt((x ** 2).mean(-1, keepdims=True) + 1e-5) * gamma
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + 1e-5) * gamma + p[f"{place}.{norm}.beta"]

    x = random.normal(size=(1, length, width))
    seen = np.tril(np.ones((length, length)))[None]
    middle = x + attention(prefixed("attention", p), normal("attention_norm", x), seen, 2, 2)
    inner = normal("feed_norm", middle)
    risen = linear(p, "rise", inner)
    if feed == "swi-glu":
        gate = linear(p, "gate", inner)
        risen = gate * special.expit(gate) * risen
    else:
        risen = risen * stats.norm.cdf(risen)
    return {"input": rounded(x), "output": rounded(middle + linear(p, "fall", risen)),
            **{name: rounded(value) for name, value in p.items()}}


def positions():
    count, width = 4, 6
    angle = np.arange(count)[:, None] / 10000 ** (2 * (np.arange(width) // 2) / width)
    waves = np.where(np.arange(width) % 2 == 0, np.sin(angle), np.cos(angle))
    # A rotary turn is a product of complex numbers: elements i and i + d/2 are one number.
    vector = random.normal(size=(3, 4))
    places = np.array([0, 2, 7])
    turn = np.exp(1j * places[:, None] / 10000 ** (2 * np.arange(2) / 4))
    turned = (vector[:, :2] + 1j * vector[:, 2:]) * turn
    return {"sinusoidal": rounded(waves), "vector": rounded(vector),
            "turned": rounded(np.concatenate([turned.real, turned.imag], axis=1))}


print(json.dumps({
    "usual": attention_case(4, 4), "grouped": attention_case(4, 2),
    "layer-gelu": block_case("Layer", "gelu"), "rms-swi-glu": block_case("Rms", "swi-glu"),
    "positions": positions(),
}, indent=0))
