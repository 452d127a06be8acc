"""Drive the dot: move the dot of the dot world, and watch its latent and what both heads make of the move.

In Jupyter sliders redraw a figure by way of torch. A page without Python computes the same network in JavaScript, and
has a switch to the latents of the network that was trained without the inverse loss: those are a table.
"""

from dataclasses import dataclass
from functools import cached_property

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from torch import Tensor

from smwm_book import figures
from smwm_book.widgets.packed_weights import pack
from smwm_book.widgets.page import as_text, page, png
from smwm_core.analysis.spectrum import PrincipalPlane, spectrum
from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel
from smwm_core.worlds import DotWorld
from smwm_core.worlds.dots import MAX_DISPLACEMENT, RADIUS

GRID_SPACING = 3  # px
FIRST_STEP = (24, 36), (36, 28)  # what is shown before the reader does anything
_UNITS_PER_ONE = 1000  # coordinates travel as whole numbers of 1/1000
_LARGEST = 127  # those of the table as whole numbers of eight bits


@dataclass(frozen=True)
class Move:
    """What a model makes of one move.

    Arguments:
        start, end: whole pixels ``(2,)``.
        z, z_next, predicted: latents ``(Z,)`` of both frames, and what the forward model expects of the second.
        recovered: the action that the inverse model finds between both frames, in pixels ``(2,)``.
    """

    start: Tensor
    end: Tensor
    z: Tensor
    z_next: Tensor
    predicted: Tensor
    recovered: Tensor


@dataclass(frozen=True, eq=False)
class Drive:
    """A trained model of the single dot, ready to be asked about moves.

    Arguments:
        model: reads the dot world's frames.
        collapsed: the same, trained without the inverse loss; only its latents are shown.
    """

    model: WorldModel
    collapsed: WorldModel

    @cached_property
    def world(self) -> DotWorld:
        return DotWorld.setting("single")

    @cached_property
    def positions(self) -> Tensor:
        """A grid over all of the frame, ``(P, 2)`` pixels."""
        ticks = torch.arange(RADIUS + 1, self.world.image_size - RADIUS, GRID_SPACING)
        return torch.cartesian_prod(ticks, ticks).flip(1)

    @cached_property
    def _latents(self) -> Tensor:
        return self._encode(self.model, self.positions)

    @cached_property
    def plane(self) -> PrincipalPlane:
        """The two principal components of the grid's latents."""
        return PrincipalPlane(self._latents)

    @cached_property
    def cloud(self) -> np.ndarray:
        """The grid's latents in that plane, ``(P, 2)``."""
        return self.plane(self._latents)

    @cached_property
    def places(self) -> Tensor:
        """Every place of the dot, row by row, ``(60 · 60, 2)`` pixels."""
        ticks = torch.arange(RADIUS, self.world.image_size - RADIUS)
        return torch.cartesian_prod(ticks, ticks).flip(1)

    @cached_property
    def collapsed_points(self) -> np.ndarray:
        """The collapsed latents of these places in two principal components of the grid's, ``(60 · 60, 2)``."""
        plane = PrincipalPlane(self._encode(self.collapsed, self.positions))
        return plane(self._encode(self.collapsed, self.places))

    def table(self) -> tuple[np.ndarray, float]:
        """These points as a page reads them: whole numbers of eight bits, and the unit that they count."""
        unit = float(np.abs(self.collapsed_points).max() / _LARGEST)
        return np.rint(self.collapsed_points / unit).astype(np.int8), unit

    def variances(self) -> str:
        """How open both latents are, and how exact the table is, in words."""
        open_, shut = (spectrum(self._encode(model, self.positions)).sum() for model in (self.model, self.collapsed))
        table, unit = self.table()
        off = np.linalg.norm(table * unit - self.collapsed_points, axis=1).max()
        return (
            f"Total variance of the latents of the coloured positions: {open_:.2g} at λ = 10, {shut:.2g} at λ = 0. "
            f"The points at λ = 0 are read from a table of all {len(table):,} positions, off by at most {off:.5f}."
        )

    def spread(self, model: WorldModel) -> float:
        """The largest distance between two latents of the grid."""
        z = self._encode(model, self.positions)
        return torch.cdist(z, z, compute_mode="donot_use_mm_for_euclid_dist").max().item()

    @torch.no_grad()
    def moves(self, start: Tensor, end: Tensor) -> Move:
        """Ask the model about moves, ``(…, 2)`` whole pixels each.

        Raises:
            SMWMError: a dot that is not fully in the frame, or a move farther than an action reaches.
        """
        action = (end - start).float() / MAX_DISPLACEMENT
        if action.abs().max() > 1:
            raise SMWMError(f"An action moves the dot by at most {MAX_DISPLACEMENT} px per axis.")
        z, z_next = (self._encode(self.model, place) for place in (start, end))
        recovered = self.model.inverse_model(z, z_next) * MAX_DISPLACEMENT
        return Move(start, end, z, z_next, self.model.predict(z, action), recovered)

    def move(self, start: tuple[int, int], end: tuple[int, int]) -> Move:
        """``moves`` for a single one."""
        many = self.moves(torch.tensor([start]), torch.tensor([end]))
        return Move(**{name: values[0] for name, values in vars(many).items()})

    def sentence(self, move: Move) -> str:
        """What there is to see of a move, in words."""
        (x, y), (to_x, to_y) = move.start.tolist(), move.end.tolist()
        moved, missed = ((z - move.z_next).norm().item() for z in (move.z, move.predicted))
        found_x, found_y = move.recovered.tolist()
        stayed, border = (x, y) == (to_x, to_y), {RADIUS, self.world.image_size - 1 - RADIUS}
        at_border = ", at the border of the frame" if border & {x, y} else ""
        went = f"stayed at ({x}, {y}){at_border}" if stayed else f"went from ({x}, {y}) to ({to_x}, {to_y})"
        sentence = (
            f"The dot {went}. Its latent moved by {moved:.2f}; the forward model "
            f"missed the new position by {missed:.2f}. The action was ({to_x - x}, {to_y - y}) px; the inverse model "
            f"says ({found_x:.1f}, {found_y:.1f})."
        )
        low, high = self.world.lowest_start, self.world.highest_start
        if low <= min(x, y) and max(x, y) <= high:  # where (0, 0) is one training step in 1,089
            return sentence
        return sentence + " No training step started out here" + (", so the inverse model guesses." if stayed else ".")

    def picture(self, moves: list[Move]) -> Figure:
        """A figure of some moves."""
        shown = [
            {
                "frame": self.world.render(move.end[None])[0].permute(1, 2, 0).numpy(),
                "start": move.start.numpy(),
                "end": move.end.numpy(),
                "recovered": move.recovered.numpy(),
                **{name: self.plane(getattr(move, name)) for name in ("z", "z_next", "predicted")},
            }
            for move in moves
        ]
        return figures.driven_moves(self.cloud, figures.position_colours(self.positions.numpy()), shown)

    def html(self) -> str:
        """The page."""
        colours = figures.position_colours(self.positions.numpy())
        table, unit = self.table()
        return page(
            "drive.html",
            {
                "networks": [pack(self.model)],
                "radius": RADIUS,
                "reach": MAX_DISPLACEMENT,
                "starts": [self.world.lowest_start, self.world.highest_start],
                "step": FIRST_STEP,
                "centre": self.plane.centre.round(7).tolist(),
                "axes": self.plane.axes.round(7).tolist(),
                "unit": 1 / _UNITS_PER_ONE,
                "cloud": np.rint(self.cloud * _UNITS_PER_ONE).astype(int).tolist(),
                "colours": [to_hex(colour) for colour in colours],
                "places": self.positions.tolist(),
                "table": {"bytes": as_text(table), "unit": unit},
                "variances": self.variances(),
            },
        )

    def _encode(self, model: WorldModel, position: Tensor) -> Tensor:
        return model.encode_states(self.world, position)


