"""Plan your way: choose a start and a goal in TwoRoom, watch the search narrow down, and the agent go.

In Jupyter sliders plan by way of torch. A page without Python computes network, search, simulator and frames in
JavaScript.
"""

from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from smwm_book import figures
from smwm_book.widgets.packed_weights import pack
from smwm_book.widgets.page import page, png
from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel
from smwm_core.planning import CEM, Plan, final_distance
from smwm_core.seeds import generator
from smwm_core.worlds import FrameSkip, TwoRoom
from smwm_core.worlds.simulators import two_room as rules

SHOWN_WAYS = 60
SHOWN_ROUND = 10  # of a journey's searches, where the bundle is still wide
PLANS = 4

_SEARCH = ("horizon", "samples", "iterations", "elites", "std")
_RULES = (
    *("FRAME", "SPEED", "RADIUS", "LOWEST", "HIGHEST", "WALL", "LEFT_OF_WALL", "RIGHT_OF_WALL", "PUSHED_BACK"),
    *("DOOR", "DOOR_HALF", "DOOR_MARGIN", "REACHED"),
)


def reachable(x: float, y: float) -> tuple[float, float]:
    """The place nearest to ``(x, y)``, along the axes, where the dot can be: in no wall, with its radius."""
    x, y = (min(max(value, rules.LOWEST), rules.HIGHEST) for value in (x, y))
    if abs(y - rules.DOOR) > rules.DOOR_HALF + rules.DOOR_MARGIN and rules.LEFT_OF_WALL < x < rules.RIGHT_OF_WALL:
        x = rules.LEFT_OF_WALL if x < rules.WALL else rules.RIGHT_OF_WALL
    return x, y


@dataclass(frozen=True, eq=False)
class Planning:
    """A trained model of TwoRoom with the search that plans in it.

    Arguments:
        world: TwoRoom in blocks, which knows the scale of the model's actions.
        model: reads its frames.
        search: what a plan costs to find.
        start, goal: places ``(2,)`` that are shown first.

    Raises:
        SMWMError: another world, or a place outside it.
    """

    world: FrameSkip
    model: WorldModel
    search: CEM
    start: Tensor
    goal: Tensor

    def __post_init__(self) -> None:
        if not isinstance(self.world.simulator, TwoRoom):
            raise SMWMError(f"This page plans in TwoRoom, not in a world of {self.world.describe()}.")
        for name, place in (("start", self.start), ("goal", self.goal)):
            if not self.world.simulator.inside(place):
                raise SMWMError(f"The {name} is not in the world: {place.tolist()}.")

    def plan(self, start: Tensor, goal: Tensor, seed: int) -> Plan:
        """One search, from place to place ``(2,)``."""
        z, z_goal = (self.model.encode_states(self.world, place[None]) for place in (start, goal))
        return self.search(final_distance(self.model), z, z_goal, generator(seed, "a plan to look at"))

    def ways(self, plan: Plan, iteration: int, start: Tensor) -> Tensor:
        """Where some draws of an iteration would really lead, ``(60, steps + 1, 2)``; the first is its mean."""
        mean, std = plan.means[iteration, 0], plan.stds[iteration, 0]
        noise = torch.randn(SHOWN_WAYS, *mean.shape, generator=generator(iteration, "shown plans"))
        noise[0] = 0
        return self.play(start, (mean + std * noise).clamp(*self.world.bounds))

    def play(self, start: Tensor, plans: Tensor) -> Tensor:
        """Carry out plans ``(N, H, A)`` from one place: ``(N, steps + 1, 2)``, the start among them."""
        places = self.world.simulator.play(start.expand(len(plans), -1), self.world.primitive_sequence(plans))
        return torch.cat([start.expand(len(plans), 1, -1), places], 1)

    def episode(self, seed: int) -> list[dict[str, np.ndarray]]:
        """Plan, go, look again: what ``figures.plans_and_ways`` draws, a plan at a time until the goal is reached."""
        state, plans = self.start, []
        for number in range(PLANS):
            plan = self.plan(state, self.goal, seed + number)
            way = self.play(state, plan.actions)[0]
            reached = self.world.simulator.reached(way, self.goal)
            reached[0] = False  # as in the protocol, the place where a plan starts does not count
            last = int(reached.int().argmax()) if reached.any() else len(way) - 1
            ways = self.ways(plan, min(SHOWN_ROUND, len(plan.means)) - 1, state)
            plans.append(self.drawn(state, ways, way[: last + 1], plan.best[:, 0]))
            state = way[-1]
            if reached.any():
                break
        return plans

    def sentence(self, plan: Plan, iteration: int, start: Tensor, goal: Tensor) -> str:
        """What there is to see of a search, in words."""
        end = self.ways(plan, iteration, start)[0, -1]
        return (
            f"Round {iteration + 1} of {len(plan.best)}: the cheapest of {self.search.samples} plans costs "
            f"{plan.best[iteration, 0]:.3g}. The mean of this round ends {(end - goal).norm():.0f} px from the goal."
        )

    def drawn(self, start: Tensor, ways: Tensor, way: Tensor, best: Tensor) -> dict[str, np.ndarray]:
        """A plan as ``figures.plans_and_ways`` takes it."""
        frame = self.world.render(start[None])[0].permute(1, 2, 0)
        parts = {"frame": frame, "ways": ways, "way": way, "best": best}
        return {name: values.numpy() for name, values in parts.items()}

    def picture(self, plans: list[dict[str, np.ndarray]], goal: Tensor) -> Figure:
        """A figure of plans, as ``episode`` returns them."""
        return figures.plans_and_ways(goal.numpy(), plans, rules.REACHED)

    def html(self) -> str:
        """The page."""
        mean, std = self.world.scale
        apart = self.world.render(torch.tensor([[50.0, 50.0], [170.0, 170.0]]))[:, 1]  # the dot hides the walls of one
        return page(
            "planner.html",
            {
                "networks": [pack(self.model, ("encoder", "forward_model"))],
                "mean": mean.tolist(),
                "std": std.tolist(),
                "search": {name: getattr(self.search, name) for name in _SEARCH},
                "bounds": [self.search.low.tolist(), self.search.high.tolist()],
                "plans": PLANS,
                "shown": SHOWN_WAYS,
                "start": self.start.tolist(),
                "goal": self.goal.tolist(),
                "rules": {name: getattr(rules, name) for name in _RULES},
                "walls": (16 * apart.amax(0)).round().int().flatten().tolist(),
            },
        )


