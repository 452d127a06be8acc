"""Result files: the only place from which the book takes numbers.

``data/results/<notebook>/<preset>.json`` holds metrics with intervals, the paper's value where it
has one, and provenance; arrays for the figures lie beside it in an ``.npz``.
"""

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from smwm_book import paths
from smwm_book.experiments.presets import get_preset
from smwm_book.experiments.provenance import PROVENANCE_KEYS, provenance
from smwm_book.experiments.runs import Run, publish
from smwm_core.analysis.intervals import mean_interval, wilson_interval
from smwm_core.errors import SMWMError
from smwm_core.storage import root
from smwm_core.storage.files import load_arrays, save_arrays, write_whole

_METRIC_KEYS = {"name", "value", "low", "high", "n", "paper", "unit", "per_seed"}
_KEYS = {"figure", "preset", "seeds", "metrics", "provenance"}


@dataclass(frozen=True)
class Results:
    """One result file.

    Arguments:
        notebook: the stem of the notebook that made it.
        figure: the paper's name for it ("Fig. 2").
        preset, seeds: the budget and the seeds it was computed with.
        metrics: entries with ``name, value, low, high, n, paper, unit, per_seed``.
        provenance: see ``smwm_book.experiments.provenance``.
        arrays: what the figures draw.
    """

    notebook: str
    figure: str
    preset: str
    seeds: list[int]
    metrics: list[dict]
    provenance: dict
    arrays: dict[str, np.ndarray]

    def metric(self, name: str) -> dict:
        for entry in self.metrics:
            if entry["name"] == name:
                return entry
        raise SMWMError(f"These results have no metric {name!r}.")


def result_path(notebook: str, preset: str, seed: int = 0) -> Path:
    """The file for a notebook at a preset; another first seed than 0 has a file of its own."""
    return root.data() / "results" / notebook / f"{preset}{f'_seed{seed}' if seed else ''}.json"


def settle(
    notebook: str,
    rows: list[dict[str, float]],
    *,
    recompute: bool,
    figure: str,
    preset: str,
    seeds: list[int],
    units: dict[str, str],
    runs: list[Run],
    arrays: dict[str, np.ndarray],
    kept: list[Run] | None = None,
    trials: dict[str, int] | None = None,
) -> Results:
    """The one way from a notebook's measurements to the numbers on its page.

    When the runs were recomputed, the rows become the new result file, and the weights of the first
    seed are published with it (seed 0 of the laptop and paper budgets). Otherwise the rows must agree
    with the result file that is there.

    Arguments:
        notebook: its stem, which names the result file.
        rows: per seed the same metric names with their values.
        recompute: whether the rows are to be written or checked.
        figure, preset, seeds: what the file says it is; without ``recompute`` only the first
            ``len(rows)`` seeds are checked.
        units: units of the metrics that are not pure numbers.
        runs: the runs behind the rows, for their device and training time.
        arrays: what the figures draw; written with the rows.
        kept: those of the runs whose weights are published; all of them if not given. Rows that are checked
            rather than written may then hold the metrics of these runs alone.
        trials: for metrics that are rates in percent, the number of trials of one seed; their interval is
            Wilson's for the trials of all seeds together.

    Raises:
        SMWMError: rows and results do not agree, or the result file is missing or broken.
    """
    if not recompute:
        results = load_results(notebook, preset, seeds[0])
        for seed, row in zip(seeds, rows, strict=False):
            require_agreement(results, seed, row, trials=trials)
        return results
    if not rows or any(row.keys() != rows[0].keys() for row in rows) or len(rows) != len(seeds):
        raise SMWMError("Results need one row per seed, all with the same metrics.")
    command = f"smwm run {notebook} --preset {preset} --seed {seeds[0]} --recompute"
    device = next(runs[0].model.parameters()).device
    published = paper_values(notebook)
    metrics = []
    for name in rows[0]:
        values = [float(row[name]) for row in rows]
        if not np.isfinite(values).all():
            raise SMWMError(f"{name} is not a finite number for every seed ({values}); no results were written.")
        value, low, high = mean_interval(name, values)
        if trials and name in trials:
            n = trials[name] * len(values)
            low, high = (100 * bound for bound in wilson_interval(round(value * n / 100), n))
        metrics.append(
            {
                "name": name,
                "value": value,
                "low": low,
                "high": high,
                "n": len(values),
                "paper": published.get(name),
                "unit": units.get(name, "1"),
                "per_seed": values,
            }
        )
    origin = provenance(device, command, sum(run.seconds for run in runs))
    results = Results(notebook, figure, preset, list(seeds), metrics, origin, arrays)
    save_results(results)
    if get_preset(preset).published and seeds[0] == 0:
        for run in runs if kept is None else kept:
            if run.seed == 0:
                publish(run)
    return results


