"""The scorecard: every figure and table of the paper beside ours, made from result files alone; a page and a table."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from smwm_book.experiments.results import Results, paper_table
from smwm_book.notebooks import run as notebooks
from smwm_book.tables import published
from smwm_book.tables.dot_plot import Dot, square
from smwm_book.tables.report import count_seeds, format_number, published_results
from smwm_book.tables.verdicts import (
    NOT_RUN,
    ONE_SEED,
    OPEN,
    direction_verdict,
    figure_verdict,
    number_verdict,
    probe_failure,
    rivals,
    seed_interval,
)

_FIGURES = ("reproduced", "reproduced in direction", "illustrated", "not reproduced", "partly run", NOT_RUN)
_COLUMNS = [
    *("figure", "budget", "kind", "name", "ours", "low", "high", "unit", "seeds", "paper", "verdict"),
    *("machine", "training_seconds", "torch", "date", "commit", "command"),
]


def parts() -> dict[str, str]:
    """Markdown of what is generated on the scorecard's page, by the names of its marks."""
    found = judged()
    # A part of a figure that was trained longer does not count as one more figure.
    last = {name: (row, card) for name, (row, card) in _last(found).items() if row["notebook"] and not row["part"]}
    header = ("paper", "what it shows", "verdict", "comparisons", "learnt numbers", "baselines", "budget, seeds")
    overview = [f"| {' | '.join(header)} |", "|" + ":--|" * len(header)]
    overview += [_overview_row(*figure) for figure in found if figure[0]["figure"] != "Ours"]
    ours = [_overview_row(*figure) for figure in found if figure[0]["figure"] == "Ours"]
    overview += ["", *_table(f"Beyond the paper: {len(ours)} experiments of ours", *header, rows=ours)]
    return {
        "verdicts": _counts([card for _, card in last.values()]),
        "exceptions": _exceptions([(row, card) for row, card in last.values() if card]),
        "overview": "\n".join(overview),
        "front": _front(last.values()),
        "dots": _dots([(row, card) for row, card in last.values() if card]),
        "details": "\n".join(_section(row, card) for row, card in found if card and row["figure"] != "Ours"),
    }


def write_csv(path: Path) -> None:
    """Write every number and every comparison as a row of a table."""
    rows = list(csv_rows())  # all of them before the file is opened: results that are refused leave it as it was
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


class Card(NamedTuple):
    """A figure as it was judged at one budget.

    Arguments:
        numbers: the paper's, each with our metric (None if there is none), verdict and whether it is a baseline's.
        claims: the paper's comparisons, with verdicts.
        others: our metrics without a number of the paper; they belong to the first figure of their notebook.
    """

    results: Results
    numbers: list[tuple]
    claims: list[tuple[dict[str, str], str]]
    others: list[dict]

    @property
    def verdict(self) -> str:
        ours = [[v for claim, v in self.claims if bool(claim["threshold"]) == own] for own in (False, True)]
        return figure_verdict([verdict for *_, verdict, _ in self.numbers], *ours)

    @property
    def counted(self) -> tuple[list[str], list[str], list[str]]:
        """Verdicts on comparisons with a learnt model, on numbers of learnt models, and on all that is of baselines."""
        claims = [[v for c, v in self.claims if bool(c["baselines"]) == of and v != OPEN] for of in (False, True)]
        values = [[verdict for *_, verdict, base in self.numbers if base == of] for of in (False, True)]
        return claims[0], values[0], values[1] + claims[1]


def judge(row: dict[str, str], results: Results) -> Card:
    """Apply the rules to a figure: its row in ``data/paper/figures.csv``, and its results at a budget."""
    figure, ours = row["figure"], {metric["name"]: metric for metric in results.metrics}
    paper, compared = published.numbers(figure), published.claims(figure)
    failed = _failed_probes(figure, results)
    judged_numbers = [
        (
            number,
            ours.get(name),
            _gated(number_verdict(ours.get(name), number, rivals(number, compared, paper)), failed.get(name)),
            any(f".{method}." in f".{name}." for method in row["baselines"].split()),
        )
        for name, number in paper.items()
    ]
    judged_claims = [
        (claim, _gated(direction_verdict(claim, ours.get), failed.get(claim["left"]) or failed.get(claim["right"])))
        for claim in compared
    ]
    rows = [other for other in paper_table("figures") if other["notebook"] == row["notebook"]]
    taken = {name for other in rows for name in published.numbers(other["figure"])}
    return Card(
        results,
        judged_numbers,
        judged_claims,
        [metric for name, metric in ours.items() if name not in taken] if figure == rows[0]["figure"] else [],
    )


def _gated(verdict: str, reason: str | None) -> str:
    """A verdict on what was run, or why there is none."""
    return reason if reason and verdict != NOT_RUN else verdict


