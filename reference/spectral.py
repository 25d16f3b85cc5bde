"""Golden values for spectral normalisation, from PyTorch's parametrisation in double precision: a linear
map and a convolution, their vectors after every training forward, and gradients.

Run: python reference/spectral.py > crates/nets/tests/data/spectral.json
"""

import json

import torch
from torch.nn.utils.parametrizations import spectral_norm

torch.set_default_dtype(torch.float64)
torch.manual_seed(4)


def rounded(tensor):
    return [round(value, 9) for value in tensor.detach().reshape(-1).tolist()]


class Weight(torch.nn.Module):
    """A weight alone, whose first dimension PyTorch takes for the rows of the matrix."""

    def __init__(self, *shape):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(*shape))


def case(*shape):
    module = spectral_norm(Weight(*shape))
    inside = module.parametrizations.weight[0]
    original = module.parametrizations.weight.original
    vectors = lambda: rounded(torch.cat([inside._u, inside._v]))
    cotangent = torch.randn(*shape)
    result = {"shape": shape, "weight": rounded(original), "vectors": vectors(), "cotangent": rounded(cotangent), "steps": []}
    for _ in range(3):
        original.grad = None
        module.train()
        value = module.weight
        (value * cotangent).sum().backward()
        result["steps"].append({"vectors": vectors(), "value": rounded(value), "gradient": rounded(original.grad)})
        with torch.no_grad():
            original += 0.3 * cotangent
    module.eval()
    before = vectors()
    result["evaluation"] = rounded(module.weight)
    assert vectors() == before
    return result


print(json.dumps({"linear": case(4, 3), "convolution": case(3, 2, 2, 2)}))
