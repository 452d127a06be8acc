"""Tables that a notebook shows: its metrics beside the paper's, and where they came from."""

from IPython.display import Markdown, display

from smwm_book.experiments.presets import PRESETS
from smwm_book.experiments.results import Results, load_results, result_path


def format_number(value: float | None) -> str:
    """Three significant digits, or three decimals near 1; powers of ten for what is very small."""
    if value is None:
        return "–"
    if float(value).is_integer() and abs(value) < 1e6:
        return str(int(value))
    if abs(value) < 1e-3:
        return f"{value:.1e}"
    if abs(value) < 2:
        return f"{value:.3f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"


def format_interval(metric: dict) -> str:
    """A metric's value with its interval, where it has one."""
    value = format_number(metric["value"])
    if metric["low"] is None:
        return value
    return f"{value} [{format_number(metric['low'])}, {format_number(metric['high'])}]"


def count_seeds(results: Results) -> str:
    """In words: "1 seed" or "3 seeds"."""
    return f"{len(results.seeds)} seed{'s' if len(results.seeds) > 1 else ''}"


def published_results(notebook: str) -> list[Results]:
    """The committed results of a notebook, one per budget that has been run, those of the longest training last."""
    return [
        load_results(notebook, name)
        for name, preset in sorted(PRESETS.items(), key=lambda item: item[1].steps)
        if preset.published and result_path(notebook, name).exists()
    ]


def metrics_table(results: Results, here: dict[str, float]) -> str:
    """Markdown: every metric with interval, the paper's value, and the first seed's value just computed.

    Budgets other than that of ``results`` get a column too, once they have been run.
    """
    others = [other for other in published_results(results.notebook) if other.preset != results.preset]
    budgets = [results, *others]
    header = [
        "metric",
        *(f"{budget.preset}: mean [95 %], {count_seeds(budget)}" for budget in budgets),
        "paper",
        f"seed {results.seeds[0]}, here",
        "unit",
    ]
    lines = [f"| {' | '.join(header)} |", "|" + ":--|" * len(header)]
    for metric in results.metrics:
        cells = [
            f"`{metric['name']}`",
            *(format_interval(budget.metric(metric["name"])) for budget in budgets),
            format_number(metric["paper"]),
            format_number(here.get(metric["name"])),
            metric["unit"],
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def provenance_table(results: Results) -> str:
    """Markdown: what made the stored results."""
    origin = results.provenance
    facts = {
        "preset": results.preset,
        "seeds": ", ".join(map(str, results.seeds)),
        "machine": origin["device"],
        "training time": f"{origin['training_seconds']:,.0f} s for all runs",
        **({"arithmetic": origin["arithmetic"]} if "arithmetic" in origin else {}),
        "peak memory": f"{origin['peak_memory_mb']:,} MB",
        "software": f"torch {origin['torch']}, Python {origin['python']}",
        "commit": f"`{origin['commit']}`",
        "date": origin["date"],
        "command": f"`{origin['command']}`",
    }
    return "\n".join(["| fact | value |", "|:--|:--|", *(f"| {name} | {fact} |" for name, fact in facts.items())])


def display_metrics(results: Results, here: dict[str, float]) -> None:
    """Show ``metrics_table`` in a notebook, folded; in print it is open."""
    title = f"All numbers: {len(results.metrics)} metrics with their intervals, beside the paper's"
    table = metrics_table(results, here)
    display(Markdown(f'<details class="numbers">\n<summary>{title}</summary>\n\n{table}\n\n</details>'))


def display_provenance(results: Results) -> None:
    """Show ``provenance_table`` in a notebook."""
    display(Markdown(provenance_table(results)))
