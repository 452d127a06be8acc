"""Golden values: what the authors' published code computes, for ``tests/core/test_parity.py`` to compare ours with.

    git clone https://github.com/petr-ivashkov/sensorimotor-world-model /tmp/authors
    python tests/make_golden.py /tmp/authors        # writes tests/core/golden/authors.json, takes a minute

Their code is imported from that checkout and none of it is kept. Weights, latents and directions are numbers by a
formula (``numbers``) that the test repeats; states and actions are drawn by their datasets and written down. Networks
run in float64 on both sides, so that what is left of a difference is not rounding. Of a tensor only its sum and six
projections on such numbers are written down (``fingerprint``).
"""

import importlib
import json
import subprocess
import sys
import types
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn

GOLDEN = Path(__file__).resolve().parent / "core" / "golden" / "authors.json"
REPOSITORY = "https://github.com/petr-ivashkov/sensorimotor-world-model"

LATENT_DIM, BATCH, STEPS = 64, 6, 3
DECODER, LATENTS, DIRECTIONS, PROJECTIONS = 30, 40, 50, 60  # streams of ``numbers``, 10 apart
DOTS = {
    "single": "single_dot/config",
    "independent": "structured_dots/config_2_independent",
    "coupled": "structured_dots/config_1_coupled_pair",
    "distractor": "structured_dots/config_1_dot_1_random",
    "combined": "structured_dots/config_combined",
}
SPRITES = {name: f"sprite_decoder/config_{name}" for name in ("none", "x", "xy", "xyt")}
TRAINED = ("single", "combined", "none", "xyt")
POSES = [[21.0, 42.0, 0.3], [30.3, 33.7, 1.9], [41.25, 22.5, 3.4], [31.5, 31.5, 5.6]]
STARTS = 200_000  # drawn of "combined" for the share of dots that start close to each other
CLOSE = 10.0  # pixels


def numbers(n: int, stream: int) -> Tensor:
    """``n`` float64 numbers spread evenly over [-1, 1), the same on every machine; streams look independent."""
    x = np.arange(n, dtype=np.uint64) + np.uint64(stream * 0x9E3779B97F4A7C15 % 2**64)
    for factor in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
        x = (x ^ (x >> np.uint64(30))) * np.uint64(factor)
    return torch.from_numpy((x ^ (x >> np.uint64(31))) / 2.0**63 - 1.0)


def filled(module: nn.Module, stream: int) -> nn.Module:
    """A module in float64 with weights by formula; layers count in the order of their parameters, not by name."""
    module = module.double()
    for index, parameter in enumerate(module.parameters()):
        scale = (3 / parameter.shape[1:].numel()) ** 0.5 if parameter.ndim > 1 else 0.1
        parameter.data = (scale * numbers(parameter.numel(), stream + index)).view(parameter.shape)
    return module


def fingerprint(x: Tensor) -> list[float]:
    """The sum of a tensor and six projections of it, in which each entry counts differently."""
    x = x.detach().double().flatten()
    return [x.sum().item(), *(torch.dot(x, numbers(len(x), PROJECTIONS + k)).item() for k in range(6))]


def directions(*shape: int, **_) -> Tensor:
    """In place of ``torch.randn``: numbers by formula, others at each call."""
    directions.calls += 1
    return numbers(int(np.prod(shape)), DIRECTIONS + directions.calls).view(shape)


directions.calls = 0