class DriveTheDot(widgets.VBox):
    """Four sliders, a picture and a sentence; shown without a kernel it is the page that computes by itself.

    Arguments:
        drive: the models; on the CPU.
    """

    def __init__(self, drive: Drive) -> None:
        self.drive = drive
        low, high = drive.world.lowest_start, drive.world.highest_start
        (x, y), (to_x, to_y) = FIRST_STEP
        self.x = widgets.IntSlider(x, low, high, description="x")
        self.y = widgets.IntSlider(y, low, high, description="y")
        self.dx = widgets.IntSlider(to_x - x, -MAX_DISPLACEMENT, MAX_DISPLACEMENT, description="action, x")
        self.dy = widgets.IntSlider(to_y - y, -MAX_DISPLACEMENT, MAX_DISPLACEMENT, description="action, y")
        self.picture = widgets.Image(format="png", layout={"max_width": "100%"})
        self.words = widgets.HTML()
        sliders = [self.x, self.y, self.dx, self.dy]
        for slider in sliders:
            slider.observe(self._draw, "value")
        self._draw()
        super().__init__([*sliders, self.picture, self.words])

    def _draw(self, _change=None) -> None:
        start = self.x.value, self.y.value
        move = self.drive.move(start, (start[0] + self.dx.value, start[1] + self.dy.value))
        self.picture.value = png(self.drive.picture([move]))
        self.words.value = self.drive.sentence(move)

    def _repr_mimebundle_(self, **kwargs) -> dict:
        bundle = super()._repr_mimebundle_(**kwargs)
        (x, y), (to_x, to_y) = FIRST_STEP
        shown = f"A dot to drive, first from ({x}, {y}) to ({to_x}, {to_y})."
        return {**bundle, "text/plain": shown, "text/html": self.drive.html()}
