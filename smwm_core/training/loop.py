"""The one training loop: encode, losses, one step of the optimiser.

Nothing in a step waits for the device; losses are read when the progress bar is refreshed. An interrupted training
goes on where it was last saved and, on a processor, ends with the same bits as one that was never interrupted: every
random choice follows from the seed and the step. (A GPU may add numbers in another order each time.)
"""

import io
import time
import zipfile
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from tqdm import tqdm

from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.models import WorldModel
from smwm_core.models.encoder import seen_together
from smwm_core.seeds import generator, initialising, own_random_numbers, random_state, set_random_state, stream_seed
from smwm_core.storage import root
from smwm_core.storage.files import write_whole
from smwm_core.storage.reading import converted, parsing
from smwm_core.storage.schemas import Progress
from smwm_core.training.auxiliary import AuxiliaryNetworks
from smwm_core.training.batches import own_batches
from smwm_core.worlds.world import Transitions

REFRESH_EVERY = 20
EAGER_STEPS = 3  # before a step is recorded

# A batch: frames (N, T + 1, 3, H, W) in [0, 1] and actions (N, T, A); a[:, t] takes frame t to frame t + 1. For a
# forward model of P past actions they are (N, P + T, A), and a[:, P + t] does.
Batch = tuple[Tensor, Tensor]


class Paused(Exception):
    """A training was asked to stop between two steps; what it did is saved."""


@dataclass
class History:
    """What training leaves behind.

    Arguments:
        model: the trained model.
        losses: per term an array ``(steps,)``.
        snapshot_steps: the steps after which the watched frames were encoded, ``(S,)``; 0 is before
            training, and the distances grow.
        snapshots: their latents, ``(S, N, Z)``.
        seconds: time spent training, all sittings added.
    """

    model: WorldModel
    losses: dict[str, np.ndarray]
    snapshot_steps: np.ndarray
    snapshots: np.ndarray
    seconds: float


