"""Golden values for codes of one-hot vectors, Gaussian heads and balanced divergences, from PyTorch's
distributions and automatic differentiation in double precision.

Run: python reference/vae.py crates/nets/tests/data/vae.json crates/learn/tests/data/information.txt
"""

import json
import sys

import torch
from torch.distributions import Independent, Normal, OneHotCategorical, kl_divergence

torch.set_default_dtype(torch.float64)
torch.manual_seed(5)
ROWS, GROUPS, CLASSES, MIX = 3, 2, 4, 0.01


def rounded(tensor):
    return [round(value, 9) for value in tensor.detach().reshape(-1).tolist()]


def mixed(logits):
    own = torch.softmax(logits.reshape(ROWS, GROUPS, CLASSES), -1)
    return OneHotCategorical(probs=(1 - MIX) * own + MIX / CLASSES)


def codes():
    logits = (2 * torch.randn(ROWS, GROUPS * CLASSES)).requires_grad_()
    other = 2 * torch.randn(ROWS, GROUPS * CLASSES)
    code = OneHotCategorical(probs=torch.ones(ROWS, GROUPS, CLASSES)).sample()
    cotangent = torch.randn(ROWS, GROUPS * CLASSES)
    found, uniform = mixed(logits), OneHotCategorical(probs=torch.ones(ROWS, GROUPS, CLASSES))
    # The gradient of a sample is that of the probabilities, whatever was drawn.
    (found.probs.reshape(ROWS, -1) * cotangent).sum().backward()
    return {
        "logits": rounded(logits), "other": rounded(other), "code": rounded(code), "cotangent": rounded(cotangent),
        "probabilities": rounded(found.probs), "log_prob": rounded(found.log_prob(code)),
        "entropy": rounded(found.entropy()), "kl": rounded(kl_divergence(found, mixed(other))),
        "to_uniform": rounded(kl_divergence(found, uniform).sum(-1)), "gradient": rounded(logits.grad),
    }


def softplus():
    mean, raw = torch.randn(ROWS, 2), torch.tensor([[-30.0, -2.0], [0.0, 1.5], [3.0, 40.0]])
    normal = Normal(mean, torch.nn.functional.softplus(raw) + 0.1)
    return {"mean": rounded(mean), "raw": rounded(raw), "std": rounded(normal.stddev),
            "to_standard": rounded(kl_divergence(normal, Normal(0.0, 1.0)).sum(-1))}


def balanced(post, prior, share, free, nats):
    """kl_loss of DreamerV2's published code, free of the same number of nats on either side."""
    detached = lambda normal: Independent(Normal(normal.mean.detach(), normal.stddev.detach()), 1)
    to_prior, to_post = kl_divergence(detached(post), prior), kl_divergence(post, detached(prior))
    nats = torch.tensor(nats)
    if free == "mean":
        to_prior, to_post = torch.maximum(to_prior.mean(), nats), torch.maximum(to_post.mean(), nats)
    elif free == "element":
        to_prior, to_post = torch.maximum(to_prior, nats), torch.maximum(to_post, nats)
    return (share * to_prior + (1 - share) * to_post).mean()


def divergences(out):
    values = torch.randn(4, ROWS, 2)
    out.append(("values", values.reshape(-1)))
    for share in (0.8, 0.5):
        for free, nats in (("none", 0.0), ("mean", 1.0), ("mean", 50.0), ("element", 2.0)):
            leaf = values.clone().requires_grad_()
            normal = lambda first: Independent(Normal(leaf[first], leaf[first + 1].exp()), 1)
            loss = balanced(normal(0), normal(2), share, free, nats)
            loss.backward()
            out.append((f"balanced-{free}", torch.cat([torch.tensor([share, nats]), loss.reshape(1), leaf.grad.reshape(-1)])))


with open(sys.argv[1], "w") as file:
    json.dump({"codes": codes(), "softplus": softplus()}, file)
lines = []
divergences(lines)
with open(sys.argv[2], "w") as file:
    for name, tensor in lines:
        file.write(name + " " + " ".join(repr(value) for value in rounded(tensor)) + "\n")
