"""Claims about the first lines that a reader types.

1. They are the same in the README and in the book, and run as they are printed.
2. The library installs by itself, from a wheel: it imports nothing of the book and nothing heavy, and writes nothing
   into its own folder.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def first_code(path: Path) -> str:
    return re.search(r"```python\n(.*?)```", path.read_text(), re.DOTALL)[1]


def test_the_first_lines_run_as_printed(capsys):
    code = first_code(REPOSITORY / "README.md")
    assert code == first_code(REPOSITORY / "book" / "own_data.md")
    names: dict = {}
    exec(code, names)
    shape = capsys.readouterr().out.splitlines()[-1]
    assert shape == "torch.Size([8, 5, 2])"
    variances = names["spectrum"](names["z"])
    assert variances[:2].sum() > 0.8 * variances.sum()
    assert variances.sum() > 0.01
    assert variances[1] > 4 * variances[2]
    assert names["plan"].actions.abs().max() <= 1


ALONE = """
import sys, os
import torch
before = set(sys.modules)
import smwm_core
heavy = ("smwm_book", "matplotlib", "IPython", "sklearn", "scipy", "transformers", "mujoco", "pymunk", "h5py", "sphinx")
found = [name for name in heavy if name in set(sys.modules) - before]
assert not found, found
assert not smwm_core.__file__.startswith(sys.argv[1]), smwm_core.__file__
from smwm_core.storage import root
assert str(root.data()) == os.path.join(sys.argv[2], "smwm"), root.data()
world = smwm_core.make_world("dots/single")
drawn = world.sample(16, torch.Generator().manual_seed(0))
data = smwm_core.Transitions(world.render(drawn.state), drawn.action, world.render(drawn.next_state))
smwm_core.fit(smwm_core.WorldModel.toy(2), smwm_core.Objective(), data, steps=2, batch_size=8)
try:
    smwm_core.load("tworoom_smwm")
except smwm_core.SMWMError as error:
    print(error)
"""


def test_the_library_installs_by_itself(tmp_path):
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{REPOSITORY}", str(source)], check=True)
    built = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path / "wheels"), str(source)]
    subprocess.run(built, check=True)
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    installed, cache = tmp_path / "installed", tmp_path / "home cache"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(installed), str(wheel)], check=True)
    files = {path for path in installed.rglob("*") if "__pycache__" not in path.parts}
    environment = {k: v for k, v in os.environ.items() if k not in ("SMWM_DATA", "PYTHONPATH")}
    environment |= {"PYTHONPATH": str(installed), "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-P", "-c", ALONE, str(REPOSITORY), str(cache)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith("No weights are named 'tworoom_smwm'")
    assert files == {path for path in installed.rglob("*") if "__pycache__" not in path.parts}
    helped = subprocess.run(
        [sys.executable, "-P", "-m", "smwm_book", "list"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (helped.returncode, helped.stderr.count("\n")) == (2, 1), helped.stderr
    assert "a clone of the repository" in helped.stderr
