"""Golden values for networks as functions of their parameters, from PyTorch in double precision:
gradients through one and three steps of gradient descent (`create_graph`), directional derivatives and
gradients by sample (`torch.func`).

Run: python reference/functional.py > crates/nets/tests/data/functional.json
"""

import json

import torch
from torch.func import grad, jvp, vmap
from torch.nn.functional import cross_entropy, gelu, mish, silu

torch.set_default_dtype(torch.float64)
torch.manual_seed(8)
WIDTHS, ROWS = (3, 5, 4, 2), 6
ACTIVATIONS = {"tanh": torch.tanh, "silu": silu, "gelu": gelu, "mish": mish}


def rounded(tensors):
    tensors = tensors if isinstance(tensors, (list, tuple)) else [tensors]
    return [round(value, 9) for tensor in tensors for value in tensor.detach().reshape(-1).tolist()]


def drawn():
    parameters = []
    for fan_in, fan_out in zip(WIDTHS, WIDTHS[1:]):
        parameters += [0.8 * torch.randn(fan_in, fan_out), 0.3 * torch.randn(1, fan_out)]
    return parameters


def forward(parameters, x, activation):
    layers = list(zip(parameters[::2], parameters[1::2]))
    for index, (weight, bias) in enumerate(layers):
        x = x @ weight + bias
        x = activation(x) if index + 1 < len(layers) else x
    return x


def error(kind, output, target):
    if kind == "cross-entropy":
        return cross_entropy(output, target, reduction="none")
    return 0.5 * ((output - target) ** 2).sum(1)


def case(name, kind):
    activation = ACTIVATIONS[name]
    start = drawn()
    x, outer_x = torch.randn(ROWS, WIDTHS[0]), torch.randn(ROWS, WIDTHS[0])
    targets = [torch.randn(ROWS, WIDTHS[-1]) for _ in range(2)]
    if kind == "cross-entropy":
        targets = [torch.softmax(target, 1) for target in targets]
    direction = drawn()
    result = {"kind": kind, "parameters": rounded(start), "input": rounded(x), "outer_input": rounded(outer_x),
              "target": rounded(targets[0]), "outer_target": rounded(targets[1]), "direction": rounded(direction)}

    def loss_of(parameters, x, target):
        return error(kind, forward(parameters, x[None], activation), target[None])[0]

    result["losses"] = rounded(vmap(lambda x, t: loss_of(start, x, t))(x, targets[0]))
    result["per_sample"] = rounded(list(vmap(grad(loss_of), (None, 0, 0))(start, x, targets[0])))
    result["gradients"] = rounded(grad(lambda p: vmap(lambda x, t: loss_of(p, x, t))(x, targets[0]).sum())(start))
    output, change = jvp(lambda *p: forward(p, x, activation), tuple(start), tuple(direction))
    result["output"], result["change"] = rounded(output), rounded(change)

    for steps in (1, 3):
        leaves = [parameter.clone().requires_grad_() for parameter in start]
        rate, inner = torch.tensor([[0.4]], requires_grad=True), x.clone().requires_grad_()
        parameters = leaves
        for _ in range(steps):
            loss = error(kind, forward(parameters, inner, activation), targets[0]).mean()
            slopes = torch.autograd.grad(loss, parameters, create_graph=True)
            parameters = [p - rate * slope for p, slope in zip(parameters, slopes)]
        loss = error(kind, forward(parameters, outer_x, activation), targets[1]).mean()
        loss.backward()
        result[f"after_{steps}"] = {"loss": rounded(loss), "start": rounded([leaf.grad for leaf in leaves]),
                                    "rate": rounded(rate.grad), "input": rounded(inner.grad)}
    return result


print(json.dumps({
    "tanh": case("tanh", "squared-error"), "silu": case("silu", "cross-entropy"),
    "gelu": case("gelu", "squared-error"), "mish": case("mish", "cross-entropy"),
}))
