"""Many runs at once: on the cores of this machine, or on a Dask cluster whose workers share its data folder.

A run is the unit of work. What is finished is never trained again, and a run that was interrupted goes on from what
it saved, wherever it is taken up.
"""

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError
from tqdm import tqdm

from smwm_book.experiments.devices import pick_device
from smwm_book.experiments.presets import LAMBDAS, TASKS, Preset, get_preset
from smwm_book.experiments.runs import progress, run_name, train_run, trainable
from smwm_core.errors import SMWMError, choose
from smwm_core.losses.objective import Objective
from smwm_core.storage import root
from smwm_core.storage.reading import reason, shortened
from smwm_core.training.kinds import Config, trainer

Job = tuple[Config, int]  # what to train, from which seed


@dataclass(frozen=True)
class Figure:
    """A figure whose runs can be trained in a sweep.

    Arguments:
        objectives: that it compares in a task of a preset.
        tasks: that it shows.
        seeds: how many it shows; None for those of the preset.
    """

    objectives: Callable[[Preset, str], dict[str, Objective]]
    tasks: tuple[str, ...] = tuple(TASKS)
    seeds: int | None = None


SWEEPS = {
    "fig5_planning": Figure(Preset.objectives),
    "fig7_lambda": Figure(
        lambda preset, task: {f"lambda_{weight:g}": Objective(inverse=weight) for weight in LAMBDAS},
        tasks=("tworoom",),
        seeds=1,
    ),
}
MOST_SEEDS = 100  # more are a slip
LOOK_EVERY = 5  # seconds between two looks at what the runs have saved
ANSWER_WITHIN = 20  # seconds that a cluster has to answer


def planned(
    notebook: str,
    *,
    preset: str,
    tasks: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
) -> list[Job]:
    """The runs behind a figure.

    Arguments:
        notebook, preset: the figure and the budget.
        tasks, methods, seeds: some of them, or other tasks and seeds than the figure shows; if not given, the figure's.

    Raises:
        SMWMError: an unknown name, one that comes twice, or none at all.
    """
    figure, budget = choose("sweep", notebook, SWEEPS), get_preset(preset)
    for what, names in {"planning task": tasks, "method": methods, "seed": seeds}.items():
        if names is not None and not 0 < len(set(names)) == len(names):
            raise SMWMError(f"A sweep takes at least one {what}, and each once, not {', '.join(map(str, names))}.")
    for task in tasks or ():
        choose("planning task", task, TASKS)
    jobs = []
    for seed in seeds or range(figure.seeds or budget.seeds):
        for task in tasks or figure.tasks:
            objectives = figure.objectives(budget, task)
            chosen = [choose("method", method, objectives) for method in methods or objectives]
            jobs += [(budget.planner_config(task, objective), seed) for objective in chosen]
    return jobs


def parse_seeds(text: str) -> list[int]:
    """``"0-4"`` or ``"0,2"`` → the seeds.

    Raises:
        SMWMError: another form, a range that falls, or too many.
    """
    if not re.fullmatch(r"[0-9]{1,9}(-[0-9]{1,9})?(,[0-9]{1,9}(-[0-9]{1,9})?)*", text):
        raise SMWMError(f"Seeds are numbers such as 0-4 or 0,2, not {shortened(text)!r}.")
    ends = [[int(end) for end in part.split("-")] for part in text.split(",")]
    ranges = [range(first, last + 1) for first, *_, last in (pair * 2 for pair in ends)]
    if not all(ranges) or sum(map(len, ranges)) > MOST_SEEDS:
        raise SMWMError(f"Ranges of seeds rise and hold {MOST_SEEDS} seeds at most, not {shortened(text)!r}.")
    return [seed for part in ranges for seed in part]


