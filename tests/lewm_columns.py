"""A small file of the form of the released ones."""

import h5py
import hdf5plugin
import numpy as np

LENGTHS = np.array([4, 3], dtype=np.int32)


ROWS = int(LENGTHS.sum())


def columns(task: str) -> dict[str, np.ndarray]:
    """A file's columns as stable-worldmodel 0.0.6 writes them, with random numbers."""
    random = np.random.default_rng(0)
    widths = {"tworoom": (2, "f4"), "pusht": (2, "f4"), "reacher": (2, "f8"), "cube": (5, "f8")}
    width, kind = widths[task]
    action = random.normal(size=(ROWS, width)).astype(kind)
    if task != "pusht":
        action[LENGTHS.cumsum() - 1] = np.nan
    states = {
        "tworoom": {"proprio": 2, "pos_agent": 2, "pos_target": 2},
        "pusht": {"state": 7, "proprio": 4},
        "reacher": {"qpos": 2, "qvel": 2, "observation": 6},
        "cube": {"qpos": 21, "qvel": 20},
    }[task]
    return {
        "pixels": random.integers(0, 256, (ROWS, 224, 224, 3), dtype=np.uint8),
        "action": action,
        "ep_len": LENGTHS,
        "ep_offset": (LENGTHS.cumsum() - LENGTHS).astype(np.int64),
        "step_idx": np.concatenate([np.arange(n) for n in LENGTHS]),
        **{name: random.normal(size=(ROWS, size)).astype("f4") for name, size in states.items()},
    }


def write(path, content: dict[str, np.ndarray]):
    with h5py.File(path, "w") as file:
        for name, values in content.items():
            compression = hdf5plugin.Blosc(cname="lz4") if values.ndim > 1 else {}
            file.create_dataset(name, data=values, **compression)
    return path
