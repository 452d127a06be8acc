"""What every file that the program reads must hold: names, kinds, ranges and shapes, all in this place.

JSON and saved progress are described by structs, which know their fields and refuse any other; arrays by their columns.
``smwm_core.storage.reading`` holds files against these descriptions.
"""

from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta, Struct
from torch import Tensor

LARGEST_PUBLISHED = 5_000_000  # bytes of a checkpoint that a page publishes
LARGEST_LISTED = 100_000_000  # and of any: a vision transformer of the paper has 36 million

Whole = Annotated[int, Meta(ge=0)]
Count = Annotated[int, Meta(ge=1)]
Amount = Annotated[float, Meta(ge=0)]  # seconds, megabytes
Positive = Annotated[float, Meta(gt=0)]
Text = Annotated[str, Meta(max_length=300)]
CheckpointName = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_.+-]*\.safetensors\Z", max_length=250)]
Digest = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Recipe = dict[Text, Whole]  # component → version


class Exact(Struct, frozen=True, forbid_unknown_fields=True):
    """Has all of its fields and no other."""


class Entry(Exact):
    """Of one file in the manifest of the published checkpoints."""

    bytes: Annotated[int, Meta(ge=1, le=LARGEST_LISTED)]
    sha256: Digest


Manifest = dict[CheckpointName, Entry]


class RunHeader(Exact):
    """What weights, and the ``config.json`` of an export, say of their run; ``config`` is read by ``config_from``."""

    name: Text
    config: dict[str, Any]
    seed: Whole
    device: Literal["cpu", "cuda"]
    recipe: Recipe
    commit: Text
    seconds: Amount
    action_scale: tuple[list[float], list[Positive]] | None = None  # means and standard deviations
    arithmetic: Text = ""  # where it is not the usual one of the device

    def __post_init__(self) -> None:
        if self.action_scale and len(self.action_scale[0]) != len(self.action_scale[1]):
            raise ValueError("means and deviations of the actions differ in number")


class DecoderHeader(Exact):
    """What the weights of a decoder say of their training."""

    encoder: Text
    steps: Count
    batch_size: Count


class TensorInfo(Exact):
    """Of one tensor in the header of a safetensors file."""

    dtype: Literal["F16", "F32", "I64"]
    shape: list[Whole]
    data_offsets: tuple[Whole, Whole]


class Provenance(Exact, omit_defaults=True):
    """Where numbers came from."""

    commit: Text
    device: Text
    cpu_or_gpu: Literal["cpu", "gpu"]
    torch: Text
    python: Text
    training_seconds: Amount
    wall_seconds: Amount
    peak_memory_mb: Amount
    date: Annotated[str, Meta(pattern=r"\A\d{4}-\d\d-\d\d\Z")]
    command: Text
    arithmetic: Text = ""  # where it is not the usual one of the device


class Measured(Exact):
    """One metric of a benchmark."""

    name: Text
    value: float
    low: float | None
    high: float | None
    n: Count
    paper: float | None
    unit: Text
    per_seed: list[float]

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None) or (self.low is not None and self.low > self.high):
            raise ValueError(f"{self.name} has no interval from low to high")


class Metric(Measured):
    """One metric of a page; its kind is one of ``smwm_book.experiments.measures``."""

    kind: Text
    trials: Count | None


class Benchmark(Exact):
    """What a benchmark measured."""

    figure: Text
    preset: Text
    seeds: Annotated[list[Whole], Meta(max_length=0)]
    metrics: list[Measured]
    provenance: Provenance

    def __post_init__(self) -> None:
        require_once("metric", [metric.name for metric in self.metrics])


class ResultFile(Exact):
    """The numbers of a page."""

    figure: Text
    preset: Text
    seeds: Annotated[list[Whole], Meta(min_length=1)]
    metrics: list[Metric]
    provenance: Provenance
    runs: dict[Text, Recipe]
    arrays_sha256: Digest

    def __post_init__(self) -> None:
        require_once("metric", [metric.name for metric in self.metrics])
        require_once("seed", self.seeds)
        for metric in self.metrics:
            if not metric.n == len(metric.per_seed) == len(self.seeds):
                raise ValueError(f"{metric.name} has not one value for each of the {len(self.seeds)} seeds")


