"""Digests of source code that ignore what cannot change its outcome."""

import ast
import hashlib


def code_digest(source: str) -> str:
    """A digest of Python source that ignores comments, docstrings and layout.

    It reads the syntax tree and leaves out what only some Python versions put into it, so all
    supported versions give the same answer.
    """
    return hashlib.sha256(repr(_canonical(ast.parse(source))).encode()).hexdigest()


def _canonical(node):
    if isinstance(node, list):
        return [_canonical(entry) for entry in node]
    if not isinstance(node, ast.AST):
        return node
    fields = {name: value for name, value in ast.iter_fields(node) if value not in (None, [])}
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        fields["body"] = fields["body"][ast.get_docstring(node) is not None :]
    return [type(node).__name__, *((name, _canonical(value)) for name, value in fields.items())]
