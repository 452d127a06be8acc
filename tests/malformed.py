"""More than a thousand malformed files for every reader, made from whole ones with a fixed seed, and read.

``python tests/malformed.py FOLDER`` reads them in a process that cannot take a gigabyte more than it starts with, and
prints what became of each reader's as JSON. Those with flipped bits may happen to be whole files with the same or with
other content; all others have to be refused.
"""

import copy
import hashlib
import io
import json
import os
import pickle
import resource
import struct
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict
from pathlib import Path

import h5py
import numpy as np
import torch
from lewm_columns import columns, write
from safetensors.torch import save_file

from smwm_book.cli import main
from smwm_book.experiments import checkpoints, runs
from smwm_book.experiments.export import export, imported
from smwm_book.experiments.measures import R2, Count, Number, Rate, Scale, Share
from smwm_book.experiments.provenance import provenance
from smwm_book.experiments.recipe import recipe
from smwm_book.experiments.results import Results, load_results, read_benchmark, result_path, save_results
from smwm_book.experiments.tasks import planning_tasks, tasks_path
from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.models import WorldModel
from smwm_core.storage.files import save_arrays
from smwm_core.storage.reading import mapped_array
from smwm_core.storage.schemas import FRAMES
from smwm_core.storage.weights import save_weights
from smwm_core.training.config import ToyConfig
from smwm_core.training.kinds import trainer
from smwm_core.training.loop import fit
from smwm_core.worlds import Transitions, make_world
from smwm_core.worlds.lewm.files import read_episodes
from smwm_core.worlds.recorded.episodes import Episodes
from smwm_core.worlds.recorded.recording import version

CPU = torch.device("cpu")
CONFIG = ToyConfig("tworoom", Objective(10), steps=3, batch_size=8, transitions=16, latent_dim=8)
FLIPPED = 40  # files with flipped bits for each reader
LONGEST_SECONDS, MOST_BYTES = 5, 10**9
Spoil = Callable[[Path], object]  # makes a whole file malformed


def damages(random: np.random.Generator) -> Iterator[tuple[str, Spoil]]:
    """What can happen to any file; a label that begins with "flipped" may leave it whole."""
    yield "empty", lambda path: path.write_bytes(b"")
    yield "text", lambda path: path.write_text("This is not what it should be. " * 100)
    yield "zeros", lambda path: path.write_bytes(bytes(100_000))
    yield "a pickle", lambda path: path.write_bytes(pickle.dumps({"step": os.getcwd}))
    yield "a zip of nothing", lambda path: zipfile.ZipFile(path, "w").close()
    yield "a folder", lambda path: (path.unlink(), path.mkdir())
    yield "a pipe", lambda path: (path.unlink(), os.mkfifo(path))
    yield "a link to nothing", lambda path: (path.unlink(), path.symlink_to("nowhere"))
    for share in random.random(12):
        yield "truncated", lambda path, share=share: path.write_bytes(path.read_bytes()[: int(share * size(path))])
    for seed in random.integers(2**32, size=FLIPPED):
        yield "flipped bits", lambda path, seed=seed: flip(path, np.random.default_rng(seed))


def size(path: Path) -> int:
    return path.stat().st_size - 2  # the last byte of a JSON file is a line end


def flip(path: Path, random: np.random.Generator) -> None:
    """One to eight bits, in any place or among the first thousand bytes."""
    content = bytearray(path.read_bytes())
    end = len(content) if random.random() < 0.5 else min(1_000, len(content))
    for place in random.integers(end, size=random.integers(1, 9)):
        content[place] ^= 1 << random.integers(8)
    path.write_bytes(content)


