"""Records Gymnasium's classic control worlds for crates/worlds/tests/classic_control.rs.

Run with Gymnasium 1.x: `python reference/classic_control.py` from the repository's root.

Every file holds little-endian float64 rows [kind, action, reward, values...], where kind is 0 for a
step, 1 for one that terminates, 2 for one that is truncated, 3 for the start of an episode, and 4
for a note of the state within one, every 50 steps: poles that balance and chaotic links multiply
differences in the last digit by more than 10^10 in a whole episode. The values of kinds 3 and 4 are
the world's full internal state, those of a step the observation; all are padded with zeros to the
same width. Torques are multiples of 1/256, because Gymnasium rounds some of their products to
single precision.
"""

import pathlib

import gymnasium
import numpy as np

STEPS = 1500
FOLDER = pathlib.Path("crates/worlds/tests/data")


def cartpole(rng, episode, state):
    if episode % 8 == 0:  # A balancing controller, so that the time limit is met too.
        return int(3.0 * state[2] + state[3] + 0.1 * state[0] + 0.3 * state[1] > 0)
    return int(rng.integers(2))


def acrobot(rng, episode, state):
    if rng.random() < 0.2:
        return int(rng.integers(3))
    return 2 if state[3] > 0 else 0


def mountain_car(rng, episode, state):
    if episode % 2 == 0 or rng.random() < 0.2:
        return int(rng.integers(3))
    return 2 if state[1] > 0 else 0


def mountain_car_continuous(rng, episode, state):
    pump = 0.8 if state[1] > 0 else -0.8
    return np.clip(pump + 0.4 * rng.standard_normal(1), -1, 1).astype(np.float32)


def pendulum(rng, episode, state):
    return (rng.integers(-512, 513, 1) / 256).astype(np.float32)


def note_state(rows, kind, env, width):
    state = np.asarray(env.unwrapped.state, dtype=np.float64)
    rows.append([kind, 0.0, 0.0, *state, *[0.0] * (width - len(state))])


def record(name, identifier, policy, state_size, observation_size):
    env = gymnasium.make(identifier)
    rng = np.random.default_rng(7)
    width = max(state_size, observation_size)
    rows, steps, episode = [], 0, -1
    while steps < STEPS:
        env.reset(seed=1000 + episode)
        episode += 1
        note_state(rows, 3.0, env, width)
        kind, elapsed = 0.0, 0
        while kind == 0.0 and steps < STEPS:
            action = policy(rng, episode, env.unwrapped.state)
            observation, reward, terminated, truncated, _ = env.step(action)
            kind = 1.0 if terminated else 2.0 if truncated else 0.0
            padding = [0.0] * (width - len(observation))
            rows.append([kind, float(np.ravel(action)[0]), float(reward), *observation, *padding])
            steps += 1
            elapsed += 1
            if kind == 0.0 and elapsed % 50 == 0:
                note_state(rows, 4.0, env, width)
    np.asarray(rows, dtype="<f8").tofile(FOLDER / f"{name}.f64")
    kinds = np.asarray(rows)[:, 0]
    print(name, steps, "steps", {k: int((kinds == k).sum()) for k in (1.0, 2.0, 3.0)})


record("cartpole", "CartPole-v1", cartpole, 4, 4)
record("acrobot", "Acrobot-v1", acrobot, 4, 6)
record("mountain-car", "MountainCar-v0", mountain_car, 2, 2)
record("mountain-car-continuous", "MountainCarContinuous-v0", mountain_car_continuous, 2, 2)
record("pendulum", "Pendulum-v1", pendulum, 2, 3)