def main(checkout: Path) -> None:
    torch.set_num_threads(1)
    sys.path[:0] = [str(checkout / "toy"), str(checkout / "planning")]
    git = partial(subprocess.run, cwd=checkout, check=True, capture_output=True, text=True)
    theirs = importlib.import_module("train")
    decoding = importlib.import_module("train_decoder")
    configs = {
        name: theirs.load_config(checkout / "toy" / "experiments" / f"{path}.yaml")
        for name, path in {**DOTS, **SPRITES, "decoder": "sprite_decoder/config_decoder_xyt"}.items()
    }
    worlds = {name: theirs.build_world(config["dataset"]) for name, config in configs.items() if "dataset" in config}
    drawn = {name: _drawn(*worlds[name][:2]) for name in TRAINED}
    golden = {
        "about": {
            "repository": REPOSITORY,
            "commit": git(["git", "rev-parse", "HEAD"]).stdout.strip(),
            "date of the commit": git(["git", "log", "-1", "--format=%cs"]).stdout.strip(),
            "license of the repository": "MIT",
            "command": "python tests/make_golden.py CHECKOUT",
            "torch": torch.__version__,
        },
        "settings": {
            name: {key: float(configs[name][part][key]) for part, key in _SETTINGS}
            | {"action_dim": worlds[name][0].action_dim, "action_scale": np.ravel(worlds[name][2]).tolist()}
            for name in TRAINED
        }
        | {"decoder": {key: float(configs["decoder"]["decoder"][key]) for key in ("lr", "batch_size", "weight_beta")}},
        "dots": {name: _dot_frames(worlds[name][0]) for name in DOTS},
        "starts": _starts(*worlds["combined"][:2]),
        "sprite": {
            "range": [worlds["xyt"][0].margin, 64 - 1 - worlds["xyt"][0].margin],
            "frames": [_sprite_frame(worlds["xyt"][0], pose) for pose in POSES],
        },
        "drawn": drawn,
        "trained": {name: _trained(theirs, configs[name], worlds[name], drawn[name]) for name in TRAINED},
        "decoder": _decoded(decoding, worlds["xyt"][0]),
        "sigreg": _sigreg(),
    }
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(json.dumps(golden, separators=(",", ":")).replace('},"', '},\n"').replace('],"', '],\n"') + "\n")
    print(GOLDEN, GOLDEN.stat().st_size, "bytes")


_SETTINGS = [
    *(("training", key) for key in ("lambda", "lr", "batch_size", "epochs")),
    ("dataset", "train_samples"),
    *(("model", key) for key in ("latent_dim", "hidden_dim")),
]


def _drawn(config, dataset) -> dict:
    """A batch of transitions of their dataset: states, raw actions, next states."""
    made = dataset(config, num_samples=BATCH, seed=7)
    drawn = [made._sample_transition(np.random.default_rng(made.seed + i)) for i in range(BATCH)]
    state, action, next_state = (np.stack([np.ravel(part) for part in parts]) for parts in zip(*drawn, strict=True))
    return {name: part.tolist() for name, part in (("state", state), ("action", action), ("next_state", next_state))}


def _render(config, states) -> Tensor:
    if hasattr(config, "groups"):
        module = importlib.import_module("datasets.structured_dot_world")
        colours = module._flat_color_indices(config)
        frames = [module.render_dots(np.reshape(state, (-1, 2)), colours, config) for state in states]
    else:
        module = importlib.import_module("datasets.sprite_world")
        frames = [module.render_sprite(np.array(state), config) for state in states]
    return torch.from_numpy(np.stack(frames))


