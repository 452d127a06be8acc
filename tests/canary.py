"""A canary for every family of runs: a few steps of real training, compared with the committed record of its versions.

Each trains six steps at the configuration's own values on few transitions: three epochs of two batches with a
remainder, a curriculum over half of the steps, the whole warm-up and cosine. A record holds the first states and
actions exactly, a digest of the initial weights, mean and spread of the frames, every loss of every step, the norm of
every weight afterwards, and latents of eight fixed frames before and after, also from a weights file.

    python tests/canary.py      # records what has no record yet; a record that is there is never written again

The vision transformers run in float32 here: bfloat16 rounds differently on processors with and without it.
"""

import contextlib
import hashlib
import json
import os
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from unittest import mock

import h5py
import numpy as np
import torch
from safetensors.torch import load_file

from smwm_book.experiments.recipe import recipe
from smwm_core.losses.objective import Objective
from smwm_core.models import PixelDecoder
from smwm_core.seeds import generator
from smwm_core.storage import weights
from smwm_core.storage.versions import VERSIONS
from smwm_core.training.config import ControlConfig, ToyConfig, VitConfig
from smwm_core.training.kinds import Config, trainer
from smwm_core.worlds import SIMULATORS, ThermalRig, TwoRoom

RECORDS = Path(__file__).resolve().parents[1] / "data" / "canaries"
STEPS = 6
CPU = torch.device("cpu")

# Largest difference that counts as rounding, relative to the largest entry of what is compared: ten times what was
# measured over all families between one thread and two, and for vision transformers between two orders of adding up
# the gradients of a latent that several losses read. Contiguous memory instead of channels-last and torch 2.14.1
# instead of 2.13.0 changed nothing (below 1e-15). Adam's first steps follow the sign of a gradient, so one that is
# nearly zero may move a weight either way: latents and what is predicted of them spread the most.
# Of losses and norms of weights; measured: 8.4e-6, 2.7e-5 and 1.3e-4.
TOLERANCE = {"toy": 1e-4, "control": 3e-4, "vit": 1.3e-3}
# Of latents after training and the forward loss; measured: 2.4e-4, 1.2e-3 and 4.0e-4.
TOLERANCE_OF_LATENTS = {"toy": 2.5e-3, "control": 1.2e-2, "vit": 4e-3}
ROUNDED = 5e-3  # latents of weights in half precision; measured: 2.5e-4, 4.8e-4
SIMULATED = 1e-6  # states and frames of simulators
# Mean and spread of frames: 9e-11 between two makes of processor, whose exponentials differ in the last bit; a single
# pixel of two batches that is one of 256 levels off moves them by more than this.
SUMMED = 1e-9