class OptimizerState(TypedDict):
    """What torch saves of an optimiser."""

    state: dict[int, dict[str, Tensor]]
    param_groups: list[dict[str, Any]]


class Progress(Exact):
    """An unfinished training."""

    step: Whole
    steps: Count
    seconds: Amount
    model: dict[str, Tensor]
    auxiliary: dict[str, Tensor]
    optimizer: OptimizerState
    directions: Tensor
    random: dict[str, Tensor]
    losses: Tensor
    snapshots: dict[int, Tensor]
    scaler: dict[str, Any] | None = None  # of float16

    def __post_init__(self) -> None:
        if self.step > self.steps or self.losses.ndim != 2 or len(self.losses) != self.step:
            raise ValueError(f"step {self.step} of {self.steps} does not fit losses {tuple(self.losses.shape)}")


class Column(Struct, frozen=True):
    """One array of a file.

    Arguments:
        kinds: numpy's names of the types that it may have.
        shape: sizes, or letters for sizes that are the same in all columns of a file; None for any.
        low: smallest value.
        finite: whether no value may be NaN or infinite.
        needed: whether it must be there.
    """

    kinds: tuple[str, ...]
    shape: tuple[int | str, ...] | None = None
    low: int | None = None
    finite: bool = True
    needed: bool = True


Columns = dict[str, Column]
FLOAT, WHOLE, BYTE = ("float32", "float64"), ("int32", "int64"), ("uint8",)

# N tasks with states of S numbers, and the K actions that were demonstrated.
TASKS: Columns = {
    "start": Column(FLOAT, ("N", "S")),
    "goal": Column(FLOAT, ("N", "S")),
    "start_before": Column(FLOAT, ("N", "S"), needed=False),
    "goal_before": Column(FLOAT, ("N", "S"), needed=False),
    "demonstrated": Column(FLOAT, ("N", "K", "A"), needed=False),
}
# E episodes of R states in all; the last row of an episode has no action.
EPISODES: Columns = {
    "state": Column(FLOAT, ("R", "S")),
    "action": Column(FLOAT, ("R", "A"), finite=False),
    "length": Column(WHOLE, ("E",), low=2),
}
FRAMES = Column(BYTE, ("N", "H", "H", 3))
RESULT_ARRAYS = Column(("bool", "uint8", "int32", "int64", "float16", *FLOAT))


def history(terms: tuple[str, ...]) -> Columns:
    """Of a finished training: each loss of T steps, and S snapshots of N latents of size Z."""
    losses = {term: Column(FLOAT, ("T",)) for term in terms}
    return {**losses, "snapshot_steps": Column(WHOLE, ("S",), low=0), "snapshots": Column(FLOAT, ("S", "N", "Z"))}


# The released data: which columns, side by side, are the state of each task, and their widths; the size of its action.
STATES = {
    "tworoom": {"proprio": 2},
    "pusht": {"state": 7},
    "reacher": {"qpos": 2, "qvel": 2},
    "cube": {"qpos": 21, "qvel": 20},
}
ACTIONS = {"tworoom": 2, "pusht": 2, "reacher": 2, "cube": 5}


def released(task: str) -> Columns:
    """Of a released HDF5 file: R frames of E episodes, end to end."""
    return {
        "pixels": Column(BYTE, ("R", 224, 224, 3)),
        "action": Column(FLOAT, ("R", ACTIONS[task]), finite=False),
        "ep_len": Column(WHOLE, ("E",), low=2),
        "ep_offset": Column(WHOLE, ("E",), low=0),
        **{name: Column(FLOAT, ("R", width)) for name, width in STATES[task].items()},
    }


def require_once(what: str, names: list) -> None:
    """Refuse a list in which something comes twice.

    Raises:
        ValueError: which.
    """
    seen = set()
    if doubled := [name for name in names if name in seen or seen.add(name)]:
        raise ValueError(f"the {what} {doubled[0]!r} is there twice")
