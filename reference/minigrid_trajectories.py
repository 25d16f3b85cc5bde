"""Records levels, trajectories and shortest solutions of the original Minigrid.

Usage: python reference/minigrid_trajectories.py
(needs the packages `minigrid` and `gymnasium`; recorded with 3.2.0 and 1.4.0; takes some minutes)

Writes two files to crates/worlds/tests/data/minigrid. A cell is one character: `#` wall, `.` empty,
`*` goal, `?` not seen, and letters for what has one of the six colours (red, green, blue, purple,
yellow, grey): `abcdef` keys, `ghijkl` balls, `mnopqr` boxes, `ABCDEF` open, `GHIJKL` closed and
`MNOPQR` locked doors. Fields are separated by blanks.

trajectories.txt, one line per event:

    level WORLD COLUMN ROW DIRECTION SOLUTION GRID VIEW
    step ACTION REWARD TERMINATED TRUNCATED COLUMN ROW DIRECTION VIEW
    full GRID

WORLD is the name of this library's world with the same rules. GRID has the level's rows joined by
`/`, without the agent. VIEW has the 49 cells of the agent's view in the order of the original's
array, whose first index is the column. SOLUTION is the least number of steps, found here by
breadth-first search over all actions (0 where there are too many states for that). `full`, at the
end of every episode, is the whole level then.

statistics.txt: WORLD LEVELS, and then for each FEATURE of `features` its NAME MEAN DEVIATION over
the levels that seeds from 1000 on give.
"""

import collections
import pathlib
import random

import numpy as np
from minigrid.core.world_object import Door
from minigrid.envs import DoorKeyEnv, EmptyEnv, FourRoomsEnv, KeyCorridorEnv, MultiRoomEnv, UnlockPickupEnv

LEFT, RIGHT, FORWARD, PICKUP, DROP, TOGGLE, DONE = range(7)
STEPS = [(1, 0), (0, 1), (-1, 0), (0, -1)]
KEYS, BALLS, BOXES = "abcdef", "ghijkl", "mnopqr"
OPEN, CLOSED, LOCKED = "ABCDEF", "GHIJKL", "MNOPQR"


def empty(size, **options):
    return EmptyEnv(size=size, **options)


def corridor(room, rows, **options):
    return KeyCorridorEnv(room_size=room, num_rows=rows, **options)


def rooms(least, most, size, **options):
    return MultiRoomEnv(minNumRooms=least, maxNumRooms=most, maxRoomSize=size, **options)


# This library's name, the original, and how many levels the statistics are of.
WORLDS = [
    ("minigrid-empty,size=5", lambda **o: empty(5, **o), 0),
    ("minigrid-empty,size=8,start=random", lambda **o: empty(8, agent_start_pos=None, **o), 4000),
    ("minigrid-doorkey,size=5", lambda **o: DoorKeyEnv(size=5, **o), 0),
    ("minigrid-doorkey,size=6", lambda **o: DoorKeyEnv(size=6, **o), 4000),
    ("minigrid-doorkey,size=8", lambda **o: DoorKeyEnv(size=8, **o), 2000),
    ("minigrid-keycorridor,rows=1", lambda **o: corridor(3, 1, **o), 400),
    ("minigrid-keycorridor,rows=2", lambda **o: corridor(3, 2, **o), 400),
    ("minigrid-keycorridor", lambda **o: corridor(3, 3, **o), 200),
    ("minigrid-keycorridor,room_size=4", lambda **o: corridor(4, 3, **o), 0),
    ("minigrid-keycorridor,room_size=6", lambda **o: corridor(6, 3, **o), 0),
    ("minigrid-multiroom,rooms=2,room_size=4", lambda **o: rooms(2, 2, 4, **o), 1000),
    ("minigrid-multiroom", lambda **o: rooms(4, 4, 5, **o), 1000),
    ("minigrid-multiroom,rooms=2-4", lambda **o: rooms(2, 4, 5, **o), 1000),
    ("minigrid-multiroom,rooms=6,room_size=10", lambda **o: rooms(6, 6, 10, **o), 1000),
    ("minigrid-unlock-pickup", lambda **o: UnlockPickupEnv(**o), 1000),
    ("minigrid-fourrooms", lambda **o: FourRoomsEnv(**o), 2000),
]
# Those with too many states for a search of this kind.
UNSOLVED = {
    name + limit
    for name in ("minigrid-keycorridor,room_size=4", "minigrid-keycorridor,room_size=6")
    for limit in ("", ",horizon=9")
}


