"""Small data sets of every format that latentrl reads, and what they hold.

Writes crates/memory/tests/data: Minari data sets by Minari, D4RL's layout by h5py, OGBench's by
NumPy, and expected.json with the columns that a reader must find in each.

    python reference/data_files.py

Needs minari (0.5.4), h5py and numpy.
"""

import json
import os
import pathlib
import shutil
import tempfile

OUT = pathlib.Path(__file__).parent.parent / "crates/memory/tests/data"
ROOT = pathlib.Path(tempfile.mkdtemp())
os.environ["MINARI_DATASETS_PATH"] = str(ROOT)

import h5py  # noqa: E402
import minari  # noqa: E402
import numpy as np  # noqa: E402
from gymnasium import spaces  # noqa: E402
from minari.data_collector import EpisodeBuffer  # noqa: E402

rng = np.random.default_rng(5)
expected = {}


def numbers(array):
    """Single precision, as exact doubles."""
    return np.asarray(array).astype(np.float32).astype(np.float64).ravel().tolist()


def expect(name, lengths, terminated, fields, actions, rewards, extra=()):
    expected[name] = {
        "lengths": lengths,
        "terminated": terminated,
        "fields": [{"name": n, "role": r, "values": numbers(v)} for n, r, v in fields],
        "actions": None if actions is None else numbers(actions),
        "rewards": None if rewards is None else numbers(rewards),
        "extra": [{"name": n, "values": numbers(v)} for n, v in extra],
    }


def minari_set(name, observation_space, action_space, episodes, **options):
    """A data set written by Minari; episodes are (observations, actions, rewards, terminated, infos)."""
    buffers = []
    for seed, (observations, actions, rewards, terminated, infos) in enumerate(episodes):
        flags = np.zeros(len(rewards), dtype=bool)
        ends = flags.copy()
        ends[-1] = True
        buffers.append(
            EpisodeBuffer(
                id=None,
                seed=40 + seed,
                observations=observations,
                actions=actions,
                rewards=rewards,
                terminations=ends if terminated else flags,
                truncations=flags if terminated else ends,
                infos=infos,
            )
        )
    identifier = f"test/{name}-v0"
    minari.create_dataset_from_buffers(
        dataset_id=identifier,
        buffer=buffers,
        observation_space=observation_space,
        action_space=action_space,
        algorithm_name="a rule",
        author="reference script",
        author_email="none",
        code_permalink="none",
        **options,
    )
    target = OUT / f"minari-{name}"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / "test" / f"{name}-v0", target)
    return f"minari-{name}"


def box_set():
    lengths = [4, 3]
    observations = [rng.normal(size=(n + 1, 3)) for n in lengths]
    actions = [rng.uniform(-2, 2, size=(n, 2)).astype(np.float32) for n in lengths]
    rewards = [rng.normal(size=n) for n in lengths]
    infos = [{"note": np.arange(n + 1)} for n in lengths]
    name = minari_set(
        "box",
        spaces.Box(-np.inf, np.inf, (3,), np.float64),
        spaces.Box(-2, 2, (2,), np.float32),
        list(zip(observations, actions, rewards, [True, False], infos)),
    )
    together = np.concatenate
    expect(name, lengths, [True, False], [("observation", "input", together(observations))],
           together(actions), together(rewards))


def goal_set():
    lengths = [3, 2]
    parts = {"observation": 4, "achieved_goal": 2, "desired_goal": 2}
    observations = [{k: rng.normal(size=(n + 1, d)) for k, d in parts.items()} for n in lengths]
    actions = [rng.uniform(-1, 1, size=(n, 2)).astype(np.float32) for n in lengths]
    rewards = [np.zeros(n) for n in lengths]
    space = spaces.Dict({k: spaces.Box(-np.inf, np.inf, (d,), np.float64) for k, d in parts.items()})
    name = minari_set("goal", space, spaces.Box(-1, 1, (2,), np.float32),
                      list(zip(observations, actions, rewards, [False, False], [{}, {}])))
    field = lambda key: np.concatenate([o[key] for o in observations])
    expect(name, lengths, [False, False],
           [("observation", "input", field("observation")), ("achieved_goal", "truth", field("achieved_goal")),
            ("desired_goal", "goal", field("desired_goal"))],
           np.concatenate(actions), np.concatenate(rewards))


def discrete_set():
    lengths = [5, 1]
    observations = [rng.integers(0, 16, size=n + 1) for n in lengths]
    actions = [rng.integers(1, 5, size=n) for n in lengths]
    rewards = [rng.integers(0, 2, size=n).astype(np.float64) for n in lengths]
    name = minari_set("discrete", spaces.Discrete(16), spaces.Discrete(4, start=1),
                      list(zip(observations, actions, rewards, [True, True], [{}, {}])))
    expect(name, lengths, [True, True], [("observation", "input", np.concatenate(observations))],
           np.concatenate(actions) - 1, np.concatenate(rewards))


def tuple_set():
    length = 3
    observations = (rng.normal(size=(length + 1, 2)).astype(np.float32), rng.integers(0, 3, size=length + 1))
    actions = rng.uniform(-1, 1, size=(length, 1)).astype(np.float32)
    rewards = rng.normal(size=length)
    space = spaces.Tuple((spaces.Box(-np.inf, np.inf, (2,), np.float32), spaces.Discrete(3)))
    name = minari_set("tuple", space, spaces.Box(-1, 1, (1,), np.float32),
                      [(observations, actions, rewards, False, {})])
    expect(name, [length], [False],
           [("_index_0", "input", observations[0]), ("_index_1", "truth", observations[1])], actions, rewards)