def json_damages(
    random: np.random.Generator, whole: dict, *, may_lack=(), count: int = 50
) -> Iterator[tuple[str, Spoil]]:
    """What can happen to JSON; whatever lies below keys in ``may_lack`` may be left out or null."""
    text = json.dumps(whole)
    first = json.dumps(next(iter(whole)))
    said = {
        "nested deeply": "[" * 200_000,
        "nested deeply inside": f"{{{first}: {'[' * 100_000}{']' * 100_000}}}",
        "a name twice": f"{{{first}: 1, {text[1:]}",
        "NaN": text.replace(": ", ": NaN, ", 1),
        "a number that is NaN": _replaced_number(text, "NaN"),
        "an infinite number": _replaced_number(text, "1e999"),
        "a number of many digits": _replaced_number(text, "9" * 5_000),
        "large": json.dumps({**whole, "more": "x" * 9_000_000}),
        "a list": "[]",
        "null": "null",
    }
    for label, malformed in said.items():
        yield label, lambda path, malformed=malformed: path.write_text(malformed)
    places = list(_places(whole))
    for _ in range(count):
        place = places[random.integers(len(places))]
        changed = copy.deepcopy(whole)
        inside = changed
        for key in place[:-1]:
            inside = inside[key]
        free = bool({*place} & {*may_lack})
        value, wrong = inside[place[-1]], [[], {}, "word", 7.5, True, None, [[1]], {"a": 1}, -(10**30)]
        fitting = [other for other in wrong if _kind(other) != _kind(value) and not (free and other is None)]
        if (action := random.integers(3)) == 0 and isinstance(inside, dict) and not free:
            del inside[place[-1]]
        elif action == 1 and isinstance(value, dict) and not free:
            value["unknown"] = 1
        else:
            inside[place[-1]] = fitting[random.integers(len(fitting))]
        yield (
            f"changed at {'.'.join(map(str, place))}",
            lambda path, changed=changed: path.write_text(json.dumps(changed)),
        )


def _replaced_number(text: str, number: str) -> str:
    """JSON with another number in place of its last one."""
    start = max(text.rfind(f": {digit}") for digit in "123456789")
    end = min(place for place in (text.find(mark, start + 2) for mark in ",}]") if place > 0)
    return text[: start + 2] + number + text[end:]


def _places(value, above=()) -> Iterator[tuple]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in items:
        yield (*above, key)
        yield from _places(inside, (*above, key))


def _kind(value) -> str:
    return "number" if type(value) in (int, float) else type(value).__name__


