"""What a function or a class of a notebook needs to live on in a file: its source, its helpers, its imports."""

import ast
import inspect
import linecache
import symtable
import sys
import textwrap
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType, FunctionType, ModuleType
from typing import Any

NOTEBOOK = "__main__"
_CONSTANTS = (type(None), bool, int, float, complex, str, bytes, tuple, list, dict, set)
_LONGEST = 1000  # characters of a constant that are kept


class NoSource(Exception):
    """Something cannot be written down; the exception's text says what, and what to do."""


@dataclass
class Source:
    """A piece of code, and all that it needs.

    Args:
        present: names that the file has already, and that are taken from there.
        file: the name of the file as a module; what was imported from it is there already.
    """

    present: set[str] = field(default_factory=set)
    file: str = ""
    piece: str = ""
    """The first name that is added: what the source is of."""
    imports: dict[str, str] = field(default_factory=dict)
    """Name → the line that imports it."""
    definitions: dict[str, str] = field(default_factory=dict)
    """Name → the statements that define it; each stands behind what it needs."""

    def add(self, name: str, value: Any) -> None:
        """Add what binds this name to this value, behind what that needs.

        Raises:
            NoSource: the value is no constant, its source is not found, and it cannot be imported.
        """
        if name in self.present or getattr(value, "__module__", None) == self.file:
            return
        self.present.add(name)
        self.piece = self.piece or name
        if constant := _constant(name, value):
            self.definitions[name] = constant
        elif line := _import_line(name, value):
            self.imports[name] = line
        else:
            self._define(name, value)

    def _define(self, name: str, value: Any) -> None:
        try:
            text, defined, namespace = _definition(name, value)
        except NoSource as reason:
            remedy = "make it inside the function, or give it as an argument"
            if name == self.piece:
                remedy = "write it with `def`"
            raise NoSource(f"{reason}: {remedy}") from None
        # A function may call itself.
        self.present.add(defined)
        for needed in sorted(_global_names(text) - {defined}):
            if needed in namespace:
                self.add(needed, namespace[needed])
        self.definitions[name] = text if defined == name else f"{text}\n\n\n{name} = {defined}"


def _constant(name: str, value: Any) -> str | None:
    """Write an assignment for what a literal can say."""
    if type(value) not in _CONSTANTS:
        return None
    text = repr(value)
    try:
        return f"{name} = {text}" if len(text) <= _LONGEST and ast.literal_eval(text) == value else None
    except (ValueError, SyntaxError):  # It holds something else.
        return None


def _import_line(name: str, value: Any) -> str | None:
    """Find a module that has the value, and write the line that imports it under this name."""
    if isinstance(value, ModuleType):
        path = value.__name__
        if path == NOTEBOOK or sys.modules.get(path) is not value:
            return None
        parent, _, last = path.rpartition(".")
        return f"from {parent} import {last}" if parent and last == name else f"import {path}{_as(path, name)}"
    for module in _homes(value):
        for known in (name, getattr(value, "__name__", None)):
            if isinstance(known, str) and vars(sys.modules[module]).get(known) is value:
                return f"from {module} import {known}{_as(known, name)}"
    return None


def _as(known: str, name: str) -> str:
    return "" if known == name else f" as {name}"


def _homes(value: Any) -> Iterator[str]:
    """Name the modules that may have a value: `torch.optim` before `torch.optim.adam`, and others after these."""
    own = getattr(value, "__module__", None)
    if own == NOTEBOOK:
        return
    parts = own.split(".") if isinstance(own, str) else []
    names = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
    names += sorted(sys.modules, key=lambda module: (module.count("."), module))
    for module in names:
        public = module != NOTEBOOK and not any(part.startswith("_") for part in module.split("."))
        if public and isinstance(sys.modules.get(module), ModuleType):
            yield module