def code(kind, colour, state):
    """The character of an encoded cell."""
    if kind == 4:
        return (OPEN, CLOSED, LOCKED)[state][colour]
    if kind in (5, 6, 7):
        return (KEYS, BALLS, BOXES)[kind - 5][colour]
    character, expected = {0: ("?", (0, 0)), 1: (".", (0, 0)), 2: ("#", (5, 0)), 8: ("*", (1, 0))}[kind]
    assert (colour, state) == expected
    return character


def coded(image):
    return "".join(code(*cell) for cell in image.reshape(-1, 3).tolist())


def grid(env):
    image = env.grid.encode().transpose(1, 0, 2)
    return ["".join(code(*cell) for cell in row) for row in image.tolist()]


class Search:
    """Breadth-first search over place, direction, doors, and where the key is."""

    def __init__(self, rows, target):
        self.rows, self.target = rows, target
        places = {(x, y): cell for y, row in enumerate(rows) for x, cell in enumerate(row)}
        self.places = places
        self.doors = [place for place, cell in places.items() if cell in OPEN + CLOSED + LOCKED]
        self.key = next((place for place, cell in places.items() if cell in KEYS), None)
        self.thing = next((place for place, cell in places.items() if cell in BALLS + BOXES), None)

    def content(self, place, doors, key, thing):
        """What is in a cell: a door's state, `key`, `thing`, or the cell's character."""
        if place in self.doors:
            return "OCL"[doors[self.doors.index(place)]]
        if place == key:
            return "key"
        if place == thing:
            return "thing"
        cell = self.places[place]
        return "." if cell in KEYS + BALLS + BOXES else cell

    def after(self, state, action):
        """The state after an action, and whether it ends the episode well."""
        place, direction, doors, key, thing = state
        x, y = place
        front = (x + STEPS[direction][0], y + STEPS[direction][1])
        content = self.content(front, doors, key, thing)
        done = False
        if action == LEFT:
            direction = (direction - 1) % 4
        elif action == RIGHT:
            direction = (direction + 1) % 4
        elif action == FORWARD and content in (".", "O", "*"):
            place, done = front, content == "*"
        elif action == PICKUP and "held" not in (key, thing):
            if content == "key":
                key = "held"
            elif content == "thing":
                thing, done = "held", self.target == "thing"
        elif action == DROP and content == ".":
            if key == "held":
                key = front
            elif thing == "held":
                thing = front
        elif action == TOGGLE:
            if content == "thing" and self.places[self.thing] in BOXES:
                thing = None
            elif content in ("O", "C", "L") and (content != "L" or key == "held"):
                index = self.doors.index(front)
                doors = doors[:index] + ((1 if content == "O" else 0),) + doors[index + 1 :]
        return (place, direction, doors, key, thing), done

    def plan(self, place, direction, held):
        """A shortest list of actions that solves the level, from here and with what is held."""
        states = {cell: state for state, cells in enumerate((OPEN, CLOSED, LOCKED)) for cell in cells}
        doors = tuple(states[self.places[door]] for door in self.doors)
        key, thing = (
            "held" if held in kinds else place
            for kinds, place in [(KEYS, self.key), (BALLS + BOXES, self.thing)]
        )
        start = (place, direction, doors, key, thing)
        before, layer = {start: None}, [start]
        while layer:
            following = []
            for state in layer:
                for action in (LEFT, RIGHT, FORWARD, PICKUP, DROP, TOGGLE):
                    new, done = self.after(state, action)
                    if done:
                        actions = [action]
                        while before[state]:
                            state, action = before[state]
                            actions.append(action)
                        return actions[::-1]
                    if new not in before:
                        before[new] = (state, action)
                        following.append(new)
            layer = following
        raise AssertionError("a level without a solution")


