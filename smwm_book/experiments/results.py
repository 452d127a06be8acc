"""Result files: the only place from which the book takes numbers.

``data/results/<notebook>/<preset>.json`` holds metrics with intervals, the paper's value where it
has one, provenance, and the sha256 of the ``.npz`` beside it, with arrays for the figures.
"""

import contextlib
import csv
import json
import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from smwm_book import paths
from smwm_book.experiments.measures import KINDS, Measure, Rate
from smwm_book.experiments.provenance import provenance
from smwm_book.experiments.recipe import require_recipe
from smwm_book.experiments.runs import OwnRun, Run
from smwm_core.errors import SMWMError
from smwm_core.storage import root
from smwm_core.storage.files import fill_arrays, locked, settled, write_text, write_with_digest
from smwm_core.storage.reading import read_arrays, read_json
from smwm_core.storage.schemas import RESULT_ARRAYS, Benchmark, Metric, ResultFile
from smwm_core.storage.versions import VERSIONS

_REMEDY = "restore or recompute it"


@dataclass(frozen=True)
class Results:
    """One result file.

    Arguments:
        notebook: the stem of the notebook that made it.
        figure: the paper's name for it ("Fig. 2").
        preset, seeds: the budget and the seeds it was computed with.
        metrics: entries with ``name, value, low, high, n, paper, unit, per_seed``.
        provenance: see ``smwm_book.experiments.provenance``.
        runs: name and recipe of every run behind them.
        arrays: what the figures draw.
    """

    notebook: str
    figure: str
    preset: str
    seeds: list[int]
    metrics: list[dict]
    provenance: dict
    runs: dict[str, dict[str, int]]
    arrays: dict[str, np.ndarray]

    def metric(self, name: str) -> dict:
        for entry in self.metrics:
            if entry["name"] == name:
                return entry
        raise SMWMError(f"These results have no metric {name!r}.")

    def each(self, pattern: str, labels: dict[str, object]) -> dict[object, dict]:
        """By label, the metric whose name is the pattern with the label's key for ``*``; only those that there are."""
        known = {entry["name"]: entry for entry in self.metrics}
        names = {label: pattern.replace("*", key) for key, label in labels.items()}
        return {label: known[name] for label, name in names.items() if name in known}


def result_path(notebook: str, preset: str, seed: int = 0) -> Path:
    """The file for a notebook at a preset; another first seed than 0 has a file of its own."""
    return root.data() / "results" / notebook / f"{preset}{f'_seed{seed}' if seed else ''}.json"


def collected(
    notebook: str,
    rows: dict[int, dict[str, Measure]],
    *,
    figure: str,
    preset: str,
    runs: list[Run | OwnRun],
    arrays: dict[str, np.ndarray],
) -> Results:
    """Results in memory, of what was just measured.

    Arguments:
        notebook, figure, preset: what they are of.
        rows: per seed the same names with their measures.
        runs: those behind the rows, for their device, training time and recipes.
        arrays: what the figures draw.

    Raises:
        SMWMError: rows with different metrics, or a number that is not finite.
    """
    seeds = list(rows)
    first = rows[seeds[0]] if rows else {}
    if not first or any(row.keys() != first.keys() for row in rows.values()):
        raise SMWMError("Results need one row per seed, all with the same metrics.")
    known, metrics = paper_values(notebook), []
    for name, measure in first.items():
        values = [float(rows[seed][name].value) for seed in seeds]
        if not type(measure).possible(values):
            kind = type(measure).__name__.lower()
            raise SMWMError(f"{name} is not a finite number or no {kind} for every seed ({values}); none was written.")
        value, low, high = type(measure).over_seeds(values, measure.trials)
        summary = {"name": name, "value": value, "low": low, "high": high, "n": len(values), "paper": known.get(name)}
        kind = {"kind": type(measure).__name__.lower(), "trials": measure.trials}
        metrics.append({**summary, "unit": measure.unit, "per_seed": values, **kind})
    command = f"smwm run {notebook} --preset {preset} --seed {seeds[0]} --recompute"
    device = next(runs[0].model.parameters()).device
    origin = provenance(device, command, sum(run.seconds for run in runs))
    if arithmetic := sorted({run.arithmetic for run in runs if run.arithmetic}):
        origin["arithmetic"] = "; ".join(arithmetic)
    recipes = {run.name: run.recipe for run in runs}
    return Results(notebook, figure, preset, seeds, metrics, origin, recipes, arrays)


def paper_values(notebook: str) -> dict[str, float]:
    """The paper's own values of a notebook's metrics: those of its figures in ``data/paper/metrics.csv``."""
    figures = {row["figure"] for row in paper_table("figures") if row["notebook"] == notebook}
    return {row["metric"]: float(row["value"]) for row in paper_table("metrics") if row["figure"] in figures}


