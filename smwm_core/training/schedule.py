"""The learning rate of the control models."""

import math


def warm_up_and_cosine(highest: float, warm_up: float, step: int, steps: int) -> float:
    """The learning rate of a step, from 0: a straight line up, then half a cosine down to nearly 0.

    Arguments:
        highest: at the end of the rise.
        warm_up: share of the steps that it rises, in [0, 1).
        step, steps: which of how many.
    """
    rising = math.ceil(warm_up * steps)
    if step < rising:
        return highest * (step + 1) / rising
    return highest * (1 + math.cos(math.pi * (step - rising) / (steps - rising))) / 2
