"""Opens a data set that latentrl wrote with Minari, and compares every episode with its columns.

    latentrl data convert IN minari-folder --to minari
    latentrl data convert IN native-folder --to native
    python reference/read_minari.py minari-folder native-folder

The native folder's raw columns are read with NumPy alone, so that both readers are independent of
latentrl's. Prints how many episodes and steps are equal; ends with an error at the first difference.
Needs minari 0.5 (0.5.4 for images of 32 by 32 pixels and more).
"""

import json
import pathlib
import sys

import minari
import numpy as np

minari_folder, native = map(pathlib.Path, sys.argv[1:3])
manifest = json.loads((native / "manifest.json").read_text())["manifest"]
spec = manifest["spec"]


def column(stem, width):
    for kind in ("f32", "u8", "u32"):
        path = native / f"{stem}.{kind}"
        if path.exists():
            return np.fromfile(path, dtype={"f32": "<f4", "u8": "u1", "u32": "<u4"}[kind]).reshape(-1, width)
    raise FileNotFoundError(stem)


def size(layout):
    if "vector" in layout:
        return layout["vector"]["size"]
    image = layout["image"]
    return image["height"] * image["width"] * image["channels"]


fields = [column(f"field-{i}", size(field["layout"])) for i, field in enumerate(spec["fields"])]
box = "box" in spec["action"]
actions = column("actions", len(spec["action"]["box"]["low"]) if box else 1)
channels = len(spec["rewards"])
rewards = column("reward", channels) if channels else None
extra = [column(f"extra-{i}", part["width"]) for i, part in enumerate(spec["extra"])]
episodes = np.fromfile(native / "episodes.u32", dtype="<u4").reshape(-1, 2)

data = minari.MinariDataset(minari_folder / "data")
keys = data.storage.metadata["latentrl"]["keys"]
assert data.total_episodes == len(episodes) == manifest["episodes"], "number of episodes"
assert data.total_steps == manifest["steps"], "number of steps"
assert data.storage.metadata["policy"] == spec["policy"], "policy"
assert data.storage.metadata["seed"] == spec["seed"], "seed"


def same(what, number, found, expected):
    found = np.asarray(found).reshape(expected.shape)
    if not np.array_equal(found, expected):
        sys.exit(f"episode {number}: {what} differs")


step = observation = 0
for number, (episode, (length, terminated)) in enumerate(zip(data.iterate_episodes(), episodes)):
    assert len(episode) == length, f"episode {number}: length"
    steps, seen = slice(step, step + length), slice(observation, observation + length + 1)
    for key, field in zip(keys, fields):
        values = episode.observations if key == "" else episode.observations[key]
        same(f"observation {key}", number, values, field[seen])
    same("actions", number, episode.actions, actions[steps])
    if rewards is not None:
        same("rewards", number, episode.rewards, rewards[steps])
    for part, values in zip(spec["extra"], extra):
        name = part["name"].removeprefix("infos/")
        same(name, number, episode.infos[name], values[steps])
    assert episode.terminations.dtype == bool and episode.truncations.dtype == bool, "flags are booleans"
    ends = np.zeros(length, dtype=bool)
    ends[-1] = True
    same("terminations", number, episode.terminations, ends & bool(terminated))
    same("truncations", number, episode.truncations, ends & (not terminated))
    assert data.action_space.contains(episode.actions[0].astype(data.action_space.dtype)), "an action outside its space"
    step, observation = step + length, observation + length + 1

metadata = list(data.storage.get_episode_metadata(range(len(episodes))))
assert [part["id"] for part in metadata] == list(range(len(episodes))), "ids of episodes"
print(f"{minari_folder}: Minari {minari.__version__} reads {len(episodes)} episodes, {step} steps, all equal")
