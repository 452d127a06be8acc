"""The command line: ``smwm``.

A user's mistake ends with one sentence on stderr and exit status 2, and nothing is overwritten.
"""

import argparse
import importlib
import os
import sys
import time
from collections.abc import Callable
from math import inf
from pathlib import Path

from smwm_book import paths
from smwm_book.experiments import checkpoints
from smwm_book.experiments.devices import pick_device
from smwm_book.experiments.download import fetch
from smwm_book.experiments.export import export
from smwm_book.experiments.held_out import held_out
from smwm_book.experiments.page import changed, parse_changes
from smwm_book.experiments.plan import MACHINES
from smwm_book.experiments.presets import PRESETS, TASKS, get_preset
from smwm_book.experiments.reproduce import foreseen, parse_duration, reproduce
from smwm_book.experiments.sweeps import SWEEPS, parse_seeds, planned, sweep
from smwm_core.analysis.checkup import checkup
from smwm_core.errors import SMWMError, choose
from smwm_core.losses.objective import Objective
from smwm_core.pretrained import opened
from smwm_core.storage import root, weights
from smwm_core.storage.schemas import STATES
from smwm_core.worlds import SIMULATORS, planning_task
from smwm_core.worlds.lewm.files import read_episodes, sources
from smwm_core.worlds.lewm.release import RELEASES
from smwm_core.worlds.recorded.episodes import Episodes
from smwm_core.worlds.recorded.recording import recorded, version


