"""Second renderings for phones: what stands side by side in a wide picture is stacked, so that text stays readable."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from smwm_core.storage.files import write_whole

WIDEST = 1080  # pixels of a picture of 150 dpi, whose 12-point text is 9 px high on a screen of 390
PART = 0.68  # of a picture's width at most, two panels of three: wider parts show text no larger than the whole
GAP, LEAST = 6, 200  # white columns at least between two things that may be cut apart; columns of such a thing
LABELS = 110  # columns at least of names of rows, which stand before the first thing; the label of an axis has fewer
_IMAGE = re.compile(r'<img\b[^>]*\bclass="[^"]*\bwide\b[^"]*"[^>]*>')
_SOURCE = re.compile(r'\bsrc="([^"]+)\.png"')


def write(html: Path) -> None:
    """Give every wide picture of a built book that can be cut a stacked twin, which phones load instead.

    Arguments:
        html: the root of the built book.
    """
    for page in html.rglob("*.html"):
        text = page.read_text()
        changed = _IMAGE.sub(lambda image, page=page: _offered(image[0], page.parent), text)
        if changed != text:
            page.write_text(changed)


def _offered(image: str, folder: Path) -> str:
    """An image with its twin, if it has one; what is narrow need not scroll either."""
    source = _SOURCE.search(image)
    if not source:
        return image
    path = folder / f"{source[1]}.png"
    with Image.open(path) as picture:
        width = picture.width
    if width <= WIDEST:
        return re.sub(r" wide\b|\bwide ", "", image, count=1)
    if not _has_twin(path):
        return image
    return f'<picture><source media="(max-width: 600px)" srcset="{source[1]}-phone.png">{image}</picture>'


def _has_twin(path: Path) -> bool:
    """Whether there is a twin of a picture; written when it is asked for first."""
    twin = path.with_name(f"{path.stem}-phone.png")
    if twin.exists():
        return True
    stacked = stack(np.asarray(Image.open(path).convert("RGB")))
    if stacked is not None:
        image = Image.fromarray(stacked).quantize(256, dither=Image.Dither.NONE)
        write_whole(twin, lambda unfinished: image.save(unfinished, "png", optimize=True))
    return stacked is not None


def stack(picture: np.ndarray) -> np.ndarray | None:
    """What stands side by side, one below the other; names of rows are repeated.

    Arguments:
        picture: ``(H, W, 3)`` on white.

    Returns:
        a picture at most ``WIDEST`` wide; None if it is that already, or has no white columns to cut it along.
    """
    ink, width = (picture < 250).any(2), picture.shape[1]
    labels = _labels(ink)
    cuts = _cuts(ink[:, labels:].any(0), min(WIDEST, int(PART * width)) - labels)
    if cuts is None or width <= WIDEST:
        return None
    names, things = picture[:, :labels], picture[:, labels:]
    parts = [np.concatenate([names, things[:, left:right]], 1) for left, right in pairwise(cuts)]
    parts = [part[_inked_rows(part)] for part in parts]
    widest = max(part.shape[1] for part in parts)
    space = [[(0, 24), (0, widest - part.shape[1]), (0, 0)] for part in parts]
    return np.concatenate([np.pad(part, by, constant_values=255) for part, by in zip(parts, space, strict=True)])


def _gaps(inked: np.ndarray) -> list[tuple[int, int]]:
    """White columns between things, as first and last + 1."""
    edges = np.flatnonzero(np.diff(np.concatenate([[1], inked.astype(int), [1]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= GAP]


def _labels(ink: np.ndarray) -> int:
    """How many columns hold names of rows: words, and no line that goes all the way down."""
    for left, right in _gaps(ink.any(0)):
        if left >= LABELS:
            return (left + right) // 2 if ink[:, :left].mean(0).max() < 0.4 else 0
    return 0


def _cuts(inked: np.ndarray, widest: int) -> list[int] | None:
    """Columns to cut at, the borders among them: as few as go, as even as go; None if there are none.

    No cut follows what is as narrow as the label or the ticks of an axis: they belong to what stands on their right.
    """
    gaps, width = _gaps(inked), len(inked)
    things = [(0, 0), *gaps]  # the one before each gap begins where the last gap ends
    gaps = [(a + b) // 2 for (a, b), (_, began) in zip(gaps, things, strict=False) if a - began >= LABELS]
    for count in range(-(-width // widest), 9) if gaps else ():
        wanted = [width * i / count for i in range(1, count)]
        cuts = [0, *sorted({min(gaps, key=lambda gap, at=at: abs(gap - at)) for at in wanted}), width]
        if max(np.diff(cuts)) <= widest and min(np.diff(cuts)) >= LEAST and len(cuts) == count + 1:
            return cuts
    return None


def _inked_rows(part: np.ndarray) -> slice:
    """Without the white rows above and below."""
    rows = np.flatnonzero((part < 250).any((1, 2)))
    return slice(rows[0], rows[-1] + 1)
