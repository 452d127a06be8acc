"""Fetching published checkpoints that are named in the manifest but missing or damaged here."""

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from smwm_core import checkpoints, paths
from smwm_core.download import download
from smwm_core.errors import SMWMError, choose
from smwm_core.files import held, write_whole


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
    broken = [file for file in wanted if not checkpoints.equals(checkpoints.folder() / file, entries[file])]
    if not broken:
        return []
    address = (source or default_source()).rstrip("/")
    if not re.match("https?://", address):
        raise SMWMError(
            f"Checkpoints are fetched from an address that starts with https:// or http://, not {source!r}."
        )
    try:
        with held(paths.data() / "cache" / "checkpoints", "fetching checkpoints"):
            for file in broken:
                _fetch(f"{address}/{quote(file)}", checkpoints.folder() / file, entries[file])
    except OSError as error:
        raise SMWMError(f"Nothing can be written into {paths.shown(paths.data())} ({error}).") from error
    return broken


def _fetch(url: str, path: Path, entry: dict) -> None:
    def write(unfinished: Path) -> None:
        unfinished.unlink(missing_ok=True)  # of another version perhaps
        try:
            download(url, unfinished, entry["bytes"])
            if not checkpoints.equals(unfinished, entry):
                raise SMWMError(f"{url} differs from its sha256 in the manifest here; fetch it from another address.")
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise

    write_whole(path, write)


def manifest() -> dict[str, dict]:
    """The manifest's entries, at least one.

    Raises:
        SMWMError: there is none.
    """
    entries = checkpoints.read_manifest()
    if not entries:
        raise SMWMError(
            f"{paths.shown(checkpoints.folder())} has no manifest of checkpoints; restore it from git, "
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