def sweep(jobs: list[Job], device: torch.device, *, workers: int | None = None, scheduler: str | None = None) -> int:
    """Train those of the runs that are not finished.

    Every worker uses as many threads as this process, so that a run is the same as one trained here.

    Arguments:
        jobs: the runs.
        device: of every worker.
        workers: runs at the same time on this machine; by default its cores divided by the threads of a run, on a GPU
            one.
        scheduler: address of a Dask cluster to train on instead.

    Returns:
        how many runs were trained.

    Raises:
        SMWMError: no cluster answers or it is lost, a worker died, or a run failed; what is finished by then stays.
    """
    threads = torch.get_num_threads()
    if workers is not None and workers < 1:
        raise SMWMError(f"A sweep needs at least one worker, not {workers}.")
    workers = workers or (max(1, torch.multiprocessing.cpu_count() // threads) if device.type == "cpu" else 1)
    workers = min(workers, max(1, len(jobs)))
    jobs = [(trainable(config, device), seed) for config, seed in jobs]
    missing = [job for job in jobs if progress(*job, device) < 1]
    with _cluster(scheduler) as client, _bar(jobs, missing, device) as bar:
        for config in {config.world: config for config, _ in missing}.values():
            trainer(config).prepare(config)  # episodes and frames, which all runs of a world need at once
        try:
            trained = Parallel(n_jobs=-1 if scheduler else workers, return_as="generator_unordered")(
                delayed(_train)(*job, device, threads, None if scheduler else root.data()) for job in missing
            )
            for name, seconds in trained:
                bar.write(f"{name} is trained ({seconds:,.0f} s)")
                bar.update()
        except TerminatedWorkerError as error:
            raise SMWMError("A worker died, perhaps for lack of memory; start the sweep again to go on.") from error
        except Exception as error:  # whatever a client happens on when its cluster is gone
            if client is None or client.status == "running":
                raise
            raise SMWMError(
                f"The Dask scheduler at {scheduler} was lost ({reason(error)}); the same command goes on."
            ) from error
    if lost := [run_name(*job) for job in missing if progress(*job, device) < 1]:
        raise SMWMError(
            f"The workers trained {lost[0]}, but it is not in the data folder here; all need the same SMWM_DATA on a "
            f"shared disk, and the same build of torch ({torch.__version__} here)."
        )
    return len(missing)


def _train(config: Config, seed: int, device: torch.device, threads: int, data: Path | None) -> tuple[str, float]:
    """What a worker does; ``data`` is where it keeps runs, or None if it has a setting of its own."""
    torch.set_num_threads(threads)
    pick_device(str(device))  # a worker's own mistake in one sentence
    if data:
        os.environ["SMWM_DATA"] = str(data)
    return run_name(config, seed), train_run(config, seed, device).seconds


@contextlib.contextmanager
def _cluster(scheduler: str | None) -> Iterator[Any]:
    """Let joblib work on a Dask cluster, if there is an address, and give its client."""
    if scheduler is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise SMWMError(f"A cluster needs the package {error.name}; run `pip install distributed`.") from error
    try:
        client = Client(scheduler, timeout=ANSWER_WITHIN)
    except (OSError, ValueError) as error:
        raise SMWMError(f"No Dask scheduler answers at {scheduler} ({error}).") from error
    with client, parallel_config(backend="dask"):
        yield client


@contextlib.contextmanager
def _bar(jobs: list[Job], missing: list[Job], device: torch.device) -> Iterator[tqdm]:
    """A bar over all runs that names those in progress, with their shares."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_EVERY):
            with contextlib.suppress(SMWMError):  # what a run saved may vanish while it is read: the run has finished
                shares = {run_name(*job): progress(*job, device) for job in missing}
                bar.set_postfix_str(", ".join(f"{name} {share:.0%}" for name, share in shares.items() if 0 < share < 1))

    with tqdm(desc="sweep", unit="run", total=len(jobs), initial=len(jobs) - len(missing), dynamic_ncols=True) as bar:
        watching = threading.Thread(target=look, daemon=True)
        watching.start()
        try:
            yield bar
        finally:
            over.set()
            watching.join()