def paper_values(notebook: str) -> dict[str, float]:
    """The paper's own values of a notebook's metrics: those of its figures in ``data/paper/metrics.csv``."""
    figures = {row["figure"] for row in paper_table("figures") if row["notebook"] == notebook}
    return {row["metric"]: float(row["value"]) for row in paper_table("metrics") if row["figure"] in figures}


def paper_table(name: str) -> list[dict[str, str]]:
    """The rows of a table in ``data/paper``: ``figures``, ``metrics`` or ``claims``."""
    with (paths.PAPER / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def save_results(results: Results) -> None:
    """Write a result file and its arrays, each in one step."""
    path = result_path(results.notebook, results.preset, results.seeds[0])
    content = {key: getattr(results, key) for key in ("figure", "preset", "seeds", "metrics", "provenance")}
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    save_arrays(path.with_suffix(".npz"), results.arrays)
    write_whole(path, lambda unfinished: unfinished.write_text(text))


def load_results(notebook: str, preset: str, seed: int = 0) -> Results:
    """Read a result file.

    Raises:
        SMWMError: it is missing, truncated, or lacks something a result file must have.
    """
    path = result_path(notebook, preset, seed)
    name = root.shown(path)
    if not path.exists():
        raise SMWMError(
            f"There are no results {name}; make them with "
            f"`smwm run {notebook} --preset {preset} --seed {seed} --recompute`."
        )
    try:
        content = json.loads(path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise SMWMError(f"{name} is not valid JSON ({error}); restore or recompute it.") from error
    if not isinstance(content, dict) or content.keys() != _KEYS:
        raise SMWMError(f"{name} is not a result file: it must have exactly {', '.join(sorted(_KEYS))}.")
    if not isinstance(content["metrics"], list) or not isinstance(content["seeds"], list):
        raise SMWMError(f"{name} is not a result file: metrics and seeds must be lists.")
    for position, entry in enumerate(content["metrics"]):
        whole = isinstance(entry, dict) and entry.keys() == _METRIC_KEYS and isinstance(entry["per_seed"], list)
        if (
            not whole
            or len(entry["per_seed"]) != len(content["seeds"])
            or not all(isinstance(number, int | float) for number in (entry["value"], *entry["per_seed"]))
        ):
            raise SMWMError(f"{name} has a malformed metric at position {position}; restore or recompute it.")
    if content["preset"] != preset or not content["seeds"] or content["seeds"][0] != seed:
        raise SMWMError(
            f"{name} holds preset {content['preset']!r} from seeds {content['seeds']}, which is not what its name "
            f"says; restore or recompute it."
        )
    if not isinstance(content["provenance"], dict) or not content["provenance"].keys() >= PROVENANCE_KEYS:
        raise SMWMError(f"{name} does not say where its numbers come from; restore or recompute it.")
    return Results(notebook, **content, arrays=load_arrays(path.with_suffix(".npz"), "restore or recompute it"))


def require_agreement(
    results: Results, seed: int, row: dict[str, float], *, tolerance: float = 0.02, trials: dict[str, int] | None = None
) -> None:
    """Refuse results that the weights beside them do not reproduce.

    Arguments:
        row: metrics just computed for ``seed``.
        tolerance: largest allowed difference, relative to the stored value (absolute below 1e-9);
            it covers the arithmetic of different processors.
        trials: of metrics that are rates in percent; two trials may end differently.
    """
    if seed not in results.seeds:
        raise SMWMError(f"The results hold seeds {results.seeds}, not {seed}; recompute them with --recompute.")
    position = results.seeds.index(seed)
    for name, value in row.items():
        stored = results.metric(name)["per_seed"][position]
        slack = 201 / trials[name] if trials and name in trials else 1e-9
        if not math.isclose(value, stored, rel_tol=tolerance, abs_tol=slack):
            raise SMWMError(
                f"{name} is {value:.6g} when computed from the weights, but {stored:.6g} in the results of preset "
                f"{results.preset}; weights and results do not belong together, recompute both with --recompute."
            )
