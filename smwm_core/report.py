"""Tables that a notebook shows: its metrics beside the paper's, and where they came from."""

from IPython.display import Markdown, display

from smwm_core.results import Results


def format_number(value: float | None) -> str:
    """Three significant digits; small numbers in powers of ten, nothing for a missing value."""
    if value is None:
        return "–"
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    if abs(value) < 1e-3:
        return f"{value:.1e}"
    return f"{value:.3g}" if abs(value) >= 1 else f"{value:.3f}"


def format_interval(metric: dict) -> str:
    """A metric's value with its interval, where it has one."""
    value = format_number(metric["value"])
    if metric["low"] is None:
        return value
    return f"{value} [{format_number(metric['low'])}, {format_number(metric['high'])}]"


def metrics_table(results: Results, here: dict[str, float]) -> str:
    """Markdown: every metric with interval, the paper's value, and the first seed's value just computed."""
    lines = [
        "| metric | ours [95 % interval] | paper | seed " + str(results.seeds[0]) + ", here | unit | seeds |",
        "|:--|:--|:--|:--|:--|--:|",
    ]
    for metric in results.metrics:
        cells = [
            f"`{metric['name']}`",
            format_interval(metric),
            format_number(metric["paper"]),
            format_number(here.get(metric["name"])),
            metric["unit"],
            str(metric["n"]),
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
        "peak memory": f"{origin['peak_memory_mb']:,} MB",
        "software": f"torch {origin['torch']}, Python {origin['python']}",
        "commit": f"`{origin['commit']}`",
        "date": origin["date"],
        "command": f"`{origin['command']}`",
    }
    return "\n".join(["| | |", "|:--|:--|", *(f"| {name} | {fact} |" for name, fact in facts.items())])


def display_metrics(results: Results, here: dict[str, float]) -> None:
    """Show ``metrics_table`` in a notebook."""
    display(Markdown(metrics_table(results, here)))


def display_provenance(results: Results) -> None:
    """Show ``provenance_table`` in a notebook."""
    display(Markdown(provenance_table(results)))