class _Parser(argparse.ArgumentParser):
    def error(self, message: str):
        raise SMWMError(f"{message[:1].upper()}{message[1:]}; see `{self.prog} --help`.")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    if "SMWM_DATA" in os.environ:  # kernels have another working directory
        os.environ["SMWM_DATA"] = str(root.data())
    try:
        options = _parser().parse_args(arguments)
        options.command(options)
        if sys.stdout:  # closed from the start, it is None
            sys.stdout.flush()
    except BrokenPipeError:  # nobody reads on, as behind `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except SMWMError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        where = error.filename2 or error.filename or str(root.data())  # a full disk does not say where
        print(f"The file system refused {where!r} ({error.strerror or error}); nothing was replaced.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; the same command continues where it stopped.", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="smwm", description="Recompute figures and build the book.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: Callable, words: str, group=commands) -> argparse.ArgumentParser:
        entered = group.add_parser(name, help=words)
        entered.set_defaults(command=function)
        return entered

    command("list", _list, "list the notebooks")
    run = command("run", _run, "execute one notebook")
    run.add_argument("notebook", help="its name, as `list` shows it")
    run.add_argument("--preset", help=f"budget: {', '.join(PRESETS)} (default: the notebook's own)")
    run.add_argument("--seed", type=int, default=0, help="first seed (default: %(default)s)")
    run.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: %(default)s)")
    run.add_argument(
        "--recompute",
        action="store_true",
        help="train instead of reading what is published and replace the stored results and weights by what comes out; "
        "the notebook is executed twice, to train and to read",
    )
    run.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="train and show other runs, such as --set inverse=1 --set steps=400; nothing stored is read or replaced",
    )

    many = command("sweep", _sweep, "train all runs of a planning figure, several at once; finished ones stay")
    many.add_argument("notebook", help=f"one of {', '.join(SWEEPS)}; other planning figures share their runs")
    many.add_argument("--tasks", help="comma-separated (default: those of the figure)")
    many.add_argument("--methods", help="comma-separated (default: all)")
    many.add_argument("--seeds", help="such as 0-4 or 0,2 (default: those of the figure)")
    many.add_argument("--preset", default="laptop", help=f"budget: {', '.join(PRESETS)} (default: %(default)s)")
    many.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: %(default)s)")
    many.add_argument(
        "--workers", type=int, help="runs at the same time (default: as many as cores allow; one on a GPU)"
    )
    many.add_argument("--scheduler", help="address of a Dask cluster, such as tcp://host:8786, to train on")

    all_of_it = command(
        "reproduce", _reproduce, "reproduce the paper here, as far as the time goes; the same command goes on"
    )
    all_of_it.add_argument("--budget", help="time, such as 25m or 8h (default: until all is done)")
    all_of_it.add_argument(
        "--dry-run",
        nargs="?",
        const="",
        metavar="MACHINE",
        help=f"print the plan and train nothing; for this GPU, or for one of {', '.join(MACHINES)} by its data sheet",
    )
    all_of_it.add_argument("--preset", default="paper", help=f"what: {', '.join(PRESETS)} (default: %(default)s)")
    all_of_it.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: %(default)s)")

    data = commands.add_parser("data", help="recorded episodes of the planning tasks")
    data = data.add_subparsers(required=True, metavar="ACTION")
    words = "collect the episodes of a task; an interrupted collection goes on"
    generating = command("generate", _data_generate, words, data)
    words = f"one of {', '.join(SIMULATORS)}; pusht/20000 records so many episodes, pusht/pose other ones"
    generating.add_argument("task", help=words)
    generating.add_argument("--workers", type=int, help="processes (default: one per core)")
    telling = command("info", _data_info, "say what is recorded of a task", data)
    telling.add_argument("task", help=f"one of {', '.join(SIMULATORS)}")
    words = "download the published file of a task; an interrupted download goes on"
    command("fetch", _data_fetch, words, data).add_argument("task", help=f"one of {', '.join(RELEASES)}")
    words = "read a published HDF5 file and say what is in it, or what is wrong with it"
    checking = command("check", _data_check, words, data)
    checking.add_argument("file", type=Path)
    checking.add_argument("--task", required=True, help=f"one of {', '.join(STATES)}")

    published = commands.add_parser("checkpoints", help="the published weights")
    published = published.add_subparsers(required=True, metavar="ACTION")
    command("list", _checkpoints_list, "name them, with what they are", published)
    command("verify", _checkpoints_verify, "compare all with the manifest", published)
    getting = command("fetch", _checkpoints_fetch, "download those that are missing or damaged here", published)
    getting.add_argument("names", nargs="*", metavar="NAME", help="as `list` shows it (default: all)")
    getting.add_argument(
        "--from", dest="source", metavar="URL", help="of a folder with the files (default: where this is published)"
    )
    words = "write one, or a run that was finished here, with a readable config.json beside it"
    exporting = command("export", _checkpoints_export, words, published)
    exporting.add_argument("name", help="as `list` shows it, or as the sweep does")
    exporting.add_argument("folder", type=Path)

    words = "read a trained model on held-out data of its world, and say what is as it should be and what is not"
    checked = command("checkup", _checkup, words)
    checked.add_argument("name", help="of published weights, as `checkpoints list` shows it, or a .safetensors file")

    timing = command("bench", _bench, "time a step of the paper's models here, and say where its time goes")
    timing.add_argument("--task", default="tworoom", help=f"one of {', '.join(TASKS)} (default: %(default)s)")
    timing.add_argument("--preset", default="paper", help="paper, paper_released or paper_smoke (default: %(default)s)")
    timing.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: %(default)s)")
    timing.add_argument("--steps", type=int, default=20, help="timed in each repeat (default: %(default)s)")
    timing.add_argument("--repeats", type=int, default=5, help="of the whole measurement (default: %(default)s)")

    command("pages", _pages, "rewrite the scorecard and the gallery from results and notebooks")
    student = command("student", _student, "write every notebook without its solutions into a folder")
    student.add_argument("folder", type=Path)
    command("book", _book, "execute every notebook and build the book in _build/html")
    return parser


