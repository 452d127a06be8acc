"""Claims about sweeps.

1. A figure's runs are its tasks times its methods times the seeds; unknown names are refused.
2. A sweep trains what is missing and nothing else, on several processes, and the runs are those trained one by one.
3. On a Dask cluster one of whose two workers is killed on the way, every run, of toy and of control models, is
   finished, and none is trained twice.
4. A run whose steps are all done but whose weights were never written is taken up again.
5. No answer from a scheduler, one that is lost, a worker that dies, or one without the device is one sentence.
6. A range that falls or has no end, an empty list, and a name that comes twice are refused.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from smwm_book import paths
from smwm_book.cli import main
from smwm_book.experiments.presets import get_preset
from smwm_book.experiments.runs import progress, train_run
from smwm_book.experiments.sweeps import SWEEPS, _train, parse_seeds, planned, sweep
from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.storage import root
from smwm_core.training.config import ToyConfig, VitConfig

CPU = torch.device("cpu")


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    return tmp_path


def jobs(count: int, steps: int = 4) -> list:
    return [(ToyConfig(steps=steps, batch_size=16, transitions=64), seed) for seed in range(count)]


def control_run(world: str) -> VitConfig:
    budget = get_preset("paper_smoke")
    return replace(budget.planner_config("tworoom", Objective(inverse=0.1)), world=world)


def weights() -> dict[str, int]:
    """When each finished run's weights were written."""
    found = (root.data() / "cache" / "runs").glob("*/weights.safetensors")
    return {path.parent.name: path.stat().st_mtime_ns for path in found}


def test_the_runs_of_a_figure():
    assert len(planned("fig5_planning", preset="laptop")) == 4 * 3 * 3
    lambdas = planned("fig7_lambda", preset="laptop")
    assert len(lambdas) == 8
    assert {(config.world, seed) for config, seed in lambdas} == {("tworoom", 0)}
    (config, seed), *others = planned("fig7_lambda", preset="laptop", tasks=["cube"], methods=["lambda_0.1"], seeds=[4])
    assert not others
    assert seed == 4
    assert config == get_preset("laptop").planner_config("cube", Objective(inverse=0.1))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"notebook": "fig2"}, "no sweep named 'fig2'; choose one of: fig5_planning, fig7_lambda"),
        ({"notebook": "fig5_planning", "tasks": ["chess"]}, "no planning task named 'chess'"),
        ({"notebook": "fig5_planning", "methods": ["magic"]}, "no method named 'magic'"),
        ({"notebook": "fig5_planning", "preset": "huge"}, "no preset named 'huge'"),
    ],
)
def test_unknown_names_are_refused(arguments, words):
    with pytest.raises(SMWMError, match=words):
        planned(**{"preset": "laptop", **arguments})


def test_seeds_are_parsed():
    assert parse_seeds("0-4") == [0, 1, 2, 3, 4]
    assert parse_seeds("0,2,7-8") == [0, 2, 7, 8]
    for wrong in ("", "a", "1-", "-1", "0;1"):
        with pytest.raises(SMWMError, match="Seeds are numbers such as 0-4"):
            parse_seeds(wrong)


def test_a_sweep_trains_what_is_missing(data, capfd):
    train_run(*jobs(1)[0], CPU)
    before = weights()
    assert sweep(jobs(3), CPU, workers=2) == 2
    after = weights()
    assert len(after) == 3
    assert before.items() <= after.items()
    assert sweep(jobs(3), CPU, workers=2) == 0
    assert weights() == after
    assert "seed2 is trained" in capfd.readouterr().out


def test_runs_of_a_sweep_are_those_trained_one_by_one(data, monkeypatch, tmp_path_factory):
    sweep(jobs(2), CPU, workers=2)
    swept = [load_file(train_run(*job, CPU).weights) for job in jobs(2)]
    monkeypatch.setenv("SMWM_DATA", str(tmp_path_factory.mktemp("alone")))
    for job, expected in zip(jobs(2), swept, strict=True):
        alone = load_file(train_run(*job, CPU).weights)
        assert all(torch.equal(alone[name], expected[name]) for name in expected)


def test_the_command_line_sweeps(data, capfd):
    command = ["sweep", "fig5_planning", "--preset", "smoke", "--tasks", "tworoom", "--seeds", "0-1"]
    assert main([*command, "--methods", "smwm", "--workers", "1", "--device", "cpu"]) == 0
    assert "2 of 2 runs were trained" in capfd.readouterr().out
    assert len(weights()) == 2
    assert main([*command, "--workers", "0"]) == 2
    assert "at least one worker, not 0" in capfd.readouterr().err


