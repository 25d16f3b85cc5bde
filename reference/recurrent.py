"""Golden values for recurrent cells, from PyTorch in double precision: sequences with new beginnings
inside, and the gradients of a weighted sum of all states. PyTorch's own cells where it has them, the
published equations in its operations where it has not.

Run: python reference/recurrent.py > crates/nets/tests/data/recurrent.json
"""

import json

import torch
from torch.nn import functional

INPUT, HIDDEN, ROWS, LENGTH = 3, 4, 2, 5
torch.set_default_dtype(torch.float64)
torch.manual_seed(3)


def rounded(tensor):
    return [round(value, 9) for value in tensor.detach().reshape(-1).tolist()]


def leaf(*shape, scale=0.7):
    return (scale * torch.randn(*shape)).requires_grad_()


def gru(x, h, w):
    """torch.nn.GRUCell; the biases of reset and update gate are one here, c is that within the reset."""
    zeros = torch.zeros(2 * HIDDEN)
    return torch.gru_cell(x, h, w["input.weight"].T, w["recurrent"].T, w["input.bias"],
                          torch.cat([zeros, w["candidate"]]))


def gru_reset_before(x, h, w):
    """Keras's GRU with reset_after=False."""
    x_r, x_z, x_n = (x @ w["input.weight"] + w["input.bias"]).chunk(3, -1)
    u_r, u_z, u_n = w["recurrent"].chunk(3, -1)
    r, z = torch.sigmoid(x_r + h @ u_r), torch.sigmoid(x_z + h @ u_z)
    n = torch.tanh(x_n + (r * h) @ u_n)
    return z * h + (1 - z) * n


def gru_normalised(x, h, w):
    """The GRUCell of DreamerV2's published code, whose gates stand in another order."""
    parts = x @ w["input.weight"] + w["input.bias"] + h @ w["recurrent"]
    parts = functional.layer_norm(parts, (3 * HIDDEN,), w["norm.gamma"], w["norm.beta"], 1e-3)
    reset, update, cand = parts.chunk(3, -1)
    reset = torch.sigmoid(reset)
    cand = torch.tanh(reset * cand)
    update = torch.sigmoid(update - 1)
    return update * cand + (1 - update) * h


def lstm(x, state, w):
    """torch.nn.LSTMCell."""
    h, c = state.chunk(2, -1)
    h, c = torch.lstm_cell(x, (h, c), w["input.weight"].T, w["recurrent"].T, w["input.bias"],
                           torch.zeros(4 * HIDDEN))
    return torch.cat([h, c], -1)


def case(step, gates, vectors, extra):
    weights = {"input.weight": leaf(INPUT, gates * HIDDEN), "input.bias": leaf(gates * HIDDEN),
               "recurrent": leaf(HIDDEN, gates * HIDDEN)}
    weights |= {name: leaf(*shape) for name, shape in extra.items()}
    weights["start"] = leaf(vectors * HIDDEN)
    x, first = leaf(ROWS, LENGTH, INPUT, scale=1.0), leaf(ROWS, vectors * HIDDEN)
    begins = torch.zeros(ROWS, LENGTH)
    begins[0, 2] = begins[1, 0] = begins[1, 4] = 1
    state, states = first, []
    for t in range(LENGTH):
        anew = begins[:, t : t + 1]
        state = step(x[:, t], (1 - anew) * state + anew * weights["start"], weights)
        states.append(state)
    states = torch.stack(states, 1)
    # Outputs of all steps and the last state are what a caller can see.
    outputs, last = states[..., :HIDDEN], states[:, -1]
    of_outputs, of_last = torch.randn(ROWS, LENGTH, HIDDEN), torch.randn(ROWS, vectors * HIDDEN)
    ((outputs * of_outputs).sum() + (last * of_last).sum()).backward()
    return {
        "weights": {name: rounded(weight) for name, weight in weights.items()},
        "input": rounded(x), "first": rounded(first), "begins": rounded(begins),
        "outputs": rounded(outputs), "last": rounded(last),
        "of_outputs": rounded(of_outputs), "of_last": rounded(of_last),
        "gradients": {name: rounded(weight.grad) for name, weight in weights.items()}
        | {"x": rounded(x.grad), "first": rounded(first.grad)},
    }


def bidirectional():
    """torch.nn.LSTM over sequences of unequal lengths, packed."""
    net = torch.nn.LSTM(INPUT, HIDDEN, batch_first=True, bidirectional=True)
    x, lengths = torch.randn(ROWS, LENGTH, INPUT), torch.tensor([LENGTH, 3])
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True)
    outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(net(packed)[0], batch_first=True)
    result = {"input": rounded(x), "lengths": lengths.tolist(), "outputs": rounded(outputs)}
    for side, suffix in [("forward", ""), ("backward", "_reverse")]:
        of = lambda name: getattr(net, f"{name}_l0{suffix}")
        result[side] = {"input.weight": rounded(of("weight_ih").T), "recurrent": rounded(of("weight_hh").T),
                        "input.bias": rounded(of("bias_ih") + of("bias_hh"))}
    return result


print(json.dumps({
    "gru": case(gru, 3, 1, {"candidate": (HIDDEN,)}),
    "gru-reset-before": case(gru_reset_before, 3, 1, {}),
    "gru-normalised": case(gru_normalised, 3, 1,
                           {"norm.gamma": (3 * HIDDEN,), "norm.beta": (3 * HIDDEN,)}),
    "lstm": case(lstm, 4, 2, {}),
    "bidirectional": bidirectional(),
}))
