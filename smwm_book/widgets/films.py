"""Planned episodes to watch: frames of the world, and in the latent the way so far, the present plan and the goal."""

import io

import numpy as np
from PIL import Image

from smwm_book.widgets.page import as_text, page

SIXTEEN_BITS = 32767


def watch_the_films(worlds: dict[str, dict[str, dict[str, np.ndarray]]], plan_steps: int) -> str:
    """HTML with its data and script inside.

    Arguments:
        worlds: by title, per label (``solved``, ``failed``), what
            ``smwm_book.experiments.films.planned_episode`` returns.
        plan_steps: steps from one plan to the next.
    """
    shown = [
        {"title": title, "films": [_drawn(label, film) for label, film in films.items()]}
        for title, films in worlds.items()
    ]
    return page("films.html", {"worlds": shown, "plan_steps": plan_steps})


def _drawn(label: str, film: dict[str, np.ndarray]) -> dict:
    places = np.concatenate([film[part].reshape(-1, 2) for part in ("cloud", "way", "planned", "target")])
    middle, half = (places.max(0) + places.min(0)) / 2, np.ptp(places, axis=0).max() / 2

    def text(points: np.ndarray) -> str:
        return as_text(np.rint(SIXTEEN_BITS * (points - middle) / half).astype("<i2"))

    return {
        "label": label,
        "solved": bool(film["solved_after"]),
        "steps": film["steps"].tolist(),
        "pictures": _pictures([*film["frames"], film["goal"]]),
        "planned": [text(plan) for plan in film["planned"]],
        **{part: text(film[part]) for part in ("cloud", "way", "target")},
    }


def _pictures(frames: list[np.ndarray]) -> str:
    """A png of all of them, one below the other."""
    Image.fromarray(np.concatenate(frames)).save(buffer := io.BytesIO(), "png", optimize=True)
    return as_text(np.frombuffer(buffer.getvalue(), np.uint8))
