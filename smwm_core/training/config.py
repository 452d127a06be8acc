"""What a run is: everything but the seed that decides its numbers, for toy models, small control models and ViTs."""

from dataclasses import dataclass, field
from typing import ClassVar

from smwm_core.errors import SMWMError, choose
from smwm_core.losses.inverse import Question
from smwm_core.losses.objective import Objective
from smwm_core.worlds import FrameSkip, World, make_world

LARGEST_LATENT, DEEPEST = 4_096, 100  # a file that asks for more is damaged


@dataclass(frozen=True)
class ToyConfig:
    """Everything but the seed that decides the numbers of a run. The defaults are the paper's.

    Arguments:
        world: name of a world, as ``make_world`` knows it.
        objective: the weighted losses.
        transitions: size of the fixed set of training transitions, or of windows where the objective looks further.
        batch_size: of them per step.
        steps: optimiser steps; the paper's 100 epochs over 250,000 transitions are 97,600.
        learning_rate: of Adam, constant.
        latent_dim: size of the latent.
        curriculum: number of steps at the start of training that draw from the easiest transitions, as
            the world's ``difficulty`` ranks them: at first from the easiest tenth, then from more and more, at
            last from all. 0, the paper's way, is in random order from the start.
        frames: how many consecutive frames the encoder sees at once, the newest last.
        past_actions: how many actions before the present one the forward model is given; the encoder never sees any.
            The states of the world must hold them.

    Raises:
        SMWMError: values that make no run.
    """

    kind: ClassVar[str] = "toy"
    world: str = "dots/single"
    objective: Objective = field(default_factory=Objective)
    transitions: int = 250_000
    batch_size: int = 256
    steps: int = 97_600
    learning_rate: float = 5e-4
    latent_dim: int = 64
    curriculum: int = 0
    frames: int = 1
    past_actions: int = 0

    def __post_init__(self) -> None:
        world = self.make_world()
        if not 1 <= self.frames <= DEEPEST:
            raise SMWMError(f"An encoder sees 1 to {DEEPEST} frames, not {self.frames}.")
        if self.frames > 1 and (self.curriculum or not hasattr(world, "sample_trajectories")):
            raise SMWMError(
                f"An encoder of several frames needs trajectories and no curriculum, which {self.world} does not offer."
            )
        known = getattr(world, "late", 0)
        if not 0 <= self.past_actions <= known:
            raise SMWMError(f"The states of {self.world} hold {known} past actions, not {self.past_actions}.")
        if not 2 <= self.batch_size <= self.transitions:
            raise SMWMError(
                f"A batch holds between 2 and {self.transitions} transitions (all there are), not {self.batch_size}."
            )
        latent = 2 <= self.latent_dim <= LARGEST_LATENT
        if self.steps < 1 or not 0 < self.learning_rate < float("inf") or not latent:
            raise SMWMError(
                f"A run needs at least one step, a positive learning rate and a latent of 2 to {LARGEST_LATENT}."
            )
        if self.objective.inverse and not world.action_dim:
            raise SMWMError(f"The world {self.world} has no action to recover; its objective has inverse=0.")
        if self.objective.inverse_dims > self.latent_dim:
            raise SMWMError(
                f"A latent of {self.latent_dim} numbers has no {self.objective.inverse_dims} for the inverse model."
            )
        if not 0 <= self.curriculum <= self.steps:
            raise SMWMError(f"A curriculum takes between 0 and all {self.steps} steps, not {self.curriculum}.")
        if self.curriculum and not hasattr(world, "difficulty"):
            raise SMWMError(f"The world {self.world} does not rank its transitions, so it has no curriculum.")
        if self.objective.question.window > 1 and (self.curriculum or not hasattr(world, "sample_trajectories")):
            raise SMWMError(
                f"An inverse loss that looks further than one step needs trajectories and no curriculum, which "
                f"{self.world} does not offer."
            )

    def make_world(self) -> World:
        """The world, always the same object."""
        return make_world(self.world)

    @property
    def components(self) -> tuple[str, ...]:
        """What decides its numbers beside the usual, as ``VERSIONS`` names it."""
        return ("toy history",) if self.frames > 1 or self.past_actions else ()

    @property
    def length(self) -> str:
        """How long it is trained, for its name."""
        return f"{self.steps}"


