"""Golden values of exact tables, computed with NumPy from definitions written down here once more.

Writes crates/worlds/tests/data/tables.txt, lines of a name and numbers; matrices are row-major.
"""

import pathlib

import numpy as np

lines = []


def line(name, values):
    lines.append(" ".join([name, *(repr(float(value)) for value in np.ravel(values))]))


def value_iteration(transitions, rewards, discount):
    """transitions [S, A, S] (rows may sum to less than 1), rewards [S, A]."""
    values = np.zeros(len(transitions))
    for _ in range(100_000):
        action_values = rewards + discount * transitions @ values
        change = np.abs(action_values.max(1) - values).max()
        values = action_values.max(1)
        if change < 1e-14:
            break
    return values, action_values


def solutions(name, transitions, rewards, start, policy, discount):
    """Solutions under `policy` [S, A] of a process that never ends."""
    states = len(transitions)
    chain = np.einsum("sa,sat->st", policy, transitions)
    successor = np.linalg.inv(np.eye(states) - discount * chain)
    future = np.einsum("sat,tu->sau", transitions, successor) * (1 - discount)
    eigenvalues, vectors = np.linalg.eig(chain.T)
    stationary = np.real(vectors[:, np.argmin(np.abs(eigenvalues - 1))])
    line(f"{name}-values", successor @ (policy * rewards).sum(1))
    line(f"{name}-occupancy", (1 - discount) * start @ successor)
    line(f"{name}-successor", successor)
    line(f"{name}-future", future)
    line(f"{name}-stationary", stationary / stationary.sum())


def small(random):
    """Five states, three actions, two successors each, begins in state 0 or 1."""
    states, actions, discount = 5, 3, 0.9
    transitions = np.zeros((states, actions, states))
    for state in range(states):
        for action in range(actions):
            first, second = random.choice(states, 2, replace=False)
            share = random.random()
            transitions[state, action, first] = share
            transitions[state, action, second] = 1 - share
    rewards = random.uniform(-1, 1, (states, actions))
    policy = random.dirichlet(np.ones(actions), states)
    start = np.array([0.25, 0.75, 0, 0, 0])
    line("small-transitions", transitions)
    line("small-rewards", rewards)
    line("small-policy", policy)
    values, action_values = value_iteration(transitions, rewards, discount)
    line("small-optimal-values", values)
    line("small-optimal-action-values", action_values)
    solutions("small", transitions, rewards, start, policy, discount)


def step(side, row, column, move):
    down, right = [(-1, 0), (0, 1), (1, 0), (0, -1), (0, 0)][move]
    if 0 <= row + down < side and 0 <= column + right < side:
        return (row + down) * side + column + right
    return row * side + column


def slippery(side, actions, slip):
    transitions = np.zeros((side * side, actions, side * side))
    for cell in range(side * side):
        for action in range(actions):
            for executed in range(actions):
                probability = (1 - slip) * (executed == action) + slip / actions
                transitions[cell, action, step(side, cell // side, cell % side, executed)] += probability
    return transitions


def grid7():
    transitions = slippery(7, 4, 0.2)
    rewards = 1.5 * transitions[:, :, 48]  # the mean of 3 and 0; other rewards have mean 0
    rewards[48] = 0
    transitions[:, :, 48] = 0  # the episode ends
    transitions[48] = 0
    values, action_values = value_iteration(transitions, rewards, 0.95)
    line("grid7-slip-optimal-values", values)
    line("grid7-slip-optimal-action-values", action_values)
    uniform = np.einsum("sat->st", transitions) / 4
    line("grid7-slip-uniform-values", np.linalg.solve(np.eye(49) - 0.95 * uniform, rewards.mean(1)))


def corridor():
    transitions, rewards = np.zeros((10, 2, 10)), np.zeros((10, 2))
    for cell in range(10):
        for action in range(2):
            for right in range(2):
                probability = 0.8 if right == action else 0.2
                next_cell = cell + 2 * right - 1
                if 0 <= next_cell < 10:
                    transitions[cell, action, next_cell] += probability
                else:
                    rewards[cell, action] += probability * (0.2 * 5 if right else 0.5 * (-1 + 0.4))
    values, action_values = value_iteration(transitions, rewards, 0.9)
    line("stochastic-corridor-optimal-action-values", action_values)


def gridwalk():
    transitions = slippery(5, 5, 0.1)
    uniform = np.full((25, 5), 0.2)
    solutions("gridwalk-5x5", transitions, np.zeros((25, 5)), np.full(25, 1 / 25), uniform, 0.9)


small(np.random.default_rng(0))
grid7()
corridor()
gridwalk()
target = pathlib.Path(__file__).parent.parent / "crates/worlds/tests/data/tables.txt"
target.write_text("\n".join(lines) + "\n")
