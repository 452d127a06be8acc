"""Claims about the benchmark of planning.

1. The loop over tasks is our search, one task at a time; the other package's planner, where it is here, is as good.
2. A rate counts what was done, in batches that fit the time.
3. Every simulator is measured, on one thread; the other package may be missing, and the file says what was measured.
"""

import json
import sys
import time
from types import SimpleNamespace

import pytest
import torch

from smwm_core.planning import CEM, final_distance
from smwm_core.worlds import SIMULATORS, TwoRoom

CPU = torch.device("cpu")


@pytest.fixture
def planning(monkeypatch, request):
    """The benchmark's program, with a small budget."""
    monkeypatch.syspath_prepend(request.config.rootpath / "benchmarks")
    import planning

    monkeypatch.setattr(planning, "TASKS", 2)
    monkeypatch.setattr(planning, "search", lambda _: CEM(-torch.ones(10), torch.ones(10), 3, 60, 8, 6))
    return planning


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_loop_is_our_search_one_task_at_a_time(planning):
    model, z, z_goal = planning.draw(CPU)
    source = generator()
    alone = [planning.ours(model, z[i : i + 1], z_goal[i : i + 1], source) for i in range(2)]
    torch.testing.assert_close(planning.per_task_loop(model, z, z_goal, generator()), torch.cat(alone))


def test_the_other_package_searches_as_well(planning):
    pytest.importorskip("torch_world")
    model, z, z_goal = planning.draw(CPU)
    cost = final_distance(model)
    best, other = (
        cost(z, z_goal, planner(model, z, z_goal, generator())[:, None])[:, 0]
        for planner in (planning.ours, planning.torch_world())
    )
    untried = cost(z, z_goal, torch.zeros(2, 1, 3, 10))[:, 0]
    assert (best < untried).all()
    assert (other < untried).all()
    assert (best - other).abs().max() < 0.2 * (untried - best).min()


@pytest.mark.parametrize(("each", "largest"), [(0.001, 128), (0.1, 2), (1e-6, 512)])
def test_a_rate_counts_what_was_done(planning, monkeypatch, each, largest):
    now, batches = [0.0], []

    def work(n: int) -> int:
        batches.append(n)
        now[0] += each * n
        return 3 * n

    monkeypatch.setattr(planning, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    assert planning.per_second(work, 1.0) == pytest.approx(3 / each)
    assert batches[0] == 2
    assert max(batches) == batches[-1] == largest


def test_a_simulator_is_measured_on_one_thread(planning, monkeypatch):
    seen = set()
    play, render, before = TwoRoom.play, TwoRoom.render, torch.get_num_threads()
    monkeypatch.setattr(TwoRoom, "play", lambda *a: seen.add(torch.get_num_threads()) or play(*a))

    def slowly(*a):  # so that there are fewer frames than steps, whatever else runs here
        seen.add(torch.get_num_threads())
        time.sleep(0.02)
        return render(*a)

    monkeypatch.setattr(TwoRoom, "render", slowly)
    torch.set_num_threads(2)
    try:
        steps, frames = planning.measure_simulator(TwoRoom(), 0.02)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert seen == {1}
    assert steps > frames > 0


def test_the_result_file_says_what_was_measured(planning, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    monkeypatch.setattr(planning, "pick_device", lambda: CPU)
    monkeypatch.setattr(planning, "matmul_gflops", lambda _: 100.0)
    monkeypatch.setattr(sys, "argv", ["planning.py", "--repeats", "2", "--seconds", "0.02"])
    monkeypatch.setitem(sys.modules, "torch_world", None)
    planning.main()
    content = json.loads((tmp_path / "results" / "benchmarks" / "cpu-1-threads_planning.json").read_text())
    assert content["preset"] == "planning"
    assert content["provenance"]["command"] == "python benchmarks/planning.py --repeats 2 --seconds 0.02"
    found = {entry["name"]: entry for entry in content["metrics"]}
    assert found.keys() == {
        "machine.matmul_gflops",
        "planning.matmul_share",
        "planning.seconds.ours",
        "planning.seconds.per_task_loop",
        "planning.cem_speed_ratio.per_task_loop",
        *(f"simulator.{rate}.{name}" for rate in ("steps_per_s", "frames_per_s") for name in SIMULATORS),
    }
    for entry in found.values():
        assert entry["n"] == 2
        assert 0 < entry["low"] <= entry["value"] <= entry["high"]
    units = {name: found[name]["unit"] for name in ("machine.matmul_gflops", "planning.seconds.ours")}
    assert units == {"machine.matmul_gflops": "Gflop/s", "planning.seconds.ours": "s"}
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == (
        "The package torch_world is not here and was left out; `pip install --no-deps torch_world==0.2.0` adds it."
    )


def test_a_free_search_differs_in_its_bounds_alone(monkeypatch, request):
    monkeypatch.syspath_prepend(request.config.rootpath / "benchmarks")
    import clipping

    clipped, free = clipping.searches(SimpleNamespace(bounds=(-torch.ones(10), torch.ones(10)))).values()
    assert (clipped.samples, clipped.iterations, clipped.elites) == (free.samples, free.iterations, free.elites)
    far = torch.full((1, 8), 50.0)
    plans = [
        search(lambda z, goal, a: (a.sum(2)[..., :8] - goal[:, None]).square().sum(-1), far, far, torch.Generator())
        for search in (clipped, free)
    ]
    assert plans[0].actions.abs().max() <= 1
    assert plans[1].actions.max() > 2
