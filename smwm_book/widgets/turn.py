"""Latents to turn: three components of two methods side by side, turned together by dragging, with their spectra."""

import numpy as np

from smwm_book.figures import position_colours
from smwm_book.widgets.page import as_text, page
from smwm_core.analysis.spectrum import top_share

COMPONENTS = 16  # of a spectrum that are drawn
SIXTEEN_BITS, EIGHT_BITS = 32767, 127


def turn_the_latents(worlds: dict[str, dict]) -> str:
    """HTML with its data and script inside.

    Arguments:
        worlds: by title, ``state (N, 2)``, which gives the points their colours and is called ``coloured_by``; the
            dimension of the action, ``action_dim``; and under ``latents``, for two methods by label, ``coordinates
            (N, 3)`` in principal components and ``spectrum (seeds, Z)``, the first of them that of the coordinates and
            with its ``elbow``.
    """
    return page("turn.html", {"worlds": [_drawn(title, **world) for title, world in worlds.items()]})


def _drawn(title: str, state: np.ndarray, coloured_by: str, action_dim: int, latents: dict[str, dict]) -> dict:
    middle, half = (state.max(0) + state.min(0)) / 2, np.ptp(state, axis=0) / 2
    return {
        "title": title,
        "coloured_by": coloured_by,
        "action": action_dim,
        "state": _text(EIGHT_BITS * (state - middle) / half, np.int8),
        "colours": _text(255 * position_colours(state), np.uint8),
        "latents": [_latent(label, **latent) for label, latent in latents.items()],
        "words": _words(title, action_dim, latents),
    }


def _latent(label: str, coordinates: np.ndarray, spectrum: np.ndarray, elbow: int, **_others) -> dict:
    farthest = np.linalg.norm(coordinates, axis=1).max()
    share = spectrum / spectrum.sum(1, keepdims=True)
    return {
        "label": label,
        "points": _text(SIXTEEN_BITS * coordinates / farthest, np.dtype("<i2")),
        "exponents": np.log10(share[:, :COMPONENTS].clip(1e-12)).round(2).tolist(),
        "elbow": elbow,
    }


def _words(title: str, action_dim: int, latents: dict[str, dict]) -> str:
    """What there is to see, in words."""
    seen = [
        f"{label}: elbow after component {latent['elbow']}, "
        f"{100 * top_share(latent['spectrum'][0], 3):.0f} % of the variance in the three that are drawn."
        for label, latent in latents.items()
    ]
    return f"{title}, whose action has {action_dim} dimensions. {' '.join(seen)}"


def _text(values: np.ndarray, kind: np.dtype) -> str:
    return as_text(np.rint(values).astype(kind))