def _failed_probes(figure: str, results: Results) -> dict[str, str]:
    """Why metrics of a figure are not judged: those of latents whose own probe, at the same budget, fails."""
    rows = [row for row in paper_table("probes") if row["figure"] == figure]
    runs = [run for notebook in {row["notebook"] for row in rows} for run in published_results(notebook)]
    probes = {metric["name"]: metric for run in runs if run.preset == results.preset for metric in run.metrics}
    reasons = {row["latent"]: probe_failure(probes.get(row["probe"])) for row in rows}
    names = [m["name"] for m in results.metrics if m["name"] not in {row["probe"] for row in rows}]
    return {name: reason for name in names if (reason := reasons.get(name.rpartition(".")[0]))}


def judged() -> list[tuple[dict, Card | None]]:
    """Every figure of the paper, and of ours, at every budget that was run."""
    figures = [(row, published_results(row["notebook"]) if row["notebook"] else []) for row in paper_table("figures")]
    return [pair for row, runs in figures for pair in ([(row, judge(row, run)) for run in runs] or [(row, None)])]


def _counts(cards: list[Card | None]) -> str:
    """How many figures, comparisons and numbers are reproduced, each figure at its largest budget."""
    reached = Counter(card.verdict if card else NOT_RUN for card in cards)
    run = [card for card in cards if card]
    claims, learnt, baselines = ([v for card in run for v in card.counted[part]] for part in range(3))
    figures = ", ".join(f"{reached[verdict]} {verdict}" for verdict in _FIGURES if reached[verdict])
    budgets = ", ".join(sorted({f"`{card.results.preset}`" for card in run}))
    return (
        f"The paper has {len(cards)} figures, tables and theorems that can be computed. Here, at the budget {budgets}: "
        f"{figures}. Their {len(claims)} comparisons: {_tally(claims)}. Their {len(learnt)} numbers for learnt models: "
        f"{_tally(learnt)}. Numbers and comparisons of baselines alone: {_tally(baselines)}."
    )


def kind(verdict: str) -> str:
    """A verdict without its reason."""
    return verdict.partition(":")[0]


def _tally(verdicts: Iterable[str]) -> str:
    """How often there is each verdict, in words; pairs that the paper leaves open come last."""
    found = Counter(map(kind, verdicts))
    words = {"holds": "hold", "differs": "differ"}
    order = ("holds", "reproduced", "undecided", "differs", "contradicted", "not judged", ONE_SEED, NOT_RUN, OPEN)
    return ", ".join(f"{found[v]} {words.get(v, v)}" for v in order if found[v])


def _exceptions(found: list[tuple[dict, Card]]) -> str:
    """Every comparison that did not come out as in the paper, folded by the reason."""
    lines = []
    for verdict in ("contradicted", "undecided", "not judged"):
        items = [
            f"- {claim['claim']} ({row['figure']}){v.removeprefix(verdict)}"
            for row, card in found
            for claim, v in card.claims
            if kind(v) == verdict
        ]
        lines += _folded(f"{verdict.capitalize()}: {len(items)} comparisons", items) if items else []
    return "\n".join(lines)


def _last(found: list[tuple[dict, Card | None]]) -> dict[str, tuple[dict, Card | None]]:
    """The paper's figures by name, each at its largest budget."""
    return {row["figure"]: (row, card) for row, card in found if row["figure"] != "Ours"}


def _front(found: Iterable[tuple[dict, Card | None]]) -> str:
    """Every figure of the paper with its verdict, the best first."""
    verdicts = [(card.verdict if card else NOT_RUN, row) for row, card in found]
    lines = ["| verdict at this budget | figures of the paper |", "|:--|:--|"]
    for verdict in _FIGURES:
        links = [f"[{r['figure']}](../notebooks/{r['notebook']}.ipynb)" for v, r in verdicts if v == verdict]
        lines += [f"| **{verdict}** | {', '.join(links)} |"] if links else []
    return "\n".join(lines)


def badges() -> dict[str, str]:
    """Markdown per notebook: what became of the paper's claim, each figure at its largest budget."""
    found: dict[str, list[str]] = {}
    for row, card in _last(judged()).values():
        if card is None:
            continue
        said = f"{row['figure']} **{card.verdict}** (`{card.results.preset}`)"
        found.setdefault(row["notebook"], []).append(said)
    return {name: f"*Verdict* ([rules](../book/scorecard.md)): {', '.join(said)}." for name, said in found.items()}


def _dots(found: list[tuple[dict, Card]]) -> str:
    """Rates of success and coefficients of determination, ours against the paper's; all else has a scale of its own."""
    kinds = {"rate": [], "r2": []}
    for row, card in found:
        for number, metric, _, base in card.numbers:
            if metric and metric["kind"] in kinds:
                low, high = seed_interval(metric) or (None, None)
                dot = Dot(number.name, row["figure"], number.value, metric["value"], low, high, not base)
                kinds[metric["kind"]].append(dot)
    squares = (
        square("Success (%)", kinds["rate"], 100, [0, 25, 50, 75, 100]),
        square("R² of a probe", kinds["r2"], 1, [0, 0.25, 0.5, 0.75, 1]),
    )
    return "\n".join(["```{raw} html", *squares, "```"])


def _folded(title: str, lines: list[str]) -> list[str]:
    """Lines behind a title that folds them out."""
    return [f"````{{admonition}} {title}", ":class: dropdown", "", *lines, "````", ""]