def _definition(name: str, value: Any) -> tuple[str, str, Mapping[str, Any]]:
    """Return the source of a notebook's function or class, the name that it defines, and its namespace."""
    function = _any_method(value) if isinstance(value, type) else _unwrapped(value)
    if getattr(value, "__module__", None) != NOTEBOOK or function is None or function.__module__ != NOTEBOOK:
        raise NoSource(f"`{name}`, of type {type(value).__name__}, is no function or class of the notebook")
    lines = linecache.getlines(function.__code__.co_filename)
    try:
        nodes = list(ast.walk(ast.parse("".join(lines))))
    except SyntaxError:
        nodes = []
    is_class = isinstance(value, type)
    node = _class_node(nodes, value, function) if is_class else _function_node(nodes, function.__code__)
    if node is None:
        raise NoSource(f"the source of `{name}` is not found (a line such as %%time hides it)")
    return *_text(name, node, lines), _namespace(function)


def _unwrapped(value: Any) -> FunctionType | None:
    """Return the function under its decorators."""
    function = inspect.unwrap(value) if callable(value) else None
    return function if isinstance(function, FunctionType) else None


def _any_method(kind: type) -> FunctionType | None:
    """Return a function that was written in the class: its code knows the cell, which the class itself does not."""
    for member in vars(kind).values():
        inner = getattr(member, "fget", None) or getattr(member, "__func__", None) or member
        function = _unwrapped(inner)
        if function and function.__qualname__ == f"{kind.__qualname__}.{function.__name__}":
            return function
    return None


def _function_node(nodes: list[ast.AST], code: CodeType) -> ast.AST | None:
    if code.co_name == "<lambda>":
        return _lambda_node(nodes, code)
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    found = [node for node in nodes if isinstance(node, kinds) and _first_line(node) == code.co_firstlineno]
    return next((node for node in found if node.name == code.co_name), None)


def _lambda_node(nodes: list[ast.AST], code: CodeType) -> ast.AST | None:
    """Find the lambda, of all on its line, that has the code's places inside it."""
    places = [(line, column) for line, _, column, _ in code.co_positions() if line and column]
    found = [
        node
        for node in nodes
        if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno and _holds(node.body, places)
    ]
    return max(found, key=lambda node: node.col_offset, default=None)


def _holds(node: ast.expr, places: list[tuple[int, int]]) -> bool:
    start, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    return all(start <= place <= end for place in places)


def _class_node(nodes: list[ast.AST], kind: type, method: FunctionType) -> ast.AST | None:
    line = method.__code__.co_firstlineno
    found = [node for node in nodes if isinstance(node, ast.ClassDef) and node.name == kind.__name__]
    return next((node for node in found if node.lineno <= line <= (node.end_lineno or 0)), None)


def _first_line(node: Any) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _text(name: str, node: Any, lines: list[str]) -> tuple[str, str]:
    """Return the source of a node, and the name that it defines."""
    if isinstance(node, ast.Lambda):
        text = ast.get_source_segment("".join(lines), node) or ""
        return f"{name} = ({text})" if "\n" in text else f"{name} = {text}", name
    text = "".join(lines[_first_line(node) - 1 : node.end_lineno])
    return textwrap.dedent(text).rstrip(), node.name


def _namespace(function: FunctionType) -> Mapping[str, Any]:
    """Return the names that a function sees outside itself: those of the functions around it, and the globals."""
    closure: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            closure[name] = cell.cell_contents
        except ValueError:  # It is not bound yet.
            continue
    return ChainMap(closure, function.__globals__)


def _global_names(text: str) -> set[str]:
    """Return the names that the code reads and does not bind itself."""
    names, tables = set(), [symtable.symtable(text, "notebook", "exec")]
    for table in tables:
        tables += table.get_children()
        at_top = table.get_type() == "module"
        read = [symbol for symbol in table.get_symbols() if symbol.is_referenced()]
        names |= {symbol.get_name() for symbol in read if at_top or symbol.is_global()}
    return names