@dataclass(frozen=True)
class ControlConfig:
    """Everything but the seed that decides the numbers of a small control model.

    Arguments:
        world: name of a planning task, as ``make_world`` knows it.
        objective: the weighted losses; none of them needs bounded latents.
        frames: how many consecutive frames the encoder sees at once, a primitive step apart.
        batch_size: blocks of primitive steps per optimiser step.
        steps: optimiser steps.
        learning_rate: of Adam, after a linear warm-up; it falls to 0 along a cosine.
        warm_up: share of the steps that the learning rate rises.
        latent_dim: size of the latent.
        precision: ``"float32"``, or ``"bfloat16"`` for the convolutions in training.

    Raises:
        SMWMError: values that make no run.
    """

    kind: ClassVar[str] = "control"
    world: str = "tworoom"
    objective: Objective = field(default_factory=Objective)
    frames: int = 1
    batch_size: int = 64
    steps: int = 12_800
    learning_rate: float = 1e-3
    warm_up: float = 0.01
    latent_dim: int = 64
    precision: str = "float32"

    def __post_init__(self) -> None:
        choose("precision", self.precision, dict.fromkeys(("float32", "bfloat16")))
        enough = min(self.frames, self.steps) >= 1 and min(self.batch_size, self.latent_dim) >= 2
        if not enough or self.frames > DEEPEST or self.latent_dim > LARGEST_LATENT:
            raise SMWMError(
                f"A run needs 1 to {DEEPEST} frames, a step, two windows in a batch and a latent of 2 to "
                f"{LARGEST_LATENT}, not {self.frames}, {self.steps}, {self.batch_size} and {self.latent_dim}."
            )
        if not 0 < self.learning_rate < float("inf") or not 0 <= self.warm_up < 1:
            raise SMWMError("A run needs a positive learning rate and a warm-up in [0, 1).")
        if self.objective.inverse_dims:
            raise SMWMError("The inverse model of a small control model sees the whole latent.")
        self.make_world()

    def make_world(self) -> FrameSkip:
        """The world, always the same object."""
        return _planning_world(self.world)

    @property
    def components(self) -> tuple[str, ...]:
        """What decides its numbers beside the usual, as ``VERSIONS`` names it."""
        return ("control history",) if self.frames > 1 else ()

    @property
    def length(self) -> str:
        """How long it is trained, for its name."""
        return f"control_{self.steps}"


@dataclass(frozen=True)
class VitConfig:
    """Everything but the seed that decides the numbers of a run. The defaults are the paper's for TwoRoom.

    Arguments:
        world: name of a planning task, as ``make_world`` knows it.
        objective: forward loss with the inverse loss, SIGReg, or both.
        image_size: of the frames.
        patch_size, encoder_depth: of the vision transformer.
        depth, history: of the forward model.
        batch_size: windows per step; a window has ``history + 1`` frames.
        epochs: times that every window of the training episodes is seen.
        windows: as many of them as are used, all if None.
        learning_rate: of AdamW, after a linear warm-up; it falls to 0 along a cosine.
        warm_up: share of the steps that the learning rate rises; 0.01 is the default of the authors' library.
        weight_decay: of AdamW.
        clip: largest norm of the gradient.

    Raises:
        SMWMError: values that make no run.
    """

    kind: ClassVar[str] = "vit"
    world: str = "tworoom"
    objective: Objective = field(default_factory=lambda: Objective(inverse=0.1))
    image_size: int = 224
    patch_size: int = 14
    encoder_depth: int = 12
    depth: int = 6
    history: int = 1
    batch_size: int = 256
    epochs: int = 10
    windows: int | None = None
    learning_rate: float = 1e-4
    warm_up: float = 0.01
    weight_decay: float = 1e-3
    clip: float = 1.0

    def __post_init__(self) -> None:
        counts = (self.encoder_depth, self.depth, self.history)
        whole = self.patch_size >= 1 and self.image_size >= self.patch_size and not self.image_size % self.patch_size
        if not whole or not 1 <= min(counts) <= max(counts) <= DEEPEST or self.epochs < 1:
            raise SMWMError(
                f"A run needs an epoch, 1 to {DEEPEST} layers in both parts, as long a history, and frames that can be "
                f"cut into patches; {self.epochs} epochs, {self.encoder_depth} and {self.depth} layers, history "
                f"{self.history} and frames of {self.image_size} px with patches of {self.patch_size} px will not do."
            )
        if self.batch_size < 2 or (self.windows is not None and self.windows < self.batch_size):
            raise SMWMError(f"A batch of {self.batch_size} windows cannot be drawn from {self.windows}.")
        positive = all(0 < rate < float("inf") for rate in (self.learning_rate, self.clip, self.weight_decay + 1))
        if not positive or self.weight_decay < 0 or not 0 <= self.warm_up < 1:
            raise SMWMError(
                "A run needs a positive learning rate and clip, a weight decay ≥ 0 and a warm-up in [0, 1)."
            )
        others = ("vicreg", "reconstruction", "ema_decay", "inverse_dims", "constraint", "relative")
        others = [name for name in others if getattr(self.objective, name)]
        if others:
            raise SMWMError(f"Control models are trained with the inverse loss and SIGReg, not with {others[0]}.")
        if self.objective.question != Question():
            raise SMWMError("Control models are trained with the paper's question to the inverse model and no other.")
        self.make_world()

    def make_world(self) -> FrameSkip:
        """The world, drawn in the size of this run."""
        return _planning_world(self.world, self.image_size)

    @property
    def length(self) -> str:
        """How long it is trained, for its name."""
        return f"vit_{self.epochs}epochs"


def _planning_world(name: str, image_size: int | None = None) -> FrameSkip:
    world = make_world(name, image_size)
    if not isinstance(world, FrameSkip):
        raise SMWMError(f"Control models are for the planning tasks, which {name} is not.")
    return world
