"""What is killed: a training, and the writing of a result, of a publication, of a page and of a built book."""

import functools
import os
from pathlib import Path

import numpy as np
import torch

from smwm_book.experiments import checkpoints
from smwm_book.experiments.provenance import provenance
from smwm_book.experiments.results import Results, load_results, save_results
from smwm_book.experiments.runs import train_run
from smwm_book.production import build
from smwm_core.losses.objective import Objective
from smwm_core.storage.files import write_text
from smwm_core.training import toy
from smwm_core.training.config import ToyConfig

CPU = torch.device("cpu")
CONFIG = ToyConfig("dots/single", Objective(10, 0.09), transitions=64, batch_size=32, steps=20, latent_dim=16)


def keep_in(folder: Path) -> None:
    torch.set_num_threads(1)
    os.environ["SMWM_DATA"] = str(folder)


def train(folder: Path) -> None:
    """A training that saves its progress after every step."""
    keep_in(folder)
    toy.train = functools.partial(toy.train, save_every_seconds=0)
    train_run(CONFIG, 0, CPU)


def result(value: float) -> Results:
    metric = {"name": "knee", "value": value, "low": None, "high": None, "n": 1, "paper": None, "unit": "1",
              "per_seed": [value], "kind": "scale", "trials": None}  # fmt: skip
    origin = {**provenance(CPU, "smwm run page", 1.0), "wall_seconds": 1.0, "peak_memory_mb": 1}  # the same each time
    return Results("page", "Fig. 2", "laptop", [0], [metric], origin, {}, {"curve": np.full(5_000, value)})


def first_result(folder: Path) -> None:
    keep_in(folder)
    save_results(result(1.0))


def second_result(folder: Path) -> None:
    keep_in(folder)
    save_results(result(2.0))


def read_result(folder: Path) -> float:
    """The value of the stored result, whose arrays must be those that belong to it."""
    keep_in(folder)
    found = load_results("page", "laptop")
    value = found.metric("knee")["value"]
    assert (found.arrays["curve"] == value).all()
    return value


def publish(folder: Path, letter: bytes) -> None:
    keep_in(folder)
    weights = folder / f"weights {letter.decode()}"
    if not weights.exists():
        weights.write_bytes(letter * 50_000)
    for name in ("one", "two"):
        checkpoints.publish(weights, f"{name}.safetensors")


def first_publication(folder: Path) -> None:
    publish(folder, b"a")


def second_publication(folder: Path) -> None:
    publish(folder, b"b")


def read_publication(folder: Path) -> dict[str, bytes]:
    """The first letter of every published file, each of which must be the one that the manifest says."""
    keep_in(folder)
    found = {}
    for name in checkpoints.read_manifest():
        checkpoints.verify(checkpoints.folder() / name)
        (found[name],) = set((checkpoints.folder() / name).read_bytes().decode())
    return found


def page(folder: Path, letter: str) -> None:
    """Two pages of which a part is written anew, as `smwm pages` does."""
    for name in ("README.md", "page.md"):
        if not (folder / name).exists():
            write_text(folder / name, "before\n<!-- table: here -->\n<!-- end of table -->\nafter\n" * 100)
        build._fill(folder / name, {"table": letter * 50_000})


def first_page(folder: Path) -> None:
    page(folder, "a")


def second_page(folder: Path) -> None:
    page(folder, "b")


def swap(folder: Path) -> None:
    """The end of a build: a new book in the place of the former."""
    build._replace(folder / "html", folder / "new", folder / "former")