def _overview_row(row: dict, card: Card | None) -> str:
    if card is None:
        content, verdict = row["content"], NOT_RUN if row["notebook"] else "explained"
        content = content if row["notebook"] else f"[{content}](method.md)"
        return f"| {row['figure']} | {content} | {verdict} | – | – | – | – |"
    cells = [
        row["figure"],
        f"[{row['content']}](../notebooks/{row['notebook']}.ipynb)",
        "no paper value" if row["figure"] == "Ours" else f"**{card.verdict}**",
        *(_tally(verdicts) or "–" for verdicts in card.counted),
        f"`{card.results.preset}`,&nbsp;{len(card.results.seeds)}",
    ]
    return f"| {' | '.join(cells)} |"


def _section(row: dict, card: Card) -> str:
    results, origin = card.results, card.results.provenance
    lines = [
        f"## {row['figure']}: {row['content']}, budget `{results.preset}`",
        "",
        f"[{notebooks.title(row['notebook'])}](../notebooks/{row['notebook']}.ipynb). {count_seeds(results)}, "
        f"{origin['training_seconds']:,.0f} s of training on "
        f"{origin['device']}, at most {origin['peak_memory_mb']:,} MB, torch {origin['torch']}, "
        f"{origin['date']}, commit `{origin['commit']}`.",
        "",
        "```",
        origin["command"],
        "```",
        "",
    ]
    if card.claims:
        rows = [f"| {claim['claim']} | {_compared(claim, card)} | {verdict} |" for claim, verdict in card.claims]
        tally = _tally(verdict for _, verdict in card.claims)
        lines += _table(f"Comparisons: {tally}", "the paper says", "ours", "verdict", rows=rows)
    for of, title in ((False, "Numbers of learnt models"), (True, "Numbers of baselines")):
        chosen = [(number, metric, verdict) for number, metric, verdict, base in card.numbers if base == of]
        rows = [f"| `{n.name}` | {_ours(metric)} | {n.text} | {verdict} |" for n, metric, verdict in chosen]
        tally = _tally(verdict for *_, verdict in chosen)
        lines += _table(f"{title}: {tally}", "metric", "ours [95 %]", "paper", "verdict", rows=rows) if rows else []
    return "\n".join([*lines, ""])


def _table(title: str, *header: str, rows: list[str]) -> list[str]:
    return _folded(title, [f"| {' | '.join(header)} |", "|" + ":--|" * len(header), *rows])


def _ours(metric: dict | None) -> str:
    """Our value with its interval over seeds, where it has one."""
    if metric is None:
        return "–"
    bounds = seed_interval(metric)
    shown = "" if bounds is None else f" [{format_number(bounds[0])}, {format_number(bounds[1])}]"
    return format_number(metric["value"]) + shown


def _compared(claim: dict[str, str], card: Card) -> str:
    """Both sides of a comparison in our numbers, with the sign that the paper puts between them."""
    ours = {metric["name"]: metric for metric in card.results.metrics}
    left, right = (_ours(ours[name]) if name in ours else name for name in (claim["left"], claim["right"]))
    if claim["left"] not in ours or not (claim["right"] in ours or claim["threshold"]):
        return "–"
    return f"{left} {claim['relation']} {right}{' (ours)' if claim['threshold'] else ''}"


def csv_rows() -> Iterator[dict]:
    """Every number and every comparison as one row with its origin."""
    for row, card in judged():
        if card is None:
            continue
        origin = card.results.provenance
        shared = {
            "figure": row["figure"],
            "budget": card.results.preset,
            "seeds": len(card.results.seeds),
            "machine": origin["device"],
            **{key: origin[key] for key in ("training_seconds", "torch", "date", "commit", "command")},
        }
        for number, metric, verdict, base in card.numbers:
            name = {"kind": "baseline" if base else "number", "name": number.name, "paper": number.text}
            yield {**shared, **name, **_values(metric), "verdict": verdict}
        for metric in card.others:
            yield {**shared, "kind": "number", "name": metric["name"], **_values(metric), "verdict": "no number"}
        for claim, verdict in card.claims:
            ours = _compared(claim, card)
            yield {**shared, "kind": "comparison", "name": claim["claim"], "ours": ours, "verdict": verdict}


def _values(metric: dict | None) -> dict:
    if metric is None:
        return {}
    low, high = seed_interval(metric) or (None, None)
    return {"ours": metric["value"], "low": low, "high": high, "unit": metric["unit"]}


def readme_table() -> str:
    """Markdown for the README: notebook, figure, budget and the training time of the committed results."""
    lines = ["| notebook | figure | budget | training time |", "|:--|:--|:--|--:|"]
    for name in notebooks.sources():
        for results in published_results(name):
            seconds = f"{results.provenance['training_seconds']:,.0f} s on {results.provenance['device']}"
            lines.append(f"| [{name}](notebooks/{name}.ipynb) | {results.figure} | {results.preset} | {seconds} |")
    return "\n".join(lines)
