"""Claims about which states of a tiny world a sensorimotor model may confuse; every answer here was known before.

1. On a ring of six places with steps −1, 0 and +1, place modulo 3 has no loss at all; an inverse model that also looks
   two and three steps ahead needs all six places.
2. In the periodic process of Levine, Stone and Zhang (arXiv 2403.11940) a multi-step inverse model alone may confuse
   states that a forward model tells apart.
3. In the gear, two states do not react to the action and lead to where it acts in opposite ways: the inverse model
   alone confuses them, with the forward model nothing is confused.
4. The loss of a partition is its definition, written as loops over a stochastic world.
5. Without any loss one class is enough; worlds that are none are refused with a sentence. All of it takes a second.
"""

import math
import time
from itertools import product

import numpy as np
import pytest

from smwm_core.analysis.quotients import _partitions, coarsest
from smwm_core.errors import SMWMError

PLACE = np.arange(6)
RING = np.stack([(PLACE - 1) % 6, PLACE, (PLACE + 1) % 6])
PERIODIC = np.array([[1, 2, 0, 4, 0], [3, 2, 0, 4, 0]])  # at 0 the action chooses the way: 1, 2 or 3, 4
GEAR = np.array([[2, 3, 4, 5, 0, 1], [2, 3, 5, 4, 0, 1]])


def test_one_step_on_a_ring_leaves_place_modulo_three():
    assert coarsest(RING) == [(0, 1, 2, 0, 1, 2)]


def test_two_and_three_steps_tell_all_places_of_the_ring_apart():
    assert coarsest(RING, steps=(1, 2, 3)) == [(0, 1, 2, 3, 4, 5)]


def test_a_ring_whose_length_three_does_not_divide_keeps_another_quotient():
    place = np.arange(8)
    assert coarsest(np.stack([(place - 1) % 8, place, (place + 1) % 8])) == [(0, 1, 2, 3, 0, 1, 2, 3)]


def test_a_multi_step_inverse_model_alone_confuses_states_of_the_periodic_process():
    alone = coarsest(PERIODIC, forward=0, steps=(1, 2, 3, 4))
    assert (0, 0, 1, 2, 2) in alone
    assert {max(partition) + 1 for partition in alone} == {3}
    assert coarsest(PERIODIC, steps=(1, 2, 3, 4)) == [(0, 1, 2, 3, 4)]


def test_one_step_and_a_forward_model_confuse_only_what_leads_to_the_same_place():
    assert coarsest(PERIODIC) == [(0, 1, 2, 3, 2)]


def test_in_the_gear_the_forward_model_does_the_work_of_more_steps():
    assert {max(partition) + 1 for partition in coarsest(GEAR, forward=0)} == {3}
    assert coarsest(GEAR) == [(0, 1, 2, 3, 4, 5)]


def defined(chances, partition, k, inverse, forward):
    """The loss of a partition, with every path of actions and states walked by itself."""
    actions, states = chances.shape[:2]
    pairs, nexts = {}, {}
    for taken in product(range(actions), repeat=k):
        for path in product(range(states), repeat=k + 1):
            chance = 1 / states / actions**k
            for a, s, t in zip(taken, path, path[1:], strict=False):
                chance *= chances[a, s, t]
            first, last = partition[path[0]], partition[path[-1]]
            key = (first, last, taken[0])
            pairs[key] = pairs.get(key, 0) + chance
            key = (first, taken[0], partition[path[1]])
            nexts[key] = nexts.get(key, 0) + chance

    def entropy(joint):
        totals = {}
        for (a, b, _), chance in joint.items():
            totals[a, b] = totals.get((a, b), 0) + chance
        return -sum(c * math.log(c / totals[a, b]) for (a, b, _), c in joint.items() if c)

    return inverse * entropy(pairs) + forward * entropy(nexts)


@pytest.mark.parametrize("k", [1, 2])
def test_the_answer_is_the_least_of_the_definition(k):
    chances = np.random.default_rng(1).dirichlet(np.full(4, 0.3), size=(2, 4))
    losses = {partition: defined(chances, partition, k, 1, 2) for partition in _partitions(4)}
    least = min(losses.values())
    wanted = [partition for partition, loss in losses.items() if loss < least + 1e-9]
    assert coarsest(chances, inverse=1, forward=2, steps=(k,)) == wanted


def test_there_are_as_many_partitions_as_bell_says():
    assert [len(set(_partitions(n))) for n in range(1, 9)] == [1, 2, 5, 15, 52, 203, 877, 4140]


def test_without_a_loss_one_class_is_enough():
    assert coarsest(RING, inverse=0, forward=0) == [(0,) * 6]
    assert coarsest(RING, inverse=0) == [(0,) * 6]  # collapse


@pytest.mark.parametrize(
    ("moves", "message"),
    [
        (np.full((2, 3), 3), "leads to a state from 0 to 2"),
        (np.zeros((2, 9), int), "at most 8 states"),
        (np.zeros((2, 3, 2)), "at most 8 states"),
        (np.full((1, 2, 2), 0.4), "add up to 1"),
        (np.array([[0.5, 0.5]]), "at most 8 states"),
    ],
)
def test_a_world_that_is_none_is_one_sentence(moves, message):
    with pytest.raises(SMWMError, match=message):
        coarsest(moves)


def test_distances_start_at_one():
    with pytest.raises(SMWMError, match="distances from 1 on"):
        coarsest(RING, steps=(0, 1))


def test_eight_states_take_two_seconds_at_most():
    started = time.process_time()
    coarsest(np.random.default_rng(0).integers(8, size=(4, 8)), steps=(1, 2, 3, 4))
    assert time.process_time() - started < 2
