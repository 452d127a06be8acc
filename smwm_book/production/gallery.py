"""Pictures for the front page and the README: the first figure of every executed notebook."""

import base64
from pathlib import Path

import nbformat

from smwm_core.errors import SMWMError
from smwm_core.storage.files import write_whole


def write(executed: Path, folder: Path) -> None:
    """Save each notebook's first captioned figure as ``<name>.png``.

    Arguments:
        executed: folder of executed notebooks.
        folder: where the pictures go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(executed.glob("*.ipynb")):
        picture = first_figure(path)
        write_whole(folder / f"{path.stem}.png", lambda unfinished, png=picture: unfinished.write_bytes(png))


def first_figure(path: Path) -> bytes:
    """The PNG of the first cell with a caption in an executed notebook."""
    for cell in nbformat.read(path, as_version=4).cells:
        if "figure" in cell.metadata.get("mystnb", {}):
            return picture(cell)
    raise SMWMError(f"{path.name} has no figure.")


def picture(cell: nbformat.NotebookNode) -> bytes:
    """The PNG of an executed cell with a caption."""
    for output in cell.outputs:
        if "image/png" in output.get("data", {}):
            return base64.b64decode(output.data["image/png"])
    raise SMWMError(f"The cell of {cell.metadata['mystnb']['figure']['name']} has no picture; execute it first.")