def solution(name, env):
    """A shortest list of actions that solves what is left of the level."""
    target = "thing" if "corridor" in name or "pickup" in name else "goal"
    held = code(*env.carrying.encode()) if env.carrying else "none"
    return Search(grid(env), target).plan(tuple(map(int, env.agent_pos)), int(env.agent_dir), held)


def likely(env, dice):
    """Random actions that use what they find."""
    front = env.grid.get(*env.front_pos)
    if front is not None and front.can_pickup() and env.carrying is None and dice.random() < 0.6:
        return PICKUP
    if front is not None and front.can_pickup() and env.carrying is not None and dice.random() < 0.4:
        return dice.choice([PICKUP, LEFT])
    if isinstance(front, Door) and dice.random() < (0.1 if front.is_open else 0.5):
        return TOGGLE
    draw = dice.random()
    if draw < 0.05:
        return DROP
    if draw < 0.1:
        return dice.choice([PICKUP, TOGGLE, DONE])
    return FORWARD if draw < 0.6 else dice.choice([LEFT, RIGHT])


def pose(env):
    x, y = map(int, env.agent_pos)
    return f"{x} {y} {int(env.agent_dir)}"


def episode(name, env, seed, dice, most, guided):
    """The lines of an episode of at most `most` steps: three quarters of the steps along shortest
    solutions where it is `guided`."""
    image = env.reset(seed=seed)[0]["image"]
    plan = [] if name in UNSOLVED else solution(name, env)
    lines = [f"level {name} {pose(env)} {len(plan)} {'/'.join(grid(env))} {coded(image)}"]
    for _ in range(most):
        if guided and dice.random() < 0.75:
            plan = plan or solution(name, env)
            action = plan.pop(0)
        else:
            action, plan = likely(env, dice), []
        seen, reward, terminated, truncated, _ = env.step(action)
        assert seen["direction"] == env.agent_dir
        flags = f"{int(terminated)} {int(truncated)}"
        lines.append(f"step {action} {float(reward)!r} {flags} {pose(env)} {coded(seen['image'])}")
        if terminated or truncated:
            break
    return lines + ["full " + "/".join(grid(env))]


def trajectories():
    lines = []
    for name, make, _ in WORLDS:
        dice = random.Random(name)
        if name not in UNSOLVED:
            lines += episode(name, make(), 1, dice, 80, True)
        lines += episode(name, make(), 2, dice, 60, False)
        limited = f"{name},horizon=9"
        lines += episode(limited, make(max_steps=9), 3, dice, 9, False)
    return lines


def features(name, env):
    cells = "".join(grid(env))
    count = lambda kinds: sum(cell in kinds for cell in cells)
    place = np.array(env.agent_pos)
    thing = next(i for i, cell in enumerate(cells) if cell in "*" + BALLS + BOXES)
    thing = np.array([thing % env.width, thing // env.width])
    return {
        "solution": len(solution(name, env)),
        "empty": count("."),
        "walls": count("#"),
        "doors": count(OPEN + CLOSED + LOCKED),
        "column": int(place[0]),
        "row": int(place[1]),
        "direction": int(env.agent_dir),
        "away": int(abs(place - thing).sum()),
        "yellow": count("ekqEKQ"),
    }


def statistics():
    lines = []
    for name, make, levels in WORLDS:
        if levels == 0:
            continue
        env, found = make(), collections.defaultdict(list)
        for seed in range(1000, 1000 + levels):
            env.reset(seed=seed)
            for feature, value in features(name, env).items():
                found[feature].append(value)
        parts = [f"{feature} {np.mean(values):.6g} {np.std(values):.6g}" for feature, values in found.items()]
        lines.append(f"{name} {levels} " + " ".join(parts))
        print(lines[-1], flush=True)
    return lines


folder = pathlib.Path(__file__).parent.parent / "crates/worlds/tests/data/minigrid"
folder.mkdir(parents=True, exist_ok=True)
(folder / "trajectories.txt").write_text("\n".join(trajectories()) + "\n")
(folder / "statistics.txt").write_text("\n".join(statistics()) + "\n")