class PlanYourWay(widgets.VBox):
    """Sliders for two places and a round of the search; shown without a kernel it is the page that plans by itself.

    Arguments:
        planning: what to plan with; its model on the CPU.
    """

    def __init__(self, planning: Planning) -> None:
        self.planning = planning
        places = zip(("start x", "start y", "goal x", "goal y"), (*planning.start, *planning.goal), strict=True)
        low, high = round(rules.LOWEST), round(rules.HIGHEST)
        self.places = [
            widgets.IntSlider(round(value.item()), low, high, description=name, continuous_update=False)
            for name, value in places
        ]
        rounds = planning.search.iterations
        self.iteration = widgets.IntSlider(rounds, 1, rounds, description="round")
        self.picture = widgets.Image(format="png", layout={"max_width": "100%"})
        self.words = widgets.HTML()
        for slider in self.places:
            slider.observe(self._plan, "value")
        self.iteration.observe(self._draw, "value")
        self._plan()
        super().__init__([*self.places, self.iteration, self.picture, self.words])

    def _plan(self, _change=None) -> None:
        start_x, start_y, goal_x, goal_y = (slider.value for slider in self.places)
        self.start, self.goal = (torch.tensor(reachable(*place)) for place in ((start_x, start_y), (goal_x, goal_y)))
        self.plan = self.planning.plan(self.start, self.goal, 0)
        self._draw()

    def _draw(self, _change=None) -> None:
        iteration, ways = self.iteration.value - 1, self.planning.ways(self.plan, self.iteration.value - 1, self.start)
        drawn = self.planning.drawn(self.start, ways, ways[0], self.plan.best[: iteration + 1, 0])
        self.picture.value = png(self.planning.picture([drawn], self.goal))
        self.words.value = self.planning.sentence(self.plan, iteration, self.start, self.goal)

    def _repr_mimebundle_(self, **kwargs) -> dict:
        bundle = super()._repr_mimebundle_(**kwargs)
        start, goal = self.planning.start.tolist(), self.planning.goal.tolist()
        shown = (
            f"A way to plan in TwoRoom, first from ({start[0]:.0f}, {start[1]:.0f}) to ({goal[0]:.0f}, {goal[1]:.0f})."
        )
        return {**bundle, "text/plain": shown, "text/html": self.planning.html()}
