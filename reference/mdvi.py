"""Golden values of mirror descent value iteration, computed with NumPy from its definition.

Writes crates/methods/tests/data/mdvi.txt, lines of a name and numbers; matrices are row-major. The
policy of every iteration maximises its objective by a direct solve of the optimality condition in
probabilities, without logarithms kept between iterations.
"""

import pathlib

import numpy as np

STATES, ACTIONS, DISCOUNT, ITERATIONS = 4, 2, 0.9, 12
random = np.random.default_rng(5)
transitions = random.dirichlet(np.ones(STATES), (STATES, ACTIONS))
rewards = random.uniform(-1, 1, (STATES, ACTIONS))
errors = random.normal(size=(ITERATIONS, STATES, ACTIONS)) * 0.3
lines = []


def line(name, values):
    lines.append(" ".join([name, *(repr(float(value)) for value in np.ravel(values))]))


def run(name, weight, entropy, regularised_evaluation):
    policy = np.full((STATES, ACTIONS), 1 / ACTIONS)
    values = np.zeros((STATES, ACTIONS))
    for error in errors:
        previous = policy
        if weight + entropy == 0:
            policy = np.eye(ACTIONS)[values.argmax(1)]
            bonus = 0
        else:
            raised = previous ** (weight / (weight + entropy)) * np.exp(values / (weight + entropy))
            policy = raised / raised.sum(1, keepdims=True)
            divergence = (policy * np.log(policy / previous)).sum(1)
            bonus = -weight * divergence - entropy * (policy * np.log(policy)).sum(1)
        state_values = (policy * values).sum(1) + (bonus if regularised_evaluation else 0)
        values = rewards + DISCOUNT * transitions @ state_values + error
    line(f"{name}-values", values)
    line(f"{name}-policy", policy)


line("transitions", transitions)
line("rewards", rewards)
line("errors", errors)
run("type-1", 0.5, 0.0, True)
run("type-1-entropy", 0.5, 0.2, True)
run("type-2", 0.5, 0.2, False)
run("plain", 0.0, 0.0, True)
target = pathlib.Path(__file__).parent.parent / "crates/methods/tests/data/mdvi.txt"
target.parent.mkdir(parents=True, exist_ok=True)
target.write_text("\n".join(lines) + "\n")
