"""HTML for a page that moves by itself: data, style and script in one element, nothing fetched."""

import base64
import hashlib
import io
import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

_HERE = Path(__file__).parent
_PARTS = {
    "PLAY_STYLE": "page.css",
    "PLAY_PAGE": "page.js",  # which has those of the next three
    "PLAY_CANVAS": "canvas.js",
    "PLAY_NETWORK": "network.js",
    "PLAY_MARKS": "marks.js",
    "PLAY_STAR": "star.js",
    "PLAY_CHANCE": "chance.js",
    "PLAY_PLAYER": "player.js",
}


def page(template: str, data: dict) -> str:
    """A template of this folder with everything it needs inside.

    Arguments:
        template: its file name.
        data: JSON-ready; ``networks``, where the page computes some, are what ``pack`` returns.
    """
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
    html = (_HERE / template).read_text()
    for mark, file in _PARTS.items():
        html = html.replace(mark, (_HERE / file).read_text().rstrip())
    name = f"{Path(template).stem}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return html.replace("PLAY_NAME", name).replace("PLAY_DATA", text)


def as_text(values: np.ndarray) -> str:
    """The bytes of numbers, row by row, as ``bytes`` in ``canvas.js`` reads them."""
    return base64.b64encode(values.tobytes()).decode()


def png(figure: Figure) -> bytes:
    """A figure as a widget shows it."""
    figure.savefig(buffer := io.BytesIO(), format="png", dpi=100)
    return buffer.getvalue()