def image_sets():
    length = 2
    small = rng.integers(0, 256, size=(length + 1, 6, 5, 3), dtype=np.uint8)
    actions = rng.integers(0, 3, size=length)
    rewards = rng.normal(size=length)
    name = minari_set("image", spaces.Box(0, 255, (6, 5, 3), np.uint8), spaces.Discrete(3),
                      [(small, actions, rewards, True, {})])
    expect(name, [length], [True], [("observation", "input", small)], actions, rewards)
    # Smooth and in each channel alike: JPEG keeps such a picture nearly as it is.
    ramp = np.add.outer(np.arange(32), np.arange(40)) * 3 % 200 + 20
    large = np.stack([np.repeat(np.roll(ramp, n, 0)[..., None], 3, -1) for n in range(length + 1)]).astype(np.uint8)
    name = minari_set("jpeg", spaces.Box(0, 255, (32, 40, 3), np.uint8), spaces.Discrete(3),
                      [(large, actions, rewards, False, {})])
    stored = next(iter(minari.MinariDataset(OUT / name / "data"))).observations
    expect(name, [length], [False], [("observation", "input", stored)], actions, rewards)


def d4rl_files():
    rows = 10
    observations = rng.normal(size=(rows, 3)).astype(np.float32)
    actions = rng.uniform(-1, 1, size=(rows, 2)).astype(np.float32)
    rewards = rng.normal(size=rows)
    terminals = np.zeros(rows, dtype=bool)
    timeouts = terminals.copy()
    terminals[2], timeouts[6] = True, True
    qpos = rng.normal(size=(rows, 2))
    with h5py.File(OUT / "d4rl.hdf5", "w") as file:
        file.create_dataset("observations", data=observations, compression="gzip", chunks=(4, 3))
        file.create_dataset("actions", data=actions)
        file.create_dataset("rewards", data=rewards)
        file.create_dataset("terminals", data=terminals)
        file.create_dataset("timeouts", data=timeouts)
        file.create_dataset("infos/qpos", data=qpos)
        file.create_dataset("metadata/algorithm", data="SAC")
    # Episodes: rows 0-2 (terminal), 3-6 (timeout), 7-9 (end of file).
    seen = [0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9]
    steps = [0, 1, 2, 3, 4, 5, 7, 8]
    expect("d4rl.hdf5", [3, 3, 2], [True, False, False], [("observation", "input", observations[seen])],
           actions[steps], rewards[steps], [("infos/qpos", qpos[steps])])

    # Without timeouts: row 3 does not go on in row 4.
    following = np.concatenate([observations[1:], rng.normal(size=(1, 3)).astype(np.float32)])
    following[2] = rng.normal(size=3)
    following[3] = rng.normal(size=3)
    with h5py.File(OUT / "d4rl-next.hdf5", "w", libver="v110") as file:
        file.create_dataset("observations", data=observations, chunks=True, maxshape=(None, 3))
        file.create_dataset("next_observations", data=following)
        file.create_dataset("actions", data=actions.astype(np.float64))
        file.create_dataset("rewards", data=rewards.astype(np.float32))
        file.create_dataset("terminals", data=terminals.astype(np.uint8))
    seen = np.concatenate([observations[:3], following[2:3], observations[3:4], following[3:4],
                           observations[4:], following[9:]])
    expect("d4rl-next.hdf5", [3, 1, 6], [True, False, False], [("observation", "input", seen)], actions, rewards)

    # Without rewards and actions, discrete where there are some, big-endian.
    with h5py.File(OUT / "d4rl-bare.hdf5", "w") as file:
        file.create_dataset("observations", data=observations.astype(">f8"))
        file.create_dataset("terminals", data=terminals.astype(np.float32))
        file.create_dataset("timeouts", data=timeouts.astype(np.int64))
    expect("d4rl-bare.hdf5", [3, 3, 2], [True, False, False],
           [("observation", "input", observations[[0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9]])], None, None)


def ogbench_files():
    for name, rows in [("ogbench", 9), ("ogbench-val", 4)]:
        observations = rng.normal(size=(rows, 2)).astype(np.float32)
        actions = rng.uniform(-1, 1, size=(rows, 2)).astype(np.float32)
        terminals = np.zeros(rows, dtype=bool)
        terminals[[3, rows - 1] if rows > 4 else [3]] = True
        qpos = rng.normal(size=(rows, 3))
        np.savez_compressed(OUT / f"{name}.npz", observations=observations, actions=actions,
                            terminals=terminals, qpos=qpos)
        lengths = [3, rows - 5] if rows > 4 else [3]
        steps = [row for row in range(rows) if not terminals[row]]
        expect(f"{name}.npz", lengths, [False] * len(lengths),
               [("observation", "input", observations), ("qpos", "truth", qpos)], actions[steps], None)
    rows = 6
    images = rng.integers(0, 256, size=(rows, 4, 4, 3), dtype=np.uint8)
    actions = rng.integers(0, 5, size=rows)
    rewards = rng.normal(size=rows)
    masks = np.array([1, 1, 1, 0, 1, 1], dtype=np.float64)
    terminals = np.array([0, 0, 0, 0, 1, 1], dtype=np.float32)
    np.savez(OUT / "ogbench-pixels.npz", observations=images, actions=actions, rewards=rewards, masks=masks,
             terminals=terminals)
    # The last row is a trajectory of one state, which has no step.
    expect("ogbench-pixels.npz", [4], [True], [("observation", "input", images[:5])], actions[:4], rewards[:4],
           [("masks", masks[:4])])


OUT.mkdir(exist_ok=True)
box_set()
goal_set()
discrete_set()
tuple_set()
image_sets()
d4rl_files()
ogbench_files()
(OUT / "expected.json").write_text(json.dumps(expected) + "\n")
shutil.rmtree(ROOT)
