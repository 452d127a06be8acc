"""Ours against the paper's, every number a dot: two squares of inline SVG, in the colours of the page's theme."""

from html import escape
from typing import NamedTuple

SIDE, LEFT, TOP, BOTTOM = 280, 44, 8, 40  # pixels of a square, and of what stands around it
COLOURS = ("#0072b2", "#e69f00", "#cc79a7", "#d55e00")


class Dot(NamedTuple):
    """One number of the paper and ours.

    Arguments:
        name: what it is, in words.
        group: the figure it belongs to.
        paper, ours: values.
        low, high: our interval, None without one.
        learnt: whether it is of a learnt model and not of a baseline.
    """

    name: str
    group: str
    paper: float
    ours: float
    low: float | None
    high: float | None
    learnt: bool


def square(title: str, dots: list[Dot], highest: float, ticks: list[float]) -> str:
    """A square with the paper's value to the right and ours upwards; values below 0 are drawn at 0.

    Arguments:
        title: of the quantity.
        dots: at least one, of at most four groups.
        highest: where both axes end.
        ticks: values to mark on both.
    """

    def along(value: float) -> float:
        return SIDE * min(max(value, 0), highest) / highest

    groups = sorted({dot.group for dot in dots})
    colours = dict(zip(groups, COLOURS, strict=False))
    parts = [f'<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="currentColor"/>']
    parts.append(
        f'<path d="M{LEFT} {TOP + SIDE}l{SIDE} {-SIDE}" stroke="currentColor" stroke-dasharray="4 4" opacity="0.6"/>'
    )
    for tick in ticks:
        at = along(tick)
        parts.append(f'<text x="{LEFT + at:.1f}" y="{TOP + SIDE + 16}" text-anchor="middle">{tick:g}</text>')
        parts.append(f'<text x="{LEFT - 6}" y="{TOP + SIDE - at + 4:.1f}" text-anchor="end">{tick:g}</text>')
    parts.append(f'<text x="{LEFT + SIDE / 2}" y="{TOP + SIDE + 34}" text-anchor="middle">the paper</text>')
    parts.append(f'<text transform="translate(12 {TOP + SIDE / 2}) rotate(-90)" text-anchor="middle">ours</text>')
    for dot in dots:
        x, y, colour = LEFT + along(dot.paper), TOP + SIDE - along(dot.ours), colours[dot.group]
        if dot.low is not None:
            low, high = (TOP + SIDE - along(bound) for bound in (dot.low, dot.high))
            parts.append(f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{colour}" opacity="0.5"/>')
        fill = colour if dot.learnt else "none"
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="{colour}" stroke-width="1.5">'
            f"<title>{escape(dot.name)}: the paper {dot.paper:g}, ours {dot.ours:.3g}</title></circle>"
        )
    width, height = LEFT + SIDE + 16, TOP + SIDE + BOTTOM
    near = sum(abs(dot.ours - dot.paper) <= 0.1 * highest for dot in dots)
    label = f"{title}: ours against the paper's; {near} of {len(dots)} differ by at most a tenth of the axis."
    key = '<svg width="10" height="10" aria-hidden="true"><circle cx="5" cy="5" r="4" fill="{}"/></svg>'
    legend = " ".join(f"{key.format(colours[group])} {escape(group)}" for group in groups)
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    drawing = f'<svg {size} role="img" aria-label="{escape(label)}" fill="currentColor" font-size="12">{"".join(parts)}'
    return f'<div class="smwm-dots"><b>{escape(title)}</b>\n{drawing}</svg>\n<span>{legend}</span></div>'