_EPISODES = 20  # that simulators record here; how many a real run has is in the record as well
_TOYS = {
    **{f"dots-{name}": ToyConfig(f"dots/{name}") for name in ("single", "independent", "coupled", "distractor")},
    "dots-combined": ToyConfig("dots/combined", batch_size=16),
    "dots-single-forward": ToyConfig("dots/single", Objective(inverse=0)),
    "dots-distractor-sigreg": ToyConfig("dots/distractor", Objective(inverse=0, sigreg=0.09)),
    "dots-distractor-both": ToyConfig("dots/distractor", Objective(inverse=10, sigreg=0.09)),
    "dots-distractor-vicreg": ToyConfig("dots/distractor", Objective(inverse=0, vicreg=1)),
    "dots-distractor-ema": ToyConfig("dots/distractor", Objective(inverse=0, ema_decay=0.99)),
    "dots-distractor-reconstruction": ToyConfig("dots/distractor", Objective(inverse=0, reconstruction=1)),
    "dots-distractor-slow": ToyConfig("dots/distractor/8"),
    "dots-distractor-constraint": ToyConfig("dots/distractor", Objective(inverse=1, constraint=0.7)),
    "dots-distractor-relative": ToyConfig("dots/distractor", Objective(inverse=1, relative=True)),
    "dots-orbit": ToyConfig("dots/independent+orbit"),
    "dots-distractor-split": ToyConfig("dots/distractor", Objective(inverse=10, sigreg=0.09, inverse_dims=32)),
    "dots-biased": ToyConfig("biased/0.9/0.5/0.1"),
    "dots-chaser": ToyConfig("chaser/0.5"),
    "dots-biased-sigreg": ToyConfig("biased/0.9/0.5", Objective(inverse=0, sigreg=0.09)),
    "sprite-none": ToyConfig("sprite/none", Objective(inverse=0), batch_size=16),
    **{f"sprite-{name}": ToyConfig(f"sprite/{name}", batch_size=16) for name in ("x", "xy")},
    "sprite-xyt": ToyConfig("sprite/xyt", batch_size=16, steps=STEPS, curriculum=STEPS // 2),
    "propeller": ToyConfig("propeller/30", batch_size=16),
    "propeller-first": ToyConfig("propeller/30", Objective(inverse_steps=(1, 2)), batch_size=16),
    "propeller-sum": ToyConfig("propeller/30", Objective(inverse_steps=(1, 3), inverse_target="sum"), batch_size=16),
    "propeller-lags": ToyConfig("propeller/30", Objective(inverse_lags=2), batch_size=16),
    "wiring-valve": ToyConfig("wiring/valve", Objective(inverse_target="moments"), batch_size=16),
    "wiring-swapped": ToyConfig("wiring/swapped25", batch_size=16),
    "blob-direct": ToyConfig("blob/direct", batch_size=16),
    "blob-two-frames": ToyConfig("blob/momentum", Objective(inverse_steps=(1, 2)), batch_size=16, frames=2),
    # At a tenth of the learning rate: at its own, the last bit of an exponential becomes 6 % of a latent in six steps.
    "blob-past-actions-slow": ToyConfig(
        "blob/delay2", batch_size=16, frames=2, past_actions=2, learning_rate=ToyConfig.learning_rate / 10
    ),
    "blob-lags": ToyConfig("blob/delay2", Objective(inverse_lags=3), batch_size=16, past_actions=2),
}
_TOYS["tworoom"] = ToyConfig(f"tworoom/{_EPISODES}", batch_size=64)
_VIT = VitConfig(
    f"tworoom/{_EPISODES}", image_size=28, encoder_depth=2, depth=2, batch_size=8, windows=18, epochs=STEPS // 2
)
# At a tenth of their learning rate: at their own, six steps turn rounding into percents.
_SLOW = {"steps": STEPS, "learning_rate": 1e-4}
_PLANNED = ("tworoom", "reacher/mixed", "pusht/pose", "cube")
_CONTROL = {
    **{f"control-{world.partition('/')[0]}": ControlConfig(f"{world}/{_EPISODES}", **_SLOW) for world in _PLANNED},
    **{
        f"control-{world.partition('/')[0]}-sigreg": ControlConfig(
            f"{world}/{_EPISODES}", Objective(inverse=0, sigreg=0.09), **_SLOW
        )
        for world in _PLANNED
    },
    **{
        f"control-{name}two-frames": ControlConfig(f"{world}/{_EPISODES}", frames=2, **_SLOW)
        for name, world in (("", "tworoom"), ("reacher-", "reacher"))
    },
}
FAMILIES: dict[str, Config] = {
    **{
        name: replace(
            config, batch_size=min(config.batch_size, 64), steps=STEPS, transitions=2 * min(config.batch_size, 64) + 5
        )
        for name, config in _TOYS.items()
    },
    **_CONTROL,
    "vit": _VIT,
    "vit-history": replace(_VIT, history=3, objective=Objective(inverse=30, sigreg=0.09)),
    "vit-lewm": replace(_VIT, world="tworoom/released"),
}
_HEADER = {"name": "", "config": {}, "seed": 0, "device": "cpu", "recipe": {}, "commit": "", "seconds": 0}
# Worlds that no configuration names, for they have no frames; what trains in them is recorded by the families above.
FRAMELESS = {"thermal-rig": ThermalRig(boards=2)}


def components_of(family: str) -> dict[str, int]:
    """Name and version of every component that decides a family's numbers."""
    if family in FRAMELESS:
        return {name: VERSIONS[name] for name in sorted(["streams", *FRAMELESS[family].components])}
    return recipe(FAMILIES[family])


def path_of(family: str) -> Path:
    """Where the record of a family at the present versions lies."""
    versions = "-".join(map(str, components_of(family).values()))
    return RECORDS / f"{family}_v{versions}.json"


def observe(family: str) -> dict:
    """Train a family's few steps, or run its world, and say all that is to be compared."""
    if family in FRAMELESS:
        return _run(family)
    config = FAMILIES[family]
    world, kind = config.make_world(), trainer(config)
    drawn = []
    draw = type(world).render

    def render(self, state):
        frames = draw(self, state)
        drawn.append((state, frames))
        return frames

    with _float32():
        before = kind.build_model(config).eval()
        fixed = draw(world, world.sample(8, generator(0, "frames of a canary")).state)
        fixed = torch.cat([fixed.roll(k, 0) for k in range(before.frames)], 1)
        z_before = before.encode(fixed)
        with mock.patch.object(type(world), "render", render):
            trained = kind.train(config, 0, device=CPU)
        model = trained.model.eval()
        z_after = model.encode(fixed)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "weights"
            weights.save_weights(path, model, _HEADER)
            stored = sorted({str(weight.dtype) for weight in load_file(path).values()})
            weights.load_weights(path, before)
        latents = 20 * torch.randn(3, 64, z_after.shape[1], generator=generator(0, "latents of a canary"))
        terms = _terms(config, before, latents, fixed)
        z_read = before.eval().encode(fixed)
    training = (
        [(state, frames) for state, frames in drawn if len(state) != before.frames * len(trained.snapshots[0])]
        if len(trained.snapshots)
        else drawn
    )
    sample = world.sample(4, generator(0, "transitions of a canary"))
    blocks = getattr(world, "split", None)
    return {
        "exact": {
            "versions": recipe(config),
            "initial weights": _digest(kind.build_model(config).state_dict()),
            "types in a weights file": stored,
            **({"usual values": _usual_values()} if config.kind == "control" else {}),
            "episodes": SIMULATORS[config.world.partition("/")[0]][1] if blocks else 0,
        },
        "data": {
            "states of two batches": [state.double().tolist()[:8] for state, _ in training[:2]],
            "sampled states": sample.state.double().tolist(),
            "sampled actions": sample.action.double().tolist(),
            "sampled next states": sample.next_state.double().tolist(),
            "frames of two batches": [
                [f(frames.double()[:, c]).item() for f in (torch.mean, torch.std) for c in range(3)]
                for _, frames in training[:2]
            ],
        },
        "trained": {
            **{f"loss {name}": values.astype(float).tolist() for name, values in trained.losses.items()},
            **{f"{name} of fixed latents": [value] for name, value in terms.items()},
            "weights": [w.double().norm().item() for w in model.state_dict().values()],
            "latents before": _seen(z_before),
            "latents after": _seen(z_after),
        },
        "rounded": {"latents from a weights file": _seen(z_read)},
    }


def _run(family: str) -> dict:
    """Conditions, commands, states and readings of three rigs."""
    rig, draws = FRAMELESS[family], generator(0, "runs of a canary")
    conditions = rig.conditions(3, 12, draws)
    states, readings, commands = rig.run(conditions, rig.random_commands(3, 12, draws))
    truth = torch.stack([conditions.ambient, conditions.supply, conditions.burning, conditions.door], 2)
    seen = {"truth": truth, "states": states, "readings": readings, "commands": commands}
    return {
        "exact": {"versions": components_of(family), "episodes": len(conditions)},
        "data": {name: values.double().flatten(0, 1).tolist() for name, values in seen.items()},
        "trained": {},
        "rounded": {},
    }


def differences(record: dict, seen: dict) -> list[str]:
    """What of a canary is not as recorded, with the relative difference."""
    found = [
        f"{name}: {seen['exact'][name]}" for name, value in record["exact"].items() if seen["exact"][name] != value
    ]
    simulated = record["exact"]["episodes"] > 0
    for part in ("data", "trained", "rounded"):
        for name, value in record[part].items():
            distance = apart(value, seen[part].get(name))
            if part == "data":
                tolerance = SIMULATED if simulated else SUMMED if name.startswith("frames") else 0.0
            elif part == "rounded":
                tolerance = ROUNDED
            else:
                tolerances = TOLERANCE_OF_LATENTS if name in ("latents after", "loss forward") else TOLERANCE
                versions = record["exact"]["versions"]
                tolerance = next(tolerances[kind] for kind in tolerances if f"{kind} model" in versions)
            if distance > tolerance:
                found.append(f"{name}: {distance:.1g} apart")
    return found


def apart(expected, found) -> float:
    """The largest difference between two nested lists of numbers, relative to the largest entry."""
    a, b = (
        np.concatenate([np.ravel(row) for row in value]) if value and isinstance(value[0], list) else np.array(value)
        for value in (expected, found or [np.nan])
    )
    if a.shape != b.shape or not np.isfinite(b).all():
        return float("inf")
    return float(np.abs(a - b).max() / max(np.abs(a).max(), 1e-300)) if a.any() or b.any() else 0.0


def released_file(data: Path) -> None:
    """A file of the released form in a data folder, with six episodes of TwoRoom and empty frames."""
    path = data / "cache" / "released" / "tworoom.h5"
    path.parent.mkdir(parents=True, exist_ok=True)
    states, actions, steps = TwoRoom().collect(6, generator(0, "released file of a canary"))
    length = steps.numpy() + 1
    state = np.concatenate([row[:n] for row, n in zip(states.numpy(), length, strict=True)])
    action = np.concatenate(
        [
            np.pad(row[: n - 1], ((0, 1), (0, 0)), constant_values=np.nan)
            for row, n in zip(actions.numpy(), length, strict=True)
        ]
    )
    with h5py.File(path, "w") as file:
        file["action"], file["proprio"] = action.astype("f4"), state.astype("f4")
        file["ep_len"], file["ep_offset"] = length.astype("i4"), (length.cumsum() - length).astype("i8")
        file.create_dataset("pixels", data=np.zeros((len(state), 224, 224, 3), "u1"), compression="lzf")


def _usual_values() -> dict:
    """What a small control model is trained with if nothing else is asked for; of its objective, the weights."""
    usual = asdict(ControlConfig())
    weights = ("inverse", "sigreg", "vicreg", "reconstruction", "ema_decay")
    return {**usual, "objective": {name: usual["objective"][name] for name in weights}}


def _terms(config, model, latents: torch.Tensor, frames: torch.Tensor) -> dict[str, float]:
    """Every loss on latents that spread widely and are a little correlated, so that all terms and their knots count."""
    z, z_next = latents[0], 0.8 * latents[1] + 0.2 * latents[2] + 0.3 * latents[0].roll(1, 1)
    directions = generator(0, "directions of a canary")
    a = torch.zeros(len(z), config.make_world().action_dim)
    decoder = PixelDecoder(z.shape[1]) if config.objective.reconstruction else None
    for parameter in decoder.parameters() if decoder else ():
        torch.nn.init.constant_(parameter, 0.01)
    batch = frames[torch.arange(len(z)) % len(frames)]
    if (steps := config.objective.question.window) > 1:
        whole = len(z) // steps * steps
        z, a, z_next, batch = (part[:whole].unflatten(0, (-1, steps)) for part in (z, a, z_next, batch))
    if past := getattr(config, "past_actions", 0):
        z, a, z_next = (part[:, None] if part.ndim == 2 else part for part in (z, a, z_next))
        a = torch.cat([a[:, :1].expand(-1, past, -1), a], 1)
    found = config.objective(model, z, a, z_next, directions, frames=batch, decoder=decoder)
    return {name: found[name].item() for name in config.objective.terms}


def _seen(z: torch.Tensor) -> list[list[float]]:
    """Length and first four numbers of each latent."""
    z = z.detach().double()
    return torch.cat([z.norm(dim=1, keepdim=True), z[:, :4]], 1).tolist()


def _digest(weights: dict[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for name, weight in weights.items():
        digest.update(name.encode() + weight.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def _float32():
    def exact(*_, **__):
        return contextlib.nullcontext()

    with mock.patch("torch.autocast", exact):
        yield


def main() -> None:
    torch.set_num_threads(1)
    from smwm_book.experiments.provenance import commit

    with tempfile.TemporaryDirectory() as folder:
        os.environ["SMWM_DATA"] = folder
        released_file(Path(folder))
        for family in (*FAMILIES, *FRAMELESS):
            path = path_of(family)
            if not path.exists():
                seen = observe(family)
                path.parent.mkdir(exist_ok=True)
                path.write_text(
                    json.dumps({"commit": commit(), "torch": torch.__version__, **seen}, indent=None) + "\n"
                )
                print(path.name)


if __name__ == "__main__":
    sys.exit(main())
