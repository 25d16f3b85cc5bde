"""Records trajectories of the original MinAtar games with every random draw they made.

Usage: python reference/minatar_trajectories.py   (needs the package `MinAtar`, recorded with 1.0.15)

Writes crates/worlds/tests/data/minatar/<game>.txt, one line per event, fields separated by blanks:

    run STICKY RAMPING
    reset DRAWS HASH
    step ACTION DRAWS REWARD TERMINAL HASH [PLANES]

DRAWS lists what the step drew, joined by commas (`-` for nothing): `r0.25` is a number from [0, 1),
`i3` the whole number 3 counted from the lower bound of its range. HASH is 64-bit FNV-1a over the
observation's bytes (0 or 1; row, column, channel). PLANES, every 50th step, holds the same bytes
packed eight to a byte, first bit highest, in hexadecimal.
"""

import copy
import pathlib
import random

import numpy as np
from minatar import Environment

STAY, LEFT, UP, RIGHT, DOWN, FIRE = range(6)


class Recorder:
    """Stands in for numpy's RandomState and notes each number that it gives."""

    def __init__(self, seed):
        self.generator = np.random.RandomState(seed)
        self.draws = []

    def rand(self, size=None):
        values = self.generator.rand() if size is None else self.generator.rand(size)
        self.draws += [f"r{float(value)!r}" for value in np.atleast_1d(values)]
        return values

    def randint(self, low, high=None, size=None):
        values = self.generator.randint(low, high, size)
        base = 0 if high is None else low
        self.draws += [f"i{int(value) - base}" for value in np.atleast_1d(values)]
        return values

    def take(self):
        draws, self.draws = self.draws, []
        return ",".join(draws) or "-"


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def survives(environment, action, depth, dice):
    """Whether some continuation of `action` is seen to last for `depth` more steps."""
    for _ in range(4):
        trial = copy.deepcopy(environment)
        if trial.act(action)[1]:
            continue
        if all(not trial.act(dice.randrange(6))[1] for _ in range(depth)):
            return True
    return False


def cautious(environment, preferred, dice, depth=3):
    """The first of the preferred and then of shuffled other actions that is seen to survive."""
    others = list(range(6))
    dice.shuffle(others)
    for action in preferred + others:
        if survives(environment, action, depth, dice):
            return action
    return others[0]


def skilled(name, environment, dice):
    """A player good enough to reach what random actions never do."""
    game = environment.env
    if name in ("asterix", "space_invaders", "freeway") and dice.random() < 0.1:
        return dice.randrange(6)
    if name == "breakout":
        ahead = copy.deepcopy(game)
        ahead.pos = -5
        while not ahead.act(STAY)[1]:
            pass
        # Meeting the ball a cell early or late sends it back along different paths.
        target = ahead.ball_x if dice.random() < 0.5 else ahead.last_x
        return STAY if target == game.pos else RIGHT if target > game.pos else LEFT
    if name == "asterix":
        return cautious(environment, [], dice)
    if name == "freeway":
        return UP if dice.random() < 0.95 else DOWN
    if name == "space_invaders":
        return cautious(environment, [FIRE] if dice.random() < 0.6 else [], dice)
    wishes = []
    if game.diver_count == 6 or (game.diver_count > 0 and game.oxygen < 60):
        wishes = [UP]
    elif game.divers and dice.random() < 0.8:
        x, y = min(game.divers, key=lambda d: abs(d[0] - game.sub_x) + abs(d[1] - game.sub_y))[:2]
        if y != game.sub_y:
            wishes.append(DOWN if y > game.sub_y else UP)
        if x != game.sub_x:
            wishes.append(RIGHT if x > game.sub_x else LEFT)
    elif game.sub_y == 0:
        wishes = [DOWN]
    if dice.random() < 0.3:
        wishes.insert(0, FIRE)
    if game.sub_y == 1 and game.diver_count <= 0 and UP in wishes:
        wishes = [wish for wish in wishes if wish != UP]
    return cautious(environment, wishes, dice)


def record(name, lines, sticky, ramping, steps, seed, player):
    environment = Environment(name, sticky_action_prob=sticky, difficulty_ramping=ramping)
    recorder = Recorder(seed)
    environment.random = environment.env.random = recorder
    dice = random.Random(seed)
    lines.append(f"run {sticky} {str(ramping).lower()}")
    environment.reset()
    lines.append(f"reset {recorder.take()} {fnv(environment.state().tobytes())}")
    total, episodes, ramp = 0, 1, 0
    for step in range(steps):
        action = dice.randrange(6) if player is None else player(name, environment, dice)
        recorder.take()
        reward, terminal = environment.act(action)
        total += reward
        ramp = max(ramp, environment.env.difficulty_ramp() or 0)
        planes = environment.state()
        line = f"step {action} {recorder.take()} {int(reward)} {int(terminal)} {fnv(planes.tobytes())}"
        if step % 50 == 49:
            line += " " + np.packbits(planes.reshape(-1)).tobytes().hex()
        lines.append(line)
        if terminal:
            episodes += 1
            environment.reset()
            lines.append(f"reset {recorder.take()} {fnv(environment.state().tobytes())}")
    print(f"{name}: {steps} steps, {episodes} episodes, reward {total}, ramp {ramp}")


def main():
    folder = pathlib.Path(__file__).parent.parent / "crates/worlds/tests/data/minatar"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ["breakout", "asterix", "freeway", "seaquest", "space_invaders"]:
        lines = []
        record(name, lines, 0.1, True, 1000, 1, None)
        record(name, lines, 0.1, True, 1200 if name != "freeway" else 2800, 2, skilled)
        record(name, lines, 0.0, True, 1600 if name != "freeway" else 200, 3, skilled)
        record(name, lines, 0.25, False, 300, 4, None)
        path = folder / f"{name.replace('_', '-')}.txt"
        path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