def test_a_cluster_loses_a_worker_but_no_run(data):
    distributed = pytest.importorskip("distributed")
    work = [*jobs(3, steps=60), (control_run("tworoom/20"), 0)]
    _ = work[-1][0].make_world().split  # recorded before the workers want it
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        victim = next(iter(cluster.workers.values())).process.pid
        finished: dict[str, int] = {}

        def kill_when_one_is_finished() -> None:
            while not weights():
                time.sleep(0.02)
            finished.update(weights())
            os.kill(victim, signal.SIGKILL)

        killer = threading.Thread(target=kill_when_one_is_finished)
        killer.start()
        assert sweep(work, CPU, scheduler=cluster.scheduler_address) == 4
        killer.join()
    assert all(progress(*job, CPU) == 1 for job in work)
    assert finished
    assert finished.items() <= weights().items()
    assert len(weights()) == 4


def test_a_scheduler_that_does_not_answer(data, monkeypatch):
    monkeypatch.setattr("smwm_book.experiments.sweeps.ANSWER_WITHIN", 0.5)
    with pytest.raises(SMWMError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9 "):
        sweep(jobs(1), CPU, scheduler="tcp://127.0.0.1:9")


def test_only_the_workers_of_a_cluster_need_its_device(data, monkeypatch, capsys):
    monkeypatch.setattr("smwm_book.experiments.sweeps.ANSWER_WITHIN", 0.5)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    asked = ["sweep", "fig7_lambda", "--preset", "smoke", "--tasks", "tworoom", "--device", "cuda"]
    assert main(asked) == 2
    assert "Device 'cuda' is not here" in capsys.readouterr().err
    assert main([*asked, "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert "No Dask scheduler answers" in capsys.readouterr().err
    with pytest.raises(SMWMError, match="Device 'cuda' is not here: torch sees 0 CUDA devices"):
        _train(*jobs(1)[0], torch.device("cuda"), 1, None)


def test_a_worker_that_dies(data, monkeypatch):
    def die(*_) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr("smwm_book.experiments.sweeps._train", die)
    with pytest.raises(SMWMError, match="A worker died"):
        sweep(jobs(2), CPU, workers=2)


def test_every_sweep_is_of_a_notebook():
    assert all((paths.NOTEBOOKS / f"{name}.py").exists() for name in SWEEPS)


SERVED = """
import time
from distributed import LocalCluster
with LocalCluster(
    n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None
) as cluster:
    print(cluster.scheduler_address, flush=True)
    time.sleep(600)
"""


def test_a_scheduler_that_is_lost_is_one_sentence_and_the_same_sweep_goes_on(data):
    with subprocess.Popen([sys.executable, "-c", SERVED], stdout=subprocess.PIPE, text=True) as cluster:
        address = cluster.stdout.readline().strip()

        def kill_when_one_is_finished() -> None:
            while not weights():
                time.sleep(0.02)
            cluster.kill()

        killer = threading.Thread(target=kill_when_one_is_finished)
        killer.start()
        with pytest.raises(SMWMError, match=rf"scheduler at {address} was lost .*; the same command goes on\.$"):
            sweep(jobs(6, steps=60), CPU, scheduler=address)
        killer.join()
    before = weights()
    assert 1 <= len(before) < 6
    assert sweep(jobs(6, steps=60), CPU, workers=1) <= 6 - len(before)  # one may have ended after the last look
    assert len(weights()) == 6
    assert before.items() <= weights().items()


def test_a_run_that_lost_power_after_its_last_step_is_not_finished(data, monkeypatch):
    def lose_power(*_) -> None:
        raise KeyboardInterrupt

    (job,) = jobs(1)
    with monkeypatch.context() as patched:
        patched.setattr("smwm_book.experiments.runs.save_weights", lose_power)
        with pytest.raises(KeyboardInterrupt):
            train_run(*job, CPU)
    assert 0.9 < progress(*job, CPU) < 1
    assert sweep([job], CPU, workers=1) == 1
    assert len(weights()) == 1
    assert progress(*job, CPU) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seeds", "5-2"], "Ranges of seeds rise and hold 100 seeds at most, not '5-2'"),
        (["--seeds", "0-999999999"], "hold 100 seeds at most"),
        (["--seeds", "9" * 5_000], "Seeds are numbers such as 0-4"),
        (["--seeds", ""], "Seeds are numbers such as 0-4"),
        (["--seeds", "0-2,1"], "at least one seed, and each once, not 0, 1, 2, 1"),
        (["--tasks", ""], "no planning task named ''"),
        (["--tasks", "pusht,pusht"], "at least one planning task, and each once"),
        (["--methods", ""], "no method named ''"),
        (["--methods", "smwm,smwm"], "at least one method, and each once"),
    ],
)
def test_what_asks_for_nothing_or_twice_is_refused(data, capsys, arguments, words):
    assert main(["sweep", "fig5_planning", "--preset", "smoke", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not list(data.iterdir())