def _book_tool(name: str):
    """A module that needs the notebooks, and the book tools, which the library alone does not."""
    if not paths.NOTEBOOKS.is_dir():
        raise SMWMError("This needs a clone of the repository, which has the notebooks; run `pip install -e .` in one.")
    try:
        return importlib.import_module(f"smwm_book.{name}")
    except ModuleNotFoundError as error:
        raise SMWMError(f"This needs the package {error.name}; run `pip install -r requirements.txt`.") from error


def _list(options: argparse.Namespace) -> None:
    notebooks = _book_tool("notebooks.run")
    names = notebooks.sources()
    width = max(map(len, names))
    for name in names:
        print(f"{name:{width}}  {notebooks.title(name)}")


def _run(options: argparse.Namespace) -> None:
    preset = options.preset or _book_tool("notebooks.run").usual_preset(options.notebook)
    budget, changes = get_preset(preset), parse_changes(options.changes)
    pick_device(options.device)
    if changes and options.recompute:
        raise SMWMError("--set trains by itself and publishes nothing; leave out --recompute.")
    changed(budget.config("dots/single", Objective(inverse=1)), changes, strict=False)
    output = _book_tool("notebooks.run").run(
        options.notebook,
        preset=preset,
        seed=options.seed,
        device=options.device,
        recompute=options.recompute,
        changes=options.changes,
    )
    if output.parent == paths.NOTEBOOKS:
        _pages(options)
    print(root.shown(output))


def _sweep(options: argparse.Namespace) -> None:
    jobs = planned(
        options.notebook,
        preset=options.preset,
        tasks=None if options.tasks is None else options.tasks.split(","),
        methods=None if options.methods is None else options.methods.split(","),
        seeds=None if options.seeds is None else parse_seeds(options.seeds),
    )
    device = pick_device(options.device, elsewhere=options.scheduler is not None)
    trained = sweep(jobs, device, workers=options.workers, scheduler=options.scheduler)
    print(
        f"{trained} of {len(jobs)} runs were trained, the others were there; "
        f"`run {options.notebook} --preset {options.preset} --recompute` makes the figure from them."
    )


def _reproduce(options: argparse.Namespace) -> None:
    preset, device = get_preset(options.preset), pick_device(options.device)
    seconds = parse_duration(options.budget) if options.budget else inf
    if options.dry_run is not None:
        print(foreseen(preset, device, options.dry_run))
        return
    notebooks = _book_tool("notebooks.run")

    def page(figure: str, seeds: int) -> None:
        asked = {"preset": options.preset, "seed": 0, "device": options.device, "recompute": True}
        print(root.shown(notebooks.run(figure, **asked, seeds=seeds)))

    print(reproduce(preset, device, page, seconds=seconds))


def _data_generate(options: argparse.Namespace) -> None:
    build, task, count = planning_task(options.task)
    if options.workers is not None and options.workers < 1:
        raise SMWMError(f"Episodes are collected by at least one process, not {options.workers}.")
    print(_described(recorded(build(), task, count, workers=options.workers)))


def _data_info(options: argparse.Namespace) -> None:
    build, name, _ = planning_task(options.task)
    recordings = root.data() / "cache" / "episodes"
    found = sorted(recordings.glob(f"{name}_*_{version(name)}/episodes.npz"))
    if not found:
        raise SMWMError(f"Nothing is recorded of {options.task} yet; `smwm data generate {options.task}` does that.")
    for path in found:
        episodes = Episodes.load(path, build())
        actions = episodes.action[~episodes.action.isnan().any(1)]
        mean, std = (", ".join(f"{value:.3f}" for value in row.tolist()) for row in (actions.mean(0), actions.std(0)))
        print(f"{root.shown(path)}: {path.stat().st_size / 1e6:.1f} MB")
        print(_described(episodes))
        print(f"actions have mean {mean} and standard deviation {std}")


def _data_fetch(options: argparse.Namespace) -> None:
    release = fetch(options.task)
    print(f"{root.shown(release.path)} is complete; unpack it with `{release.unpacking}`.")