class Step:
    """One step of training: latents and losses of a batch, and what the optimiser makes of their gradients.

    Arguments:
        model: on the device where it is trained.
        objective: what is minimised.
        optimizer: made from the parameters that it is to move.
        schedule: the learning rate of a step, by its number; None for that of the optimiser.
        clip: largest norm of the gradient; None for no limit.
        scaled: whether the loss is multiplied before the backward pass, so that gradients in float16 do not vanish; a
            step whose gradients are not finite then moves nothing.
        seed: of SIGReg's directions and of the weights of auxiliary networks.
    """

    def __init__(
        self,
        model: WorldModel,
        objective: Objective,
        optimizer: Callable[[list[nn.Parameter]], Optimizer],
        *,
        schedule: Callable[[int], float] | None = None,
        clip: float | None = None,
        scaled: bool = False,
        seed: int = 0,
    ) -> None:
        device = next(model.parameters()).device
        self.model, self.objective, self.schedule, self.clip = model, objective, schedule, clip
        with initialising(seed, "helpers"):
            self.auxiliary = AuxiliaryNetworks(objective, model).to(device)
        self.directions = generator(seed, "loss directions", device)
        self.optimizer = optimizer([*model.parameters(), *self.auxiliary.trained()])
        self.scaler = torch.amp.GradScaler(device.type, enabled=scaled)

    def __call__(self, frames: Tensor, a: Tensor, done: int) -> Tensor:
        """Train on a batch after ``done`` others; returns every loss in the order of the objective's terms."""
        z, z_next = self.encode(frames)
        terms = self.losses(z, a, z_next, frames)
        self.backward(terms["loss"])
        self.update(done)
        if self.auxiliary.adaptive:
            self.auxiliary.adaptive.adapt(terms["inverse"].detach(), a)
        return torch.stack([terms[term].detach() for term in self.objective.terms])

    def encode(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Windows ``(N, T + 1, 3, H, W)`` → the latents of their first T frames and of their last T, ``(N, T, Z)``.

        An encoder of F frames needs the first F - 1 to see the next one, so T is smaller by that; unless the frames
        that it sees at once come side by side, ``(N, T + 1, 3 · F, H, W)``.
        """
        together = seen_together(frames, seen := self.model.frames)
        if seen > 1 and together.shape[1] < 2:
            raise SMWMError(f"A model that sees {seen} frames needs windows of {seen + 1}, not {frames.shape[1]}.")
        if self.auxiliary.target is None:
            z = self._encode(self.model.encoder, together)
            return z[:, :-1], z[:, 1:]
        with torch.no_grad():
            z_next = self._encode(self.auxiliary.target, together[:, 1:])
        return self._encode(self.model.encoder, together[:, :-1]), z_next

    def losses(self, z: Tensor, a: Tensor, z_next: Tensor, frames: Tensor) -> dict[str, Tensor]:
        """Every term of the objective; actions and ``frames`` are those of the whole windows."""
        steps = z.shape[1]
        past = getattr(self.model.forward_model, "past_actions", 0)
        return self.objective(
            self.model,
            z,
            a[:, -steps - past :],
            z_next,
            self.directions,
            frames=frames[:, -1 - steps : -1],
            decoder=self.auxiliary.decoder,
            **({"weight": self.auxiliary.adaptive.weight} if self.auxiliary.adaptive else {}),
        )

    def backward(self, loss: Tensor) -> None:
        """The gradients of a loss."""
        self.scaler.scale(loss).backward()

    def update(self, done: int) -> None:
        """Move the weights and drop the gradients; ``done`` steps came before this one."""
        if self.schedule:
            for group in self.optimizer.param_groups:
                group["lr"] = self.schedule(done)
        if self.clip:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self.auxiliary.follow(self.model)

    def _encode(self, encoder: nn.Module, frames: Tensor) -> Tensor:
        in_time = frames.stride(0) < frames.stride(1)  # all first frames were drawn, then all second ones
        frames = frames.transpose(0, 1) if in_time else frames  # as they lie in memory, so that nothing is copied
        z = encoder(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        return z.transpose(0, 1) if in_time else z


class Captured:
    """A step on a GPU that is recorded once and then repeated as a whole, so that launching its kernels takes no time.

    Arguments:
        step: without a schedule and with an optimiser that is ``capturable``.
    """

    def __init__(self, step: Step) -> None:
        self.step, self.graph, self.warmed_up = step, torch.cuda.CUDAGraph(), 0
        self.graph.register_generator_state(step.directions)

    def __call__(self, frames: Tensor, a: Tensor, done: int) -> Tensor:
        """As ``Step``: the first batches in the usual way, on a stream of their own, as recording asks for."""
        if self.warmed_up < EAGER_STEPS:
            self.warmed_up += 1
            aside = torch.cuda.Stream(frames.device)
            aside.wait_stream(torch.cuda.current_stream(frames.device))
            with torch.cuda.stream(aside):
                losses = self.step(frames, a, done)
            torch.cuda.current_stream(frames.device).wait_stream(aside)
            return losses
        if self.warmed_up == EAGER_STEPS:  # recording does not compute anything
            self.warmed_up += 1
            self.frames, self.a = torch.empty_like(frames), torch.empty_like(a)
            with torch.cuda.graph(self.graph):
                self.losses = self.step(self.frames, self.a, done)
        self.frames.copy_(frames)
        self.a.copy_(a)
        self.graph.replay()
        return self.losses


def fit(
    model: WorldModel,
    objective: Objective,
    batches: Transitions | Iterable | Callable[[int], Iterable[Batch]],
    *,
    steps: int,
    batch_size: int = 64,
    learning_rate: float = 5e-4,
    seed: int = 0,
    progress: Path | None = None,
    optimizer: Callable[[list[nn.Parameter]], Optimizer] | None = None,
    schedule: Callable[[int], float] | None = None,
    clip: float | None = None,
    scaled: bool = False,
    captured: bool = False,
    watch: Callable[[WorldModel], Tensor] | None = None,
    save_every_seconds: float = 15.0,
    save_every_steps: int | None = None,
    pause: Callable[[], bool] | None = None,
    name: str = "your data",
) -> History:
    """Train a model in place; it is left in evaluation mode.

    Arguments:
        model: on the device where it is to be trained.
        objective: what is minimised.
        batches: ``Transitions`` of frames ``(N, 3, H, W)`` (in [0, 1], or bytes), actions ``(N, A)`` and next
            frames, as tensors or arrays, drawn in a new random order every epoch; or an iterable of such batches
            ``(o, a, o_next)``, or of windows ``(frames, actions)`` of ``(N, T + 1, 3, H, W)`` and ``(N, T, A)``; or a
            function that gives the windows from a step on, so that going on does not read what was seen.
        steps: of the optimiser.
        batch_size: transitions per step, where ``batches`` are ``Transitions``.
        learning_rate: of Adam.
        seed: of the order of transitions, SIGReg's directions, dropout and auxiliary networks, not of the model.
        progress: file in which the training is saved now and then and at its end, and from which the same call goes on.
        optimizer: made from parameters, in place of Adam.
        schedule: the learning rate of a step, by its number.
        clip: largest norm of the gradient.
        scaled: whether the loss is scaled, as ``Step`` says.
        captured: whether a GPU records a step once and repeats it; without a schedule, for batches of one size.
        watch: gives latents ``(N, Z)`` to keep at steps 0, 1, 2, 3, 4, 6, 8, 11, …
        save_every_seconds, save_every_steps: how often progress is saved, always between two steps.
        pause: asked between two steps; when it says yes, progress is saved and training ends.
        name: of the data, for the progress bar and for errors.

    Raises:
        Paused: ``pause`` said yes.
        SMWMError: a model whose weights are frozen, batches of a wrong shape, range or type or too few of them, a loss
            that is not finite, or a saved progress that is damaged or of another training.
    """
    if steps < 1 or not 0 < learning_rate < float("inf"):
        raise SMWMError(
            f"Training takes a step at least and a positive learning rate, not {steps} and {learning_rate}."
        )
    if not any(weights.requires_grad for weights in model.parameters()):
        raise SMWMError("The weights of this model are frozen; call model.requires_grad_(True) to train them.")
    device = next(model.parameters()).device
    batches = own_batches(batches, model, batch_size, seed)
    step = Step(
        model,
        objective,
        optimizer or partial(torch.optim.Adam, lr=learning_rate, fused=True),
        schedule=schedule,
        clip=clip,
        scaled=scaled,
        seed=seed,
    )
    one_step = Captured(step) if captured and device.type == "cuda" else step
    losses = torch.zeros(steps, len(objective.terms), device=device)
    keep = set(snapshot_steps(steps)) if watch else set()
    snapshots: dict[int, Tensor] = {}
    done, seconds_before, started = 0, 0.0, time.monotonic()

    with own_random_numbers(device, stream_seed(seed, "dropout")):
        if progress and (state := read_progress(progress, device)):
            _restore(state, step, steps, keep, name)
            losses[: state.step] = state.losses.to(device)
            snapshots, done, seconds_before = state.snapshots, state.step, state.seconds
            state = None  # its copies of the weights are not needed any more
        elif watch:
            snapshots[0] = _watched(watch, model)

        def save() -> None:
            state = {
                "step": done,
                "steps": steps,
                "seconds": seconds_before + time.monotonic() - started,
                "model": model.state_dict(),
                "auxiliary": step.auxiliary.state_dict(),
                "optimizer": step.optimizer.state_dict(),
                "directions": step.directions.get_state(),
                "random": random_state(device),
                "losses": losses[:done].cpu(),
                "snapshots": snapshots,
            }
            if scaled:
                state["scaler"] = step.scaler.state_dict()
            write_whole(progress, lambda path: _save(state, path))

        last_saved = time.monotonic()
        bar = tqdm(desc=f"training on {name}", unit=" transitions", unit_scale=True, dynamic_ncols=True)
        model.train()
        with bar, closing(batches(done)) as drawn:
            while done < steps:
                try:
                    frames, a = next(drawn)
                except StopIteration:
                    raise SMWMError(f"The batches of {name} end after {done} of {steps} steps.") from None
                losses[done] = one_step(frames, a, done)
                done += 1
                if done in keep:
                    snapshots[done] = _watched(watch, model)
                if done % REFRESH_EVERY == 0 or done == steps:
                    bar.total = steps * len(frames)
                    _refresh(bar, name, objective, done, done * len(frames), losses[done - 1].tolist())
                ending = bool(done < steps and pause and pause())
                due = ending or (save_every_steps and done % save_every_steps == 0)
                due = due or done == steps or time.monotonic() - last_saved >= save_every_seconds
                if progress and due:
                    save()
                    last_saved = time.monotonic()
                if ending:
                    raise Paused

    model.eval()
    final = losses.cpu().numpy()
    kept = sorted(snapshots)
    return History(
        model=model,
        losses={term: final[:, i] for i, term in enumerate(objective.terms)},
        snapshot_steps=np.array(kept, int),
        snapshots=torch.stack([snapshots[number] for number in kept]).numpy() if kept else np.empty((0, 0, 0)),
        seconds=seconds_before + time.monotonic() - started,
    )


def snapshot_steps(steps: int) -> list[int]:
    """0, the powers of √2 below ``steps`` (rounded), and ``steps``: dense where collapse happens."""
    powers = (round(2 ** (k / 2)) for k in range(2 * steps.bit_length()))
    return sorted({0, *(step for step in powers if step < steps), steps})


def _save(state: dict, path: Path) -> None:
    """A full disk is an ``OSError`` only where Python writes."""
    content = io.BytesIO()
    torch.save(state, content)
    path.write_bytes(content.getbuffer())


def read_progress(path: Path, device: torch.device) -> Progress | None:
    """What an unfinished training saved; None if nothing is there.

    Raises:
        SMWMError: the file is damaged.
    """
    if not path.exists():
        return None
    remedy = "delete it to start this run anew"
    with parsing(path, remedy):
        with zipfile.ZipFile(path) as archive:
            if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                raise ValueError("torch does not compress what it saves")
            if archive.testzip():
                raise ValueError("its bytes are not those that were saved")
        state = torch.load(path, map_location=device, weights_only=True, mmap=device.type == "cpu")
    return converted(state, Progress, root.shown(path), "the saved progress of a training", remedy)


def _restore(state: Progress, step: Step, steps: int, keep: set[int], name: str) -> None:
    if state.steps != steps:
        raise SMWMError(f"The saved progress of {name} is of {state.steps} steps, not {steps}; delete it.")
    fresh = step.optimizer.state_dict()
    try:
        _require_numbers(state.model, state.auxiliary, state.optimizer, state.losses, state.snapshots)
        if state.losses.shape[1] != len(step.objective.terms) or state.snapshots.keys() != {
            k for k in keep if k <= state.step
        }:
            raise ValueError("other losses or snapshots")
        step.model.load_state_dict(state.model)
        step.auxiliary.load_state_dict(state.auxiliary)
        step.optimizer.load_state_dict(state.optimizer)
        for parameter, averages in step.optimizer.state.items():
            if any(average.shape not in ((), parameter.shape) for average in averages.values()):
                raise ValueError("averages of other parameters")
        for group, usual in zip(step.optimizer.param_groups, fresh["param_groups"], strict=True):
            if any(group[key] != usual[key] for key in usual.keys() - {"params", "lr"}):
                raise ValueError("another optimiser")
        if step.scaler.is_enabled() and state.scaler:  # it may have begun on another card
            step.scaler.load_state_dict(state.scaler)
        step.directions.set_state(state.directions.cpu())
        set_random_state(state.random, next(step.model.parameters()).device)
    except (RuntimeError, ValueError, LookupError, TypeError) as error:
        raise SMWMError(f"The saved progress of {name} is of another model; delete it.") from error


def _require_numbers(*saved: object) -> None:
    """Refuse saved values that are not finite, and tensors that are larger than what is stored of them."""
    for value in saved:
        if isinstance(value, dict):
            _require_numbers(*value.values())
        elif isinstance(value, list | tuple):
            _require_numbers(*value)
        elif isinstance(value, float) and not np.isfinite(value):
            raise ValueError(f"{value} is not finite")
        elif isinstance(value, Tensor) and not (
            value.nbytes <= value.untyped_storage().nbytes() and torch.isfinite(value).all()
        ):
            raise ValueError("a tensor is not finite, or not whole")


def _watched(watch: Callable[[WorldModel], Tensor], model: WorldModel) -> Tensor:
    training = model.training
    model.eval()
    with torch.no_grad():
        z = watch(model).cpu()
    model.train(training)
    return z


def _refresh(bar: tqdm, name: str, objective: Objective, done: int, seen: int, recent: list[float]) -> None:
    if not np.isfinite(recent).all():
        raise SMWMError(f"Training on {name} diverged: a loss is not finite by step {done}; lower the learning rate.")
    terms = zip(objective.terms, recent, strict=True)
    bar.set_postfix_str(" ".join(f"{term}={value:.2g}" for term, value in terms), refresh=False)
    bar.update(seen - bar.n)