def _dot_frames(config) -> list[dict]:
    """Frames as the flat places of every colour: dots apart, and each over half of the one before."""
    n = config.num_dots
    states = [[18 + (11 * i) % 28 for i in range(1, 2 * n + 1)], [30 + i // 2 for i in range(2 * n)]]
    frames = (_render(config, states) * 255).round().byte().flatten(2).permute(0, 2, 1).tolist()
    found = []
    for state, frame in zip(states, frames, strict=True):
        places: dict[str, list[int]] = {}
        for place, colour in enumerate(frame):
            if colour != [255, 255, 255]:
                places.setdefault(bytes(colour).hex(), []).append(place)
        found.append({"state": state, "places": places})
    return found


def _starts(config, dataset) -> dict:
    """How often two dots are close before and after a step: mean over pairs, and its standard error."""
    made, rng = dataset(config, num_samples=1, seed=0), np.random.default_rng(0)
    drawn = [made._sample_transition(rng) for _ in range(STARTS)]
    found = {}
    for name, which in (("before", 0), ("after", 2)):
        share = close(torch.from_numpy(np.stack([transition[which] for transition in drawn])))
        found[name] = [share.mean().item(), share.std().item() / STARTS**0.5]
    return found


def close(position: Tensor) -> Tensor:
    """The share of pairs of dots that are less than 10 px apart: ``(N, dots, 2)`` → ``(N,)``."""
    position = position.double()
    i, j = torch.triu_indices(position.shape[1], position.shape[1], 1)
    return ((position[:, i] - position[:, j]).norm(dim=-1) < CLOSE).double().mean(1)


def _sprite_frame(config, pose) -> dict:
    """A frame as sixteenths of ink, one letter each, of the square that holds the arrow."""
    frame = _render(config, [pose])[0]
    assert (frame[0] == 1).all()
    assert torch.equal(frame[1], frame[2])
    ink = ((1 - frame[1]) * 16).round().int()
    rows, columns = (torch.nonzero(ink.sum(axis)).flatten() for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].tolist()
    return {
        "pose": pose,
        "corner": [rows[0].item(), columns[0].item()],
        "rows": ["".join(chr(ord("a") + share) for share in row) for row in ink],
    }


def _trained(theirs, config: dict, world: tuple, drawn: dict) -> dict:
    """Outputs and losses of their networks, then a few steps of their optimiser on one batch."""
    world, _, action_scale = world
    models = theirs.build_models(config["model"], world.image_size, world.action_dim, "cpu")
    for index, model in enumerate(models):
        filled(model, 10 * index)
    state, action, next_state = (torch.tensor(drawn[name]).double() for name in ("state", "action", "next_state"))
    frames = [_render(world, part.tolist()).double() for part in (state, next_state)]
    batch = frames[0], action, frames[1], state
    has_action = world.action_dim > 0
    losses = partial(theirs.compute_losses, models, batch, action_scale, has_action, "cpu")
    before = [parameter.detach().clone() for model in models for parameter in model.parameters()]
    rate = float(config["training"]["lr"])
    optimizer = theirs.optim.Adam([p for model in models for p in model.parameters()], lr=rate)
    found: dict = {"forward": [], "inverse": [], "loss": []}
    with torch.no_grad():
        _, _, z, z_next = losses()
        scaled = action / action_scale if has_action else action
        found |= {
            "latents": fingerprint(z),
            "predicted": fingerprint(models[1](z, scaled)),
            "recovered": fingerprint(models[2](z, z_next)),
        }
    for _ in range(STEPS):
        forward, inverse, *_ = losses()
        loss = forward + config["training"]["lambda"] * inverse
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        for name, value in (("forward", forward), ("inverse", inverse), ("loss", loss)):
            found[name].append(value.item())
    after = [parameter for model in models for parameter in model.parameters()]
    found["moved"] = fingerprint(torch.cat([(a - b).flatten() for a, b in zip(after, before, strict=True)]))
    return found


def _decoded(decoding, world) -> dict:
    frames = _render(world, POSES).double()
    decoder = filled(decoding.CNNDecoder(latent_dim=LATENT_DIM), DECODER)
    z = latents(1, len(POSES))[0]
    weighted, _ = decoding.compute_losses(lambda _: z, decoder, frames, 10.0, "cpu")
    return {"drawn": fingerprint(decoder(z)), "loss": weighted.item()}


def latents(frames: int, n: int) -> Tensor:
    """``(frames, n, 64)`` in (-2, 2)."""
    return 2 * numbers(frames * n * LATENT_DIM, LATENTS).view(frames, n, LATENT_DIM)


def _sigreg() -> float:
    """Of two frames of 16 latents each; their module of planning models imports a package that this does not need."""
    sys.modules.setdefault("einops", types.SimpleNamespace(rearrange=None))
    sigreg = importlib.import_module("module").SIGReg().double()
    directions.calls = 0
    with mock.patch("torch.randn", directions):
        return sigreg(latents(2, 16)).item()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
