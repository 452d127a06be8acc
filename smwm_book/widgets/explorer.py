"""The collapse explorer: one object that is a set of widgets in Jupyter and a page element without Python.

It shows the latents of fixed frames for every λ and every recorded training step, with their spectrum. In
Jupyter two sliders redraw a figure by way of the kernel. A static page shows the same data with a few lines
of plain JavaScript, which are part of the cell's HTML: nothing is fetched from anywhere.
"""

from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np
from matplotlib.colors import to_hex

from smwm_book import figures
from smwm_book.widgets.page import page, png
from smwm_core.errors import SMWMError


@dataclass(frozen=True)
class Exploration:
    """What the explorer shows.

    Arguments:
        lambdas: ``(L,)`` values of λ.
        steps: ``(S,)`` training steps.
        clouds: ``(L, S, P, 2)`` latents of P fixed frames in the plane of two principal components, in latent units.
        spectra: ``(L, S, K)`` variances along the first K principal components.
        variances: ``(L, S)`` total variances.
        colours: ``(P, 3)`` in [0, 1].
        losses: ``(L, S, 2)``, forward and inverse, each the mean over the training steps since the moment before; 0
            where a loss is not computed.

    Raises:
        SMWMError: the shapes do not belong together.
    """

    lambdas: np.ndarray
    steps: np.ndarray
    clouds: np.ndarray
    spectra: np.ndarray
    variances: np.ndarray
    colours: np.ndarray
    losses: np.ndarray

    def __post_init__(self) -> None:
        moments = (len(self.lambdas), len(self.steps))
        points = (*moments, len(self.colours), 2)
        if self.clouds.shape != points or self.variances.shape != moments or self.spectra.shape[:-1] != moments:
            raise SMWMError(
                f"{moments[0]} values of λ, {moments[1]} steps and {len(self.colours)} colours need clouds of shape "
                f"{points}; the clouds have {self.clouds.shape}, the spectra {self.spectra.shape} and the total "
                f"variances {self.variances.shape}."
            )
        if self.losses.shape != (*moments, 2):
            raise SMWMError(f"Two losses at these moments have the shape {(*moments, 2)}, not {self.losses.shape}.")

    @property
    def extent(self) -> float:
        """Half the side of the square that holds every point."""
        return float(1.05 * np.abs(self.clouds).max())

    def sentence(self, i: int, j: int) -> str:
        """What there is to see for the ``i``-th λ at the ``j``-th step, in words."""
        total = self.variances[i, j]
        share = self.spectra[i, j, :2].sum() / total if total else 0.0
        forward, inverse = self.losses[i, j]
        return (
            f"λ = {self.lambdas[i]:g}, step {self.steps[j]:,}: total variance {total:.2g}, "
            f"{100 * share:.0f} % of it in the first two components; forward loss {forward:.2g}, "
            + (f"inverse loss {inverse:.2g}." if inverse else "no inverse loss.")
        )


class Explorer(widgets.VBox):
    """A slider for λ where there are several, one for the step, a picture and a sentence.

    Shown without a kernel it is the viewer of the same data.

    Arguments:
        exploration: what to show; it opens at the largest λ and the last step.
    """

    def __init__(self, exploration: Exploration) -> None:
        self.exploration = exploration
        lambdas = [(f"{value:g}", i) for i, value in enumerate(exploration.lambdas)]
        steps = [(f"{value:,}", j) for j, value in enumerate(exploration.steps)]
        self.which_lambda = widgets.SelectionSlider(options=lambdas, value=len(lambdas) - 1, description="λ")
        self.which_step = widgets.SelectionSlider(options=steps, value=len(steps) - 1, description="step")
        self.picture = widgets.Image(format="png", layout={"max_width": "100%"})
        self.words = widgets.Label()
        for slider in (self.which_lambda, self.which_step):
            slider.observe(self._draw, "value")
        self._draw()
        sliders = [self.which_lambda, self.which_step] if len(lambdas) > 1 else [self.which_step]
        super().__init__([*sliders, self.picture, self.words])

    def _draw(self, _change=None) -> None:
        e, i, j = self.exploration, self.which_lambda.value, self.which_step.value
        figure = figures.explorer_moment(e.clouds[i, j], e.colours, e.spectra[i, j], e.extent)
        self.picture.value = png(figure)
        self.words.value = e.sentence(i, j)

    def _repr_mimebundle_(self, **kwargs) -> dict:
        bundle = super()._repr_mimebundle_(**kwargs)
        last = len(self.exploration.lambdas) - 1, len(self.exploration.steps) - 1
        return {**bundle, "text/plain": self.exploration.sentence(*last), "text/html": viewer(self.exploration)}


def viewer(exploration: Exploration) -> str:
    """The explorer as HTML with its data and its script inside."""
    e = exploration
    extents = np.maximum(np.abs(e.clouds).max((2, 3)), 1e-12)
    thousandths = np.rint(1000 * e.clouds / extents[..., None, None]).astype(int)
    data = {
        "lambdas": [f"{value:g}" for value in e.lambdas],
        "steps": [f"{value:,}" for value in e.steps],
        "extent": e.extent,
        "extents": [[float(f"{value:.4g}") for value in row] for row in extents],
        "clouds": thousandths.reshape(*e.clouds.shape[:2], -1).tolist(),
        "exponents": [_logarithms(spectra) for spectra in e.spectra],
        "sentences": [[e.sentence(i, j) for j in range(len(e.steps))] for i in range(len(e.lambdas))],
        "colours": [to_hex(colour) for colour in e.colours],
        "losses": [_logarithms(losses) for losses in e.losses],
    }
    return page("explorer.html", data)


def _logarithms(values: np.ndarray) -> list[list[float]]:
    """Decimal logarithms of a matrix, to two digits."""
    return [[round(float(v), 2) for v in row] for row in np.log10(np.maximum(values, 1e-12))]