def _data_check(options: argparse.Namespace) -> None:
    episodes = read_episodes(options.file, options.task)
    print(_described(episodes))
    if (count := int(sources(episodes).max()) + 1) < len(episodes):
        print(f"they are repetitions of {count:,} sources; split them by source, not by episode")


def _described(episodes: Episodes) -> str:
    steps = episodes.length - 1
    return (
        f"{len(episodes):,} episodes of {int(steps.min())} to {int(steps.max())} steps, {int(steps.sum()):,} in all; "
        f"states of {episodes.state.shape[1]} and actions of {episodes.action.shape[1]} numbers"
    )


def _checkpoints_list(options: argparse.Namespace) -> None:
    entries = checkpoints.manifest()
    width = max(len(Path(name).stem) for name in entries)
    broken = 0
    for name, entry in entries.items():
        path = checkpoints.folder() / name
        if checkpoints.equals(path, entry):
            state = f"{weights.describe(path).seconds:,.0f} s of training"
        else:
            state = "damaged" if path.exists() else "missing"
            broken += 1
        print(f"{Path(name).stem:{width}}  {entry['bytes'] / 1e6:.2f} MB  {state}")
    if broken:
        print(f"{broken} of {len(entries)} are not whole; `smwm checkpoints fetch` brings them.")


def _checkpoints_verify(options: argparse.Namespace) -> None:
    names = checkpoints.manifest()
    for name in names:
        checkpoints.verify(checkpoints.folder() / name)
    if unknown := checkpoints.unknown():
        raise SMWMError(f"{', '.join(unknown)} in {root.shown(checkpoints.folder())}: no entry in the manifest there.")
    print(f"All {len(names)} checkpoints are whole.")


def _checkpoints_fetch(options: argparse.Namespace) -> None:
    fetched = checkpoints.fetch(options.names, options.source)
    print(f"{len(fetched)} fetched; all that were asked for are whole.")


def _checkpoints_export(options: argparse.Namespace) -> None:
    export(options.name, options.folder)
    print(f"{root.shown(options.folder)} holds {options.name}.")


def _checkup(options: argparse.Namespace) -> None:
    model, config = opened(options.name)
    data, windows = held_out(config)
    print(checkup(model, data, windows=windows))


def _bench(options: argparse.Namespace) -> None:
    from smwm_book.bench import step as bench  # these bring scipy's statistics, which no other command waits for
    from smwm_book.bench.measurements import write
    from smwm_book.bench.toy_step import measure_toy

    budget, device = get_preset(options.preset), pick_device(options.device)
    objectives = budget.objectives(choose("planning task", options.task, TASKS))
    config = budget.planner_config(options.task, objectives["smwm"])
    if budget.vit is None:
        raise SMWMError(
            f"The preset {options.preset} trains no vision transformer; `make bench` measures small models."
        )
    started = time.monotonic()
    found = bench.measure(config, budget.search, device, steps=options.steps, repeats=options.repeats)
    found |= measure_toy(budget.config("dots/single", Objective(inverse=10)), device, repeats=options.repeats)
    name = f"{options.preset}_{options.task}"
    chosen = f"--task {options.task} --preset {options.preset} --device {options.device}"
    command = f"smwm bench {chosen} --steps {options.steps} --repeats {options.repeats}"
    print(write(name, found, bench.UNITS, device, time.monotonic() - started, command))
    print(bench.summary(found))


def _pages(options: argparse.Namespace) -> None:
    _book_tool("production.build").write_generated(paths.REPOSITORY)


def _student(options: argparse.Namespace) -> None:
    notebooks = _book_tool("notebooks.run")
    made = _book_tool("notebooks.exercises").write_students(notebooks.committed(), options.folder)
    print(f"{len(made)} notebooks without solutions are in {root.shown(options.folder.resolve())}.")


def _book(options: argparse.Namespace) -> None:
    print(root.shown(_book_tool("production.build").build()))
