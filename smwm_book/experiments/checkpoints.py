"""The published weights: ``data/checkpoints``, whose ``manifest.json`` lists the files with their sha256.

Those that are named in the manifest but missing or damaged here can be fetched.
"""

import json
import re
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from urllib.parse import quote

import msgspec

from smwm_book import paths
from smwm_book.experiments.download import download
from smwm_core.errors import SMWMError, choose
from smwm_core.storage import root
from smwm_core.storage.files import has_digest, locked, settled, write_text, write_whole, write_with_digest
from smwm_core.storage.reading import read_json
from smwm_core.storage.schemas import Manifest

_REMEDY = "restore it from git or with `smwm checkpoints fetch`"


def folder() -> Path:
    return root.data() / "checkpoints"


def publish(path: Path, name: str) -> None:
    """Copy a weights file into ``data/checkpoints`` under ``name`` and enter it into the manifest."""
    with _lock():  # others may publish at the same time
        entries = read_manifest()

        def enter(digest: str) -> None:
            changed = {**entries, name: {"bytes": path.stat().st_size, "sha256": digest}}
            write_text(folder() / "manifest.json", json.dumps(changed, indent=2, sort_keys=True) + "\n")

        copy, former = partial(shutil.copyfile, path), entries.get(name, {}).get("sha256")
        write_with_digest(folder() / name, copy, enter, former)


def _lock() -> AbstractContextManager:
    return locked(root.data() / "cache" / "manifest", "publishing", wait=True)


def read_manifest() -> dict[str, dict]:
    """File name → ``{"bytes", "sha256"}`` of every published checkpoint."""
    path = folder() / "manifest.json"
    if not path.exists():
        return {}
    return msgspec.to_builtins(read_json(path, Manifest, "a manifest of checkpoints", "restore it from git"))


def unknown() -> list[str]:
    """Names of the files beside the manifest that have no entry in it."""
    return sorted(path.name for path in folder().iterdir() if path.name not in {*read_manifest(), "manifest.json"})


def verify(path: Path) -> None:
    """Refuse a published checkpoint that differs from its entry in the manifest."""
    entry = read_manifest().get(path.name)
    if entry is None:
        raise SMWMError(f"{root.shown(path)} is not in the manifest beside it; restore both from git.")
    if settled(path, entry["sha256"], _lock()):
        return
    if not path.exists():
        raise SMWMError(f"The manifest names {root.shown(path)}, which is missing; {_REMEDY}.")
    raise SMWMError(f"{root.shown(path)} differs from its sha256 in the manifest; {_REMEDY}.")


def equals(path: Path, entry: dict) -> bool:
    """Whether a file is there and has the bytes that an entry of the manifest says."""
    return has_digest(path, entry["sha256"]) and path.stat().st_size == entry["bytes"]


def fetch(names: Sequence[str] = (), source: str | None = None) -> list[str]:
    """Download those checkpoints that are not whole; each replaces what is here only when its sha256 is right.

    Arguments:
        names: as in the manifest, without their ending; all if there is none.
        source: address of a folder with the files; by default that of this repository where it is published.

    Returns:
        names of the files that were fetched.

    Raises:
        SMWMError: there is no manifest, an unknown name, no address, a download that failed, a file with other bytes,
            or a folder that cannot be written; checkpoints that came before stay.
    """
    entries = manifest()
    known = {Path(file).stem: file for file in entries}
    wanted = dict.fromkeys(choose("checkpoint", name, known) for name in names) or entries
    broken = [file for file in wanted if not equals(folder() / file, entries[file])]
    if not broken:
        return []
    address = (source or default_source()).rstrip("/")
    if not re.match("https?://", address):
        raise SMWMError(
            f"Checkpoints are fetched from an address that starts with https:// or http://, not {source!r}."
        )

    def write(unfinished: Path, file: str) -> None:
        url = f"{address}/{quote(file)}"
        download(url, unfinished, entries[file]["bytes"], file)
        if not equals(unfinished, entries[file]):
            raise SMWMError(f"{url} differs from its sha256 in the manifest here; fetch it from another address.")

    try:
        with locked(root.data() / "cache" / "checkpoints", "fetching checkpoints"):
            for file in broken:
                write_whole(folder() / file, partial(write, file=file))
    except OSError as error:
        raise SMWMError(f"Nothing can be written into {root.shown(root.data())} ({error}).") from error
    return broken


def manifest() -> dict[str, dict]:
    """The manifest's entries, at least one.

    Raises:
        SMWMError: there is none.
    """
    entries = read_manifest()
    if not entries:
        raise SMWMError(
            f"{root.shown(folder())} has no manifest of checkpoints; restore it from git, "
            "or set SMWM_DATA to a folder that has one."
        )
    return entries


def default_source() -> str:
    """The address of ``data/checkpoints`` on GitHub, by ``repository.url`` in ``_config.yml``.

    Raises:
        SMWMError: it is empty, or not that of a repository on GitHub.
    """
    config = paths.REPOSITORY / "_config.yml"
    # The library does without a YAML parser.
    text = config.read_text() + "\n" if config.exists() else ""
    block = re.search(r"^repository:.*\n((?:(?:[ \t#].*)?\n)*)", text, re.M)
    url = block and re.search(r"""^[ \t]+url:[ \t]*["']?([^"'\s#]+)""", block[1], re.M)
    if not url:
        raise SMWMError("This copy does not say where it is published; give --from.")
    on_github = re.fullmatch(r"https?://(?:www\.)?github\.com/([^/]+)/([^/]+?)(?:\.git)?/?", url[1])
    if not on_github:
        raise SMWMError(f"This copy is published at {url[1]}, which is no repository on github.com; give --from.")
    return "https://raw.githubusercontent.com/{}/{}/HEAD/data/checkpoints".format(*on_github.groups())
