"""Reading what may be damaged, foreign or hostile: a file is held against its schema before memory is taken for it.

Whatever is wrong ends in one sentence with the file's name and what to do.
"""

import json
import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

import msgspec
import numpy as np

from smwm_core.errors import SMWMError
from smwm_core.storage import root
from smwm_core.storage.schemas import Column, Columns, require_once

T = TypeVar("T")
Declared = dict[str, tuple[np.dtype, tuple[int, ...]]]  # by column, what a file says of it before it is read
LARGEST_JSON = 8_000_000  # bytes
LARGEST_ARRAYS = 400_000_000  # bytes of all arrays of a file, unpacked
MOST_ARRAYS = 1_000
LONGEST_LINE = 200  # characters


@contextmanager
def parsing(path: Path, remedy: str) -> Iterator[None]:
    """Make one sentence of whatever a parser raises on foreign bytes, which nobody can list.

    Arguments:
        remedy: what to do about the file, the end of the sentence.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe would wait for ever
            raise OSError("it is no file")
        yield
    except SMWMError:
        raise
    except Exception as error:
        raise SMWMError(f"{root.shown(path)} cannot be read ({reason(error)}); {remedy}.") from error


def reason(error: Exception) -> str:
    """What an exception says, in one line."""
    return shortened(str(error)) or type(error).__name__


def shortened(text: str) -> str:
    """A text in one line that is not too long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…"


def read_json(path: Path, kind: type[T], what: str, remedy: str) -> T:
    """Read a JSON file.

    Arguments:
        kind: its schema.
        what: that it should be, such as "a result file".
        remedy: what to do if it is not.

    Raises:
        SMWMError: it is missing, too large, no JSON, or not of that kind.
    """
    with parsing(path, remedy), path.open("rb") as file:
        content = file.read(LARGEST_JSON + 1)
        if len(content) > LARGEST_JSON:
            raise ValueError(f"it has more than {LARGEST_JSON:,} bytes")
    return decoded(content, kind, root.shown(path), what, remedy)


def decoded(content: bytes | str, kind: type[T], name: str, what: str, remedy: str) -> T:
    """What JSON says, of a kind; arguments and errors are those of ``read_json``."""
    try:
        text = content if isinstance(content, str) else content.decode()
        value = json.loads(text, object_pairs_hook=_named_once, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise SMWMError(f"{name} is not valid JSON ({reason(error)}); {remedy}.") from error
    return converted(value, kind, name, what, remedy)


def converted(value: object, kind: type[T], name: str, what: str, remedy: str) -> T:
    """A value of plain Python as one of a kind; arguments and errors are those of ``read_json``."""
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError, AttributeError) as error:  # the last where a tensor is no mapping
        raise SMWMError(f"{name} is not {what} ({reason(error)}); {remedy}.") from error


def read_arrays(path: Path, columns: Columns | Column, remedy: str, **sizes: int) -> dict[str, np.ndarray]:
    """Read all arrays of an ``.npz``.

    Arguments:
        columns: those that it must have; or one, for any number of arrays like it.
        remedy: what to do if it is not like that.
        sizes: that are known already, by their letters in the shapes of the columns.

    Raises:
        SMWMError: it is missing, damaged, too large, or its arrays are not those.
    """
    with parsing(path, remedy), zipfile.ZipFile(path) as archive:
        members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        if len(members) != len(archive.infolist()) or len(members) > MOST_ARRAYS:
            raise ValueError("an array is there twice, or there are too many")
        if sum(member.file_size for member in members.values()) > LARGEST_ARRAYS:
            raise ValueError(f"its arrays have more than {LARGEST_ARRAYS:,} bytes")
        declared = {}
        for name, member in members.items():
            with archive.open(member) as file:
                declared[name] = _declared(file, member.file_size)
        if isinstance(columns, Column):
            columns = dict.fromkeys(members, columns)
        require_columns(path, declared, columns, remedy, **sizes)
        arrays = {}
        for name, member in members.items():
            with archive.open(member) as file:
                arrays[name] = np.lib.format.read_array(file, allow_pickle=False)
    require_values(path, arrays, columns, remedy)
    return arrays


def mapped_array(path: Path, column: Column, remedy: str, **sizes: int) -> np.ndarray:
    """An array in a ``.npy``, read only where it is looked at; arguments and errors are those of ``read_arrays``."""
    with parsing(path, remedy):
        array = np.lib.format.open_memmap(path, mode="r")
    require_columns(path, {path.stem: (array.dtype, array.shape)}, {path.stem: column}, remedy, **sizes)
    return array


def require_columns(path: Path, declared: Declared, columns: Columns, remedy: str, **sizes: int) -> None:
    """Refuse a file that declares other arrays than its columns.

    Raises:
        SMWMError: a column that is missing, unknown, of another type, or of a shape that does not fit the others.
    """
    name = root.shown(path)
    for column, expected in columns.items():
        if column not in declared:
            if expected.needed:
                there = shortened(", ".join(sorted(declared))) or "none"
                raise SMWMError(f"{name} has no column {column!r}, only {there}; {remedy}.")
            continue
        dtype, shape = declared[column]
        wanted = shape if expected.shape is None else expected.shape
        if len(shape) == len(wanted):
            for size, found in zip(wanted, shape, strict=True):
                sizes.setdefault(size, found)
        fitting = tuple(size if isinstance(size, int) else sizes.get(size, size) for size in wanted)
        if dtype.name not in expected.kinds or shape != fitting:
            kinds, sides = " or ".join(expected.kinds), ", ".join(map(str, fitting))
            said = shortened(f"{dtype} {shape}")
            raise SMWMError(f"The column {column!r} of {name} is {said}, not {kinds} ({sides}); {remedy}.")
    if foreign := declared.keys() - columns.keys():
        raise SMWMError(f"{name} has a column {shortened(min(foreign))!r}, which is unknown; {remedy}.")


def require_values(path: Path, arrays: dict[str, np.ndarray], columns: Columns, remedy: str) -> None:
    """Refuse arrays with values that their columns do not allow.

    Raises:
        SMWMError: a value that is not finite, or too small.
    """
    for column, values in arrays.items():
        expected = columns[column]
        if expected.finite and not np.isfinite(values).all():
            raise SMWMError(f"The column {column!r} of {root.shown(path)} is not finite; {remedy}.")
        if expected.low is not None and values.size and values.min() < expected.low:
            raise SMWMError(f"The column {column!r} of {root.shown(path)} is below {expected.low}; {remedy}.")


def _declared(file: IO[bytes], size: int) -> tuple[np.dtype, tuple[int, ...]]:
    """Type and shape of a ``.npy`` of so many bytes."""
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("an array in it has another version than numpy's first")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject or not dtype.isnative or min(shape, default=0) < 0:
        raise ValueError(f"an array in it holds {dtype}, not numbers of this machine")
    if file.tell() + math.prod(shape) * dtype.itemsize != size:
        raise ValueError("an array in it has another size than it declares")
    return dtype, shape


def _named_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    require_once("name", [name for name, _ in pairs])
    return dict(pairs)


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is not finite")
    return number
