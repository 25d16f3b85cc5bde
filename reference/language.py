"""Losses over tokens and continuous thoughts in PyTorch, with their gradients.

Each loss is written out from its paper's equation; gradients are PyTorch's automatic ones. Writes
crates/learn/tests/data/language.txt, lines of a name and numbers.
"""

import pathlib

import torch
import torch.nn.functional as functional

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)
lines = []


def record(name, values):
    lines.append((name, values.detach().reshape(-1).tolist()))


rows, steps, tokens = 4, 5, 6
logits = (torch.randn(rows, steps, tokens) * 1.5).round(decimals=3).requires_grad_()
targets = torch.randint(tokens, (rows, steps))
mask = torch.tensor([[1, 1, 1, 1, 1], [0, 1, 1, 0, 0], [1, 1, 1, 1, 0], [0, 0, 1, 1, 1]]).double()
record("logits", logits)
record("targets", targets.double())
record("mask", mask)


def token_log_probs():
    return torch.log_softmax(logits, -1).gather(-1, targets[..., None])[..., 0]


def with_gradient(name, loss):
    record(name, loss)
    (gradient,) = torch.autograd.grad(loss, logits)
    record(f"{name}_gradient", gradient)


distribution = torch.distributions.Categorical(logits=logits)
record("log_probs", distribution.log_prob(targets))
record("entropies", distribution.entropy())
uniform = torch.full((tokens,), 1.0 / tokens)
divergence = functional.kl_div(torch.log_softmax(logits, -1), uniform.expand_as(logits), reduction="none")
record("uniform_divergence", divergence.sum(-1))
support = torch.tensor([1.0, 0.0, 1.0, 1.0, 0.0, 1.0])
inside = logits[..., support.bool()]
record("support", support)
record("support_certainty", torch.logsumexp(inside, -1) - inside.mean(-1))

weights = mask * torch.tensor([1.0, 2.0, 0.5, 1.0, 3.0])
flat = functional.cross_entropy(logits.reshape(-1, tokens), targets.reshape(-1), reduction="none")
with_gradient("sft", (flat.reshape(rows, steps) * weights).sum() / weights.sum())
record("weights", weights)

rewards = torch.tensor([[1.0, 0.0], [0.25, 0.75]])
advantage = (rewards - rewards.mean(1, keepdim=True)) / (rewards.std(1, keepdim=True) + 1e-6)
record("rewards", rewards)
record("advantages", advantage)
record("undivided", rewards - rewards.mean(1, keepdim=True))
record("leave_one_out", rewards - (rewards.sum(1, keepdim=True) - rewards))
record("of_batch", (rewards - rewards.mean()) / (rewards.std() + 1e-6))

old = (token_log_probs() + 0.3 * torch.randn(rows, steps)).detach().float().double()
reference = (token_log_probs() + 0.5 * torch.randn(rows, steps)).detach().float().double()
record("old", old)
record("reference", reference)
ADVANTAGE = advantage.reshape(-1, 1)
LOW, HIGH, BETA = 0.2, 0.28, 0.04


def grpo(estimator):
    log_prob = token_log_probs()
    ratio = (log_prob - old).exp()
    surrogate = torch.minimum(ratio * ADVANTAGE, ratio.clamp(1 - LOW, 1 + HIGH) * ADVANTAGE)
    delta = log_prob - reference
    kl = {"k1": delta, "k2": delta**2 / 2, "k3": (-delta).exp() - 1 + delta}[estimator]
    return -surrogate + BETA * kl


with_gradient("grpo", ((grpo("k3") * mask).sum(1) / mask.sum(1)).mean())
with_gradient("dapo", (grpo("k2") * mask).sum() / mask.sum())
with_gradient("dr_grpo", ((grpo("k1") * mask).sum(1) / 8).mean())

summed = (token_log_probs() * mask).sum(1)
summed_reference = (reference * mask).sum(1)
implicit = 0.1 * (summed - summed_reference)
difference = implicit[:2] - implicit[2:]
smoothing = 0.1
losses = -(1 - smoothing) * functional.logsigmoid(difference) - smoothing * functional.logsigmoid(-difference)
with_gradient("dpo", losses.mean())

mean = torch.randn(2, 3, 4).float().double().requires_grad_()
log_variance = torch.randn(2, 3, 4).float().double().requires_grad_()
thoughts, noise = (torch.randn(2, 3, 4).float().double() for _ in range(2))
record("mean", mean)
record("log_variance", log_variance)
record("thoughts", thoughts)
record("noise", noise)
normal = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
record("density_mean", normal.log_prob(thoughts).mean(-1))
record("density_sum", normal.log_prob(thoughts).sum(-1))
soft = ((mean + (0.5 * log_variance).exp() * noise - thoughts) ** 2).mean(-1) - 0.01 * normal.entropy().mean(-1)
record("soft", soft)
for name, loss in [("density", normal.log_prob(thoughts).mean(-1).sum()), ("soft", soft.sum())]:
    gradients = torch.autograd.grad(loss, [mean, log_variance], retain_graph=True)
    record(f"{name}_gradients", torch.cat([gradient.reshape(-1) for gradient in gradients]))

target = pathlib.Path(__file__).parent.parent / "crates/learn/tests/data/language.txt"
target.write_text("".join(f"{name} {' '.join(map(repr, map(float, row)))}\n" for name, row in lines))