def paper_table(name: str) -> list[dict[str, str]]:
    """The rows of a table in ``data/paper``: ``figures``, ``metrics`` or ``claims``."""
    with (paths.PAPER / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def save_results(results: Results) -> None:
    """Write a result file and its arrays; whenever that is interrupted, the former two are there or the new two."""
    path = result_path(results.notebook, results.preset, results.seeds[0])
    content = {key: getattr(results, key) for key in ("figure", "preset", "seeds", "metrics", "provenance", "runs")}
    json.dumps(content, allow_nan=False)  # refuses what is no number before a file is touched

    def enter(digest: str) -> None:
        write_text(path, json.dumps({**content, "arrays_sha256": digest}, indent=2, allow_nan=False) + "\n")

    with _lock():
        former = None
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # a damaged one is replaced
            former = json.loads(path.read_text())["arrays_sha256"]
        write_with_digest(path.with_suffix(".npz"), partial(fill_arrays, arrays=results.arrays), enter, former)


def load_results(notebook: str, preset: str, seed: int = 0) -> Results:
    """Read a result file.

    Raises:
        SMWMError: it is missing, truncated, lacks something a result file must have, has numbers that do not follow
            from those of its seeds, or its arrays are others.
    """
    path = result_path(notebook, preset, seed)
    name = root.shown(path)
    if not path.exists():
        raise SMWMError(
            f"There are no results {name}; make them with "
            f"`smwm run {notebook} --preset {preset} --seed {seed} --recompute`."
        )
    version = _version(path)
    content = read_json(path, ResultFile, "a result file", _REMEDY)
    if content.preset != preset or content.seeds[0] != seed:
        raise SMWMError(
            f"{name} holds preset {content.preset!r} from seeds {content.seeds}, which is not what its name "
            f"says; {_REMEDY}."
        )
    for metric in content.metrics:
        if not _follows(metric):
            raise SMWMError(
                f"{name}: value and interval of {metric.name} do not follow from its values per seed; {_REMEDY}."
            )
    for run, used in content.runs.items():
        require_recipe(f"{name}: {run}", used, {component: VERSIONS.get(component) for component in used})
    numbers, stored = msgspec.to_builtins(content), path.with_suffix(".npz")
    whole = settled(stored, numbers.pop("arrays_sha256"), _lock())
    arrays = read_arrays(stored, RESULT_ARRAYS, _REMEDY)
    if _version(path) != version:  # another process has just written both anew
        return load_results(notebook, preset, seed)
    if not whole:
        raise SMWMError(f"{root.shown(stored)} is not the file whose sha256 {name} holds; restore or recompute both.")
    return Results(notebook, **numbers, arrays=arrays)


def _lock() -> contextlib.AbstractContextManager:
    return locked(root.data() / "cache" / "results", "writing results", wait=True)


def _version(path: Path) -> tuple[int, int]:
    """What changes whenever a file is replaced, be it by an equal one."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def _follows(metric: Metric) -> bool:
    """Whether a metric is what its kind makes of its values per seed."""
    kind = KINDS.get(metric.kind)
    if kind is None or (kind is Rate) != (metric.trials is not None):
        return False
    if not kind.possible(metric.per_seed):
        return False
    expected, stored = kind.over_seeds(metric.per_seed, metric.trials), (metric.value, metric.low, metric.high)
    return all(
        mine is theirs or (None not in (mine, theirs) and math.isclose(mine, theirs, rel_tol=1e-9, abs_tol=1e-12))
        for mine, theirs in zip(expected, stored, strict=True)
    )


def read_benchmark(path: Path) -> Benchmark:
    """What a benchmark left behind.

    Raises:
        SMWMError: the file is damaged.
    """
    return read_json(path, Benchmark, "the result of a benchmark", "restore it or measure anew")


def require_agreement(results: Results, seed: int, row: dict[str, Measure], *, tolerance: float = 0.02) -> None:
    """Refuse results that the weights beside them do not reproduce.

    Arguments:
        row: measures just made for ``seed``.
        tolerance: largest allowed difference, relative to the stored value (absolute below 1e-9; two trials of a
            rate); it covers the arithmetic of different processors.
    """
    if seed not in results.seeds:
        raise SMWMError(f"The results hold seeds {results.seeds}, not {seed}; recompute them with --recompute.")
    position = results.seeds.index(seed)
    for name, measure in row.items():
        metric = results.metric(name)
        stored, kind = metric["per_seed"][position], KINDS[metric["kind"]]
        if type(measure) is not kind:
            raise SMWMError(f"{name} is a {metric['kind']} in the results of preset {results.preset}; recompute them.")
        if not math.isclose(measure.value, stored, rel_tol=tolerance, abs_tol=kind.slack(measure.trials)):
            raise SMWMError(
                f"{name} is {measure.value:.6g} when computed from the weights, but {stored:.6g} in the results of "
                f"preset {results.preset}; weights and results do not belong together, recompute both with --recompute."
            )
