"""The one exception for mistakes a user can mend.

Everything a user can get wrong (an unknown preset, a missing file, a shape that does not fit) raises
``SMWMError`` with one sentence that says what is wrong and what to do. The command line prints that
sentence and exits with status 2; anything else that escapes is a bug and keeps its traceback.
"""


class SMWMError(ValueError):
    """A mistake of the caller's, explained in one sentence."""


def choose(kind: str, name: str, options: dict):
    """Return ``options[name]``, or refuse with the list of what there is.

    Arguments:
        kind: what is being chosen, for the message ("preset", "world", …).
        name: the key asked for.
        options: the table to look in.
    """
    if name not in options:
        known = ", ".join(sorted(options))
        raise SMWMError(f"There is no {kind} named {name!r}; choose one of: {known}.")
    return options[name]
