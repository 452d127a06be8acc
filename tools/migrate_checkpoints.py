"""Once: replace the digest of source text in the headers of published weights by versions. Run on unchanged code.

Every old fingerprint is computed again and must match, so only weights that are valid today get in; tensors keep their
bits; runs in the cache are renamed.
"""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from smwm_core import checkpoints, paths
from smwm_core.fingerprint import fingerprint as old_fingerprint
from smwm_core.recipe import fingerprint, recipe
from smwm_core.runs import config_from


def migrated(path: Path, commit: str) -> tuple[dict, dict]:
    """The header before and after; the file is rewritten in place."""
    run = checkpoints.describe(path)
    config = config_from(run["config"])
    expected = old_fingerprint(config, run["seed"], run["device"])
    if run["fingerprint"] != expected:
        sys.exit(f"{path} is not valid today: fingerprint {run['fingerprint']}, now {expected}")
    values = asdict(config)
    values["objective"]["ema_decay"] = values["objective"].pop("ema")
    new = {**run, "config": values, "recipe": recipe(config), "commit": commit}
    new["source_fingerprint"] = new.pop("fingerprint")
    weights = load_file(path)
    save_file(weights, path, metadata={"format": checkpoints.FORMAT, "run": json.dumps(new, sort_keys=True)})
    again = load_file(path)
    assert weights.keys() == again.keys()
    assert all(torch.equal(weights[k], again[k]) for k in weights)
    return run, new


def main() -> None:
    entries = checkpoints.read_manifest()
    for name in entries:
        path = checkpoints.folder() / name
        checkpoints.verify(path)
        log = subprocess.run(
            ["git", "log", "-1", "--format=%h", "--abbrev=12", "--", str(path)], capture_output=True, text=True
        )
        migrated(path, log.stdout.strip())
        entries[name] = {"bytes": path.stat().st_size, "sha256": checkpoints._sha256(path)}
    (checkpoints.folder() / "manifest.json").write_text(json.dumps(entries, indent=2, sort_keys=True) + "\n")
    print(f"{len(entries)} checkpoints")
    for weights in sorted((paths.data() / "cache" / "runs").glob("*/weights.safetensors")):
        run = checkpoints.describe(weights)
        if "fingerprint" not in run:
            continue
        folder = weights.parent
        old, _ = migrated(weights, "unknown")
        renamed = folder.name.replace(
            old["fingerprint"], fingerprint(config_from(old["config"]), old["seed"], old["device"])
        )
        folder.rename(folder.with_name(renamed))
        print(renamed)


if __name__ == "__main__":
    main()
