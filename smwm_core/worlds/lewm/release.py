"""The released data sets that LeWorldModel and the paper were trained on: where they are, and where they go."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from smwm_core.storage import root


@dataclass(frozen=True)
class Release:
    """One released archive.

    Arguments:
        url: of a fixed revision, so that it cannot change while it is being fetched.
        size: in bytes.
        sha256: of the archive, where it is published.
    """

    url: str
    size: int
    sha256: str = ""

    @property
    def path(self) -> Path:
        """Where it is fetched to."""
        return root.data() / "cache" / "released" / self.url.rpartition("/")[2]

    @property
    def unpacking(self) -> str:
        """The command that makes the HDF5 file of it, beside it."""
        archive = root.shown(self.path)
        if archive.endswith(".tar.zst"):
            return shlex.join(["tar", "--zstd", "-xf", archive, "-C", root.shown(self.path.parent)])
        return shlex.join(["zstd", "-d", archive])


# The archives of the collection huggingface.co/collections/quentinll/lewm: repository, revision, file and bytes.
_HUB = "https://huggingface.co/datasets/quentinll"
RELEASES = {
    "tworoom": Release(
        f"{_HUB}/lewm-tworooms/resolve/6903a2de048b13819d812da0b4dd661290bc01e4/tworoom.tar.zst", 3_425_937_909
    ),
    "pusht": Release(
        f"{_HUB}/lewm-pusht/resolve/655cd446b9929369d7d406001da85c15d1457850/pusht_expert_train.h5.zst", 13_136_247_974
    ),
    "reacher": Release(
        f"{_HUB}/lewm-reacher/resolve/e70a080d0d04c6072123c9ebd343acf7fff28dbf/reacher.tar.zst", 23_750_614_946
    ),
    "cube": Release(
        f"{_HUB}/lewm-cube/resolve/02a19a67a0dc8c9d6215f89c19e0a597691e152a/cube_single_expert.tar.zst", 46_184_624_478
    ),
}