def array_damages(random: np.random.Generator, whole: dict[str, np.ndarray]) -> Iterator[tuple[str, Spoil]]:
    """What can happen to the arrays of an ``.npz``."""

    def saved(arrays: dict) -> Spoil:
        return lambda path: save_arrays(path, arrays)

    def member(name: str, header: bytes) -> Spoil:
        def spoil(path: Path) -> None:
            with zipfile.ZipFile(path, "w") as archive:
                for column, values in whole.items():
                    content = io.BytesIO()
                    np.save(content, values)
                    archive.writestr(f"{column}.npy", header if column == name else content.getvalue())

        return spoil

    def twice(path: Path) -> None:
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as former, zipfile.ZipFile(path, "w") as archive:
            for info in (former.infolist() * 2)[: len(whole) + 1]:
                archive.writestr(zipfile.ZipInfo(info.filename), former.read(info))

    def packed(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in whole:
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array_header_1_0(
                        file, {"descr": "<f8", "fortran_order": False, "shape": (2**26,)}
                    )
                    for _ in range(2**6):
                        file.write(bytes(2**23))

    def bare(path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, next(iter(whole.values())))

    yield "a bare array", bare
    yield "an array twice", twice
    yield "many arrays", saved({**whole, **{f"more{k}": np.zeros(1) for k in range(1_001)}})
    yield "half a gigabyte of zeros", packed
    for name, values in whole.items():
        broken = values.astype(float).copy()
        for value in (np.nan, np.inf) if values.size else ():
            broken.flat[random.integers(broken.size)] = value
            yield f"{name} with {value}", saved({**whole, name: broken.astype(np.float32)})
        for kind in (object, complex, str, "M8[s]"):
            yield f"{name} as {kind}", saved({**whole, name: values.astype("i8").astype(kind)})
        for shape in ((10**12, 10**6), (2**40,), (-1, -1), (10**30,)):
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": shape})
            yield f"{name} of shape {shape}", member(name, header.getvalue() + bytes(64))
        yield f"{name} nested deeply", member(name, b"\x93NUMPY\x01\x00" + struct.pack("<H", 9_000) + b"(" * 9_000)


def column_damages(whole: dict[str, np.ndarray]) -> Iterator[tuple[str, Spoil]]:
    """What can happen to columns that a schema names."""
    for name, values in whole.items():
        changes = {
            "missing": None,
            "of another type": values.astype("f4" if values.dtype.kind == "i" else "i4"),
            "of whole numbers": values.astype("i8") if values.dtype.kind == "f" else values.astype("u2"),
            "a row shorter": values[:-1],
            "with a dimension more": values[..., None],
            "a number": values.flat[0] if values.size else np.zeros(()),
            "swapped bytes": values.astype(values.dtype.newbyteorder(">")),
        }
        for label, changed in changes.items():
            arrays = {k: v for k, v in {**whole, name: changed}.items() if v is not None}
            yield f"{name} {label}", lambda path, arrays=arrays: save_arrays(path, arrays)
    yield "an unknown column", lambda path: save_arrays(path, {**whole, "more": np.zeros(3)})


def weights_damages(described: dict, random: np.random.Generator) -> Iterator[tuple[str, Spoil]]:
    state = {name: w.half().contiguous() for name, w in trainer(CONFIG).build_model(CONFIG).state_dict().items()}
    first = next(iter(state))

    def saved(tensors: dict, run: object = described, **metadata: str) -> Spoil:
        text = run if isinstance(run, str) else json.dumps(run)
        header = {"format": "smwm-weights-1", "run": text, **metadata}
        return lambda path: save_file(tensors, path, metadata={k: v for k, v in header.items() if v})

    def headed(change: Callable[[str], str]) -> Spoil:
        def spoil(path: Path) -> None:
            content = path.read_bytes()
            end = 8 + int.from_bytes(content[:8], "little")
            header = change(content[8:end].decode().rstrip()).encode()
            path.write_bytes(len(header).to_bytes(8, "little") + header + content[end:])

        return spoil

    for name, w in state.items():
        for value in (float("nan"), float("inf")):
            broken = w.clone()
            broken.view(-1)[random.integers(w.numel())] = value
            yield f"{name} with {value}", saved({**state, name: broken})
        for kind in (torch.int32, torch.int64, torch.complex64, torch.bool, torch.float64, torch.bfloat16):
            yield f"{name} as {kind}", saved({**state, name: w.to(kind)})
        yield f"{name} of another shape", saved({**state, name: w[None].contiguous()})
        yield f"no {name}", saved({k: v for k, v in state.items() if k != name})
    yield "one more tensor", saved({**state, "more": torch.zeros(2)})
    yield "more metadata", saved(state, more="word")
    yield "another format", saved(state, format="smwm-weights-0")
    yield "no format", saved(state, format="")
    yield (
        "a tensor twice",
        headed(lambda text: f'{{"{first}": {{"dtype": "F16", "shape": [], "data_offsets": [0, 2]}}, {text[1:]}'),
    )
    yield "metadata twice", headed(lambda text: f'{{"__metadata__": {{}}, {text[1:]}')
    yield "a nested header", headed(lambda text: '{"a":' * 100_000)
    yield "a number as metadata", headed(lambda text: text.replace('"smwm-weights-1"', "1"))
    yield "a header that goes on", lambda path: path.write_bytes(b"\xff" * 7 + b"\x7f" + path.read_bytes()[8:])
    mean, std = described["action_scale"]
    scales = [
        [mean, [0.0] * 10],
        [mean, [-1.0] * 10],
        [mean[:3], std],
        [mean[:2], std[:2]],
        [mean],
        mean,
        [[], []],
        None,
    ]
    for scale in scales:
        yield f"scale {scale}", saved(state, {**described, "action_scale": scale})
    yield "a scale that is infinite", saved(state, json.dumps(described).replace(json.dumps(std[0]), "Infinity"))
    large = {"latent_dim": 10**9, "steps": 0, "batch_size": -1, "learning_rate": 0, "world": "tworoom/" + "9" * 400}
    for name, value in {**large, "unknown": 1, "curriculum": "none", "objective": {"inverse": -1}}.items():
        yield f"config with {name}", saved(state, {**described, "config": {**described["config"], name: value}})
    for label, spoil in json_damages(random, described, may_lack=("config", "recipe", "action_scale")):
        scratch = Path(os.environ["SMWM_DATA"]) / "scratch"
        if "config." in label or "recipe." in label or label == "changed at commit":
            continue
        spoil(scratch)
        text = scratch.read_text()
        scratch.unlink()
        yield label, saved(state, text)


def progress_damages(path: Path, random: np.random.Generator) -> Iterator[tuple[str, Spoil]]:
    whole = torch.load(path, weights_only=True)

    def saved(change: Callable[[dict], object]) -> Spoil:
        def spoil(path: Path) -> None:
            state = copy.deepcopy(whole)
            change(state)
            torch.save(state, path)

        return spoil

    def packed(path: Path) -> None:
        content = path.read_bytes()
        with (
            zipfile.ZipFile(io.BytesIO(content)) as former,
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for info in former.infolist():
                archive.writestr(info.filename, former.read(info))

    wrong = [None, "word", -1, [], {}, torch.zeros(3, dtype=torch.complex64), 1e30, {"a": "b"}, {1: {2: 3}}]
    for key, value in whole.items():
        yield f"no {key}", saved(lambda state, key=key: state.pop(key))
        for other in wrong:
            kept = key == "auxiliary" and other == {}  # a training without auxiliary networks
            if not kept and (
                type(other) is not type(value) or key in ("model", "optimizer", "random", "step", "steps")
            ):
                yield (
                    f"{key} is {other!r:.40}",
                    saved(lambda state, key=key, other=other: state.update({key: other})),
                )
    for name, w in whole["model"].items():
        for value in (float("nan"), float("inf")):
            yield f"{name} with {value}", saved(lambda state, name=name, value=value: state["model"][name].fill_(value))
        large = torch.zeros(1).expand(w.shape)
        yield (
            f"{name} from one number",
            saved(lambda state, name=name, large=large: state["model"].update({name: large})),
        )
    for number in whole["optimizer"]["state"]:
        yield (
            f"average {number} of another shape",
            saved(lambda state, number=number: state["optimizer"]["state"][number].update(exp_avg=torch.zeros(10**6))),
        )
    group = {"betas": (0.5, 0.5), "eps": 1.0, "lr": float("nan"), "weight_decay": 1.0, "params": [0]}
    for key, value in group.items():
        yield (
            f"an optimiser with {key}",
            saved(lambda state, key=key, value=value: state["optimizer"]["param_groups"][0].update({key: value})),
        )
    yield "a step that is not yet", saved(lambda state: state.update(step=4))
    yield "losses that are NaN", saved(lambda state: state["losses"].fill_(float("nan")))
    yield "losses of 1e12 steps", saved(lambda state: state.update(losses=torch.zeros(1).expand(10**12)))
    yield "other losses", saved(lambda state: state.update(losses=torch.zeros(3, 9)))
    yield "an unknown name", saved(lambda state: state.update(more=1))
    yield "compressed", packed
    yield "a bare pickle", lambda path: path.write_bytes(pickle.dumps(dict.fromkeys(whole)))
    yield "the old format of torch", lambda path: torch.save(whole, path, _use_new_zipfile_serialization=False)
    yield "code", lambda path: torch.save({**whole, "step": os.system}, path)


def hdf5_damages(random: np.random.Generator) -> Iterator[tuple[str, Spoil]]:
    whole = columns("tworoom")

    def with_columns(**changes: object) -> Spoil:
        return lambda path: write(path, {k: v for k, v in {**whole, **changes}.items() if v is not None})

    def inside(change: Callable[[h5py.File], object], *names: str) -> Spoil:
        def spoil(path: Path) -> None:
            with h5py.File(path, "r+") as file:
                for name in names:
                    del file[name]
                change(file)

        return spoil

    def declared(file: h5py.File, *names: str) -> None:
        for name in names:
            shape, dtype = (10**12, *whole[name].shape[1:]), whole[name].dtype
            chunks = (1, *shape[1:]) if len(shape) > 1 else (1000,)
            file.create_dataset(name, shape, dtype, chunks=chunks, fillvalue=2 if dtype.kind == "i" else 0)

    read = ("pixels", "action", "ep_len", "ep_offset", "proprio")
    for name in read:
        values, virtual = whole[name], h5py.VirtualLayout(whole[name].shape, whole[name].dtype)
        virtual[...] = h5py.VirtualSource("elsewhere.h5", "x", whole[name].shape)
        yield f"no {name}", with_columns(**{name: None})
        for kind in ("complex64", "S3", "bool", "u8", "f2"):
            yield f"{name} as {kind}", with_columns(**{name: np.nan_to_num(values).astype(kind)})
        yield f"{name} a row shorter", with_columns(**{name: values[:-1]})
        yield f"{name} with a dimension more", with_columns(**{name: values[..., None]})
        yield f"{name} as one number", with_columns(**{name: values.flat[0]})
        yield f"{name} as a group", inside(lambda file, name=name: file.create_group(name), name)
        yield f"{name} as a type", inside(lambda file, name=name: file.__setitem__(name, np.dtype("f4")), name)
        for link in (h5py.SoftLink("/nowhere"), h5py.SoftLink("/step_idx"), h5py.ExternalLink("elsewhere.h5", "/x")):
            yield f"{name} as a link", inside(lambda file, name=name, link=link: file.__setitem__(name, link), name)
        yield (
            f"{name} of elsewhere",
            inside(lambda file, name=name, virtual=virtual: file.create_virtual_dataset(name, virtual), name),
        )
        yield f"1e12 rows of {name}", inside(lambda file, name=name: declared(file, name), name)
    yield (
        "1e12 rows of states and actions",
        inside(lambda file: declared(file, "action", "proprio"), "action", "proprio"),
    )
    yield "1e12 rows of everything", inside(lambda file: declared(file, *read), *read)
    for task in ("pusht", "reacher", "cube"):
        yield f"the columns of {task}", lambda path, task=task: write(path, columns(task))
    for lengths in ([-1, 8], [0, 7], [1, 6], [8, -1], [2**31 - 1, 7], [4, 4], [7]):
        yield f"lengths {lengths}", with_columns(ep_len=np.array(lengths, np.int32))
    for offsets in ([-4, 0], [0, 3], [4, 0], [0, 2**62]):
        yield f"offsets {offsets}", with_columns(ep_offset=np.array(offsets))
    for name in ("action", "proprio"):
        for value in (np.nan, np.inf):
            broken = whole[name].copy()
            broken[random.integers(3)] = value
            if name == "proprio" or np.isnan(value):
                yield f"{name} with {value}", with_columns(**{name: broken})


def prepared(data: Path, random: np.random.Generator) -> dict[str, tuple[Path, Callable, list[tuple[str, Spoil]]]]:
    """Whole files in a data folder: by reader the file that is made malformed, what reads it, and how it is made so."""
    world = make_world("tworoom")
    model = trainer(CONFIG).build_model(CONFIG)
    scale = torch.linspace(0.1, 1, 10).tolist()
    described = {
        **{"name": runs.run_name(CONFIG, 0), "config": asdict(CONFIG), "seed": 0, "device": "cpu", "commit": "abc"},
        **{"recipe": recipe(CONFIG), "seconds": 1.5, "action_scale": [scale, scale]},
    }
    described = json.loads(json.dumps(described))
    folder = runs._folder(CONFIG, 0, CPU)
    weights, history = folder / "weights.safetensors", folder / "history.npz"
    save_weights(weights, model, described)
    losses = {term: np.linspace(1, 0.5, 3).astype("f4") for term in CONFIG.objective.terms}
    kept = {**losses, "snapshot_steps": np.array([0, 2]), "snapshots": np.ones((2, 4, 8), "f4")}
    save_arrays(history, kept)

    metrics = []
    measures = [Number(-2.0), Share(0.5), R2(0.9), Count(3.0), Scale(0.01), Rate(45, 50)]
    for number, measure in enumerate(measures):
        values = [float(measure.value) * factor for factor in (1, 1.05, 1.02)]
        value, low, high = type(measure).over_seeds(values, measure.trials)
        spread = {"value": value, "low": low, "high": high, "n": 3, "paper": 1.0, "unit": measure.unit}
        kind = {"per_seed": values, "kind": type(measure).__name__.lower(), "trials": measure.trials}
        metrics.append({"name": f"page.metric{number}", **spread, **kind})
    origin, arrays = provenance(CPU, "smwm run page", 1.0), {"curve": np.arange(9.0), "count": np.arange(4)}
    whole = Results("page", "Fig. 2", "laptop", [0, 1, 2], metrics, origin, {"run": recipe(CONFIG)}, arrays)
    save_results(whole)
    result = result_path("page", "laptop")
    content = json.loads(result.read_text())
    numbers = []
    for number in range(len(measures)):
        for key in ("value", "low", "high", "n"):
            changed = copy.deepcopy(content)
            changed["metrics"][number][key] *= 2
            numbers.append((f"{key} of {number}", lambda path, changed=changed: path.write_text(json.dumps(changed))))
        for seed in range(3):
            changed = copy.deepcopy(content)
            changed["metrics"][number]["per_seed"][seed] *= 0.99
            numbers.append(
                (f"seed {seed} of {number}", lambda path, changed=changed: path.write_text(json.dumps(changed)))
            )
        changed = copy.deepcopy(content)
        changed["metrics"].append(changed["metrics"][number])
        numbers.append((f"{number} twice", lambda path, changed=changed: path.write_text(json.dumps(changed))))
    benchmark = data / "results" / "benchmarks" / "some.json"
    measured = {key: content[key] for key in ("figure", "preset", "provenance")}
    kept_keys = ("name", "value", "low", "high", "n", "paper", "unit")
    measured |= {"seeds": [], "metrics": [{**{k: m[k] for k in kept_keys}, "per_seed": []} for m in metrics[:2]]}
    benchmark.parent.mkdir(parents=True)
    benchmark.write_text(json.dumps(measured))

    elsewhere = data / "published"
    os.environ["SMWM_DATA"] = str(elsewhere)
    checkpoints.publish(weights, f"{runs.run_name(CONFIG, 0)}.safetensors")
    manifest = elsewhere / "checkpoints" / "manifest.json"
    entries = json.loads(manifest.read_text())
    (name, entry), names = (
        next(iter(entries.items())),
        ["../../x", "/etc/x", "manifest.json", "", "a/b.safetensors", "a"],
    )
    names += ["x.safetensors\n", "..", ".safetensors", "\0.safetensors", "a" * 300 + ".safetensors", "ä.safetensors"]
    named = [(f"named {n!r:.30}", lambda path, n=n: path.write_text(json.dumps({n: entry}))) for n in names]
    changes = [{"bytes": 10**15}, {"bytes": 0}, {"bytes": -1}, {"sha256": entry["sha256"][1:]}, {"sha256": "g" * 64}]
    changes += [{"sha256": entry["sha256"].upper()}, {"sha256": "../" * 21 + "a"}, {"bytes": 1.5}]
    named += [(f"{c}", lambda path, c=c: path.write_text(json.dumps({name: {**entry, **c}}))) for c in changes]
    export(Path(name).stem, elsewhere / "out")
    os.environ["SMWM_DATA"] = str(data)

    def published(read: Callable) -> Callable:
        def reading() -> object:
            os.environ["SMWM_DATA"] = str(elsewhere)
            try:
                return read()
            finally:
                os.environ["SMWM_DATA"] = str(data)

        return reading

    episodes = Episodes.from_padded(*world.simulator.collect(6, torch.Generator().manual_seed(0)))
    recording = data / "cache" / "episodes" / f"tworoom_20_{version('tworoom')}" / "episodes.npz"
    episodes.save(recording)
    recorded = {name: getattr(episodes, name).numpy() for name in ("state", "action", "length")}
    rows = episodes.starts(5)[:4]
    tasks = tasks_path("tworoom", 4, 5)
    stated = {"start": episodes.state[rows].numpy(), "goal": episodes.state[rows + 5].numpy()}
    save_arrays(tasks, stated)
    outside = [{"start": stated["start"] * 0}, {"goal": stated["goal"] + 500}, {"start": stated["start"][:, :1]}]
    outside += [{name: values[:3] for name, values in stated.items()}, {k: np.pad(v, 1) for k, v in stated.items()}]
    outside = [("other tasks", lambda path, c=c: save_arrays(path, {**stated, **c})) for c in outside]
    broken = [{"length": -recorded["length"]}, {"length": recorded["length"] * 0}, {"length": recorded["length"] + 1}]
    broken += [{"action": np.nan_to_num(recorded["action"])}, {"state": recorded["state"].repeat(2, 1)}]
    broken = [("other episodes", lambda path, c=c: save_arrays(path, {**recorded, **c})) for c in broken]

    frames = data / "cache" / "frames" / "frames.npy"
    frames.parent.mkdir()
    np.save(frames, np.zeros((5, 16, 16, 3), np.uint8))
    drawn = [np.zeros((4, 16, 16, 3), "u1"), np.zeros((5, 8, 8, 3), "u1"), np.zeros((5, 16, 16, 3), "f4"), np.zeros(5)]
    drawn += [np.array([None, os.getcwd] * 2 + [1])]
    drawn = [(f"{a.dtype} {a.shape}", lambda path, a=a: np.save(path, a, allow_pickle=True)) for a in drawn]
    for shape in ((10**12, 16, 16, 3), (-5, 16, 16, -3), (5, 16, 16, 3, 0)):
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
        drawn.append((f"{shape}", lambda path, header=header: path.write_bytes(header.getvalue() + bytes(100))))

    released = write(data / "small.h5", columns("tworoom"))
    progress = data / "training" / "progress.pt"
    progress.parent.mkdir()
    frames64 = torch.rand(16, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    seen = Transitions(frames64, torch.zeros(16, 2), frames64)

    def train() -> object:
        trained = fit(WorldModel.toy(2, 4), Objective(), seen, steps=3, batch_size=4, progress=progress)
        return {name: w.numpy() for name, w in trained.model.state_dict().items()}

    train()
    described_at = elsewhere / "out" / "config.json"

    def loaded() -> object:
        run = runs.load_run(CONFIG, 0, CPU)
        return {name: w.numpy() for name, w in run.model.state_dict().items()}, run.history, run.world.scale

    def small() -> object:
        found = load_results("page", "laptop")
        return asdict(found)

    j, a, c = json_damages, array_damages, column_damages
    spoiled = {
        "result": (result, small, [*j(random, content, may_lack=("paper", "runs"), count=120), *numbers]),
        "arrays of a result": (result.with_suffix(".npz"), small, [*a(random, arrays)]),
        "benchmark": (
            benchmark,
            lambda: read_benchmark(benchmark),
            [*j(random, measured, may_lack=("paper", "low", "high"))],
        ),
        "weights": (weights, loaded, [*weights_damages(described, random)]),
        "history": (history, loaded, [*a(random, kept), *c(kept)]),
        "manifest": (manifest, published(checkpoints.read_manifest), [*j(random, entries), *named]),
        "published weights": (elsewhere / "checkpoints" / name, published(loaded), []),
        "exported config": (described_at, published(lambda: imported(described_at.parent)[1]), [*j(random, described)]),
        "tasks": (
            tasks,
            lambda: planning_tasks("tworoom", 4, 5, recompute=False),
            [*a(random, stated), *c(stated), *outside],
        ),
        "episodes": (recording, lambda: Episodes.load(recording, world.simulator), [*c(recorded), *broken]),
        "frames": (frames, lambda: np.array(mapped_array(frames, FRAMES, "draw them anew", N=5, H=16)), drawn),
        "progress": (progress, train, [*progress_damages(progress, random)]),
        "released data": (released, lambda: read_episodes(released, "tworoom"), [*hdf5_damages(random)]),
    }
    whole_as_well = {
        "manifest": ("a link to nothing", f"changed at {name}"),
        "arrays of a result": ("a zip of nothing",),
    }
    whole_as_well["progress"] = ("a link to nothing",)
    return {
        reader: (
            path,
            read,
            [case for case in (*damages(random), *own) if case[0] not in whole_as_well.get(reader, ())],
        )
        for reader, (path, read, own) in spoiled.items()
    }


# What the command line does with files of some readers.
COMMANDS = {
    "manifest": ["checkpoints", "list"],
    "published weights": ["checkpoints", "verify"],
    "released data": ["data", "check", "small.h5", "--task", "tworoom"],
    "episodes": ["data", "info", "tworoom"],
}


def digest(value: object) -> str:
    return hashlib.sha256(pickle.dumps(value)).hexdigest()


def contents(folder: Path) -> str:
    """A hash of everything in a folder, names included."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        found.update(f"{path} {path.lstat().st_size}".encode() + (path.read_bytes() if path.is_file() else b""))
    return found.hexdigest()


def restored(path: Path, content: bytes) -> None:
    path.unlink() if not path.is_dir() or path.is_symlink() else path.rmdir()
    path.write_bytes(content)


def judged(read: Callable, path: Path) -> tuple[str, str]:
    """What a reader makes of a file: refused, or a value by its digest; and the sentence."""
    before = contents(path.parent)
    started = time.process_time()
    try:
        outcome, said = digest(read()), ""
    except SMWMError as error:
        outcome, said = "refused", str(error)
    except Exception as error:
        outcome, said = "traceback", repr(error)
    if time.process_time() - started > LONGEST_SECONDS:
        outcome = "slow"
    if contents(path.parent) != before:
        outcome = "wrote"
    if outcome == "refused" and ("\n" in said or not said.endswith(".") or "llocate" in said or "MemoryError" in said):
        outcome = "no sentence"
    return outcome, said


def commanded(arguments: list[str]) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main(arguments)
    said = err.getvalue()
    return ("refused" if status == 2 and said.count("\n") == 1 else "no sentence"), said


def report(data: Path, only: list[str]) -> dict:
    os.environ["SMWM_DATA"] = str(data)
    os.chdir(data)
    random = np.random.default_rng(18)
    readers = prepared(data, random)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES, used + MOST_BYTES))
    found, wrong = {}, []
    for reader, (path, read, spoils) in readers.items():
        if only and reader not in only:
            continue
        content, counts = path.read_bytes(), Counter()
        usual = digest(read())
        for number, (label, spoil) in enumerate(spoils):
            print(reader, label, file=sys.stderr, flush=True)
            spoil(path)
            outcome, said = judged(read, path)
            if outcome == "refused" and reader in COMMANDS and number % 4 == 0:
                os.environ["SMWM_DATA"] = str(data / "published" if "published" in str(path) else data)
                outcome, said = commanded(COMMANDS[reader])
                os.environ["SMWM_DATA"] = str(data)
                counts["commands"] += 1
            flipped = label.startswith("flipped")
            if outcome not in ("refused", "traceback", "slow", "wrote", "no sentence"):
                outcome = "same" if outcome == usual else "other" if flipped else "accepted"
            counts[outcome] += 1
            if outcome not in ("refused", "same", "other") or (outcome == "same" and not flipped):
                wrong.append(f"{reader}, {label}: {outcome} {said}")
                print("WRONG", outcome, said, file=sys.stderr, flush=True)
            restored(path, content)
        found[reader] = counts
    return {"found": found, "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(report(Path(sys.argv[1]).resolve(), sys.argv[2:])))
