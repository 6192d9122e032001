"""Small changes of a module's meaning, one at a time: what `python -m benchmarks mutate` plants to see a test fail."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
EXTREMES = {
    "min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "argmin": "argmax", "argmax": "argmin",
    "nanmin": "nanmax", "nanmax": "nanmin", "any": "all", "all": "any",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One changed place of a module."""

    kind: str
    function: str
    line: int
    start: int
    end: int
    """Place of the replaced text in the source, in characters."""
    text: str

    def apply(self, source: str) -> str:
        """Return the changed source."""
        return source[: self.start] + self.text + source[self.end :]

    def lines(self, source: str) -> tuple[str, str]:
        """Return the changed lines before and after, without their indentation."""
        first = source.rfind("\n", 0, self.start) + 1
        last = source.find("\n", self.end)
        last = len(source) if last < 0 else last
        after = source[first : self.start] + self.text + source[self.end : last]
        return source[first:last].strip(), after.strip()


def mutants(source: str) -> list[Mutant]:
    """Return every mutant of a source, in the order of the text.

    Comparisons, arithmetic, `and` and `or`, numbers and truth values, conditions turned round, slices moved by one, and
    least for greatest. Annotations, texts, `if TYPE_CHECKING` and what an error says are left alone.
    """
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    raw = source.encode()
    found = []
    for function, node in _nodes(ast.parse(source)):
        for kind, changed in _variants(node):
            start, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
            text = ast.unparse(changed)
            text = text if isinstance(node, ast.Constant | ast.Slice) else f"({text})"
            at, to = len(raw[:start].decode()), len(raw[:end].decode())
            found.append(Mutant(kind=kind, function=function, line=node.lineno, start=at, end=to, text=text))
    return sorted(found, key=lambda one: (one.start, one.end, one.text))


def sample(source: str, count: int, seed: int) -> list[Mutant]:
    """Return `count` mutants spread over all functions: one of each in turn, drawn with a fixed seed."""
    drawn = random.Random(seed)
    by_function: dict[str, list[Mutant]] = {}
    for one in mutants(source):
        by_function.setdefault(one.function, []).append(one)
    for group in by_function.values():
        drawn.shuffle(group)
    order = list(by_function.values())
    drawn.shuffle(order)
    chosen: list[Mutant] = []
    while len(chosen) < count and any(order):
        for group in order:
            if group and len(chosen) < count:
                chosen.append(group.pop())
    return sorted(chosen, key=lambda one: one.start)


def _nodes(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield every expression that a mutant may change, with the function that it stands in."""
    stack: list[tuple[str, ast.AST]] = [("(module)", tree)]
    while stack:
        function, node = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            function = node.name if function == "(module)" else f"{function}.{node.name}"
        if isinstance(node, ast.expr):
            yield function, node
        stack += [(function, child) for child in _parts(node)]


def _parts(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a node without annotations, texts and the message of an error."""
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom):
        return []
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return list(node.orelse)
    left_out = {"annotation", "returns", "decorator_list", "type_params"}
    parts: list[ast.AST] = []
    for name, value in ast.iter_fields(node):
        if name in left_out:
            continue
        parts += [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, ast.AST)]
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        node.test.is_condition = True  # type: ignore[attr-defined]
    return parts


def _variants(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Yield the changed forms of one expression, each with its kind."""
    if getattr(node, "is_condition", False):
        yield "condition", ast.UnaryOp(ast.Not(), node)
    for kind, forms in (
        ("comparison", _compared(node)),
        ("arithmetic", _calculated(node)),
        ("boolean", _joined(node)),
        ("constant", _numbers(node)),
        ("slice", _slices(node)),
        ("extreme", _extremes(node)),
    ):
        for changed in forms:
            yield kind, changed


def _compared(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Compare):
        for i, operator in enumerate(node.ops):
            for other in COMPARISONS[type(operator)]:
                yield ast.Compare(node.left, [*node.ops[:i], other(), *node.ops[i + 1 :]], node.comparators)


def _calculated(node: ast.expr) -> Iterator[ast.expr]:
    if (
        isinstance(node, ast.BinOp)
        and type(node.op) in ARITHMETIC
        and not (_is_text(node.left) or _is_text(node.right))
    ):
        yield ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield node.operand


def _joined(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand


def _numbers(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int() | float()):
            yield ast.Constant(node.value + 1)
            if isinstance(node.value, float) and node.value:
                yield ast.Constant(node.value * 2)


def _slices(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Slice):
        if node.lower is not None:
            yield ast.Slice(ast.BinOp(node.lower, ast.Add(), ast.Constant(1)), node.upper, node.step)
        if node.upper is not None:
            yield ast.Slice(node.lower, ast.BinOp(node.upper, ast.Add(), ast.Constant(1)), node.step)


def _extremes(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in EXTREMES:
            yield ast.Call(ast.Name(EXTREMES[name]), node.args, node.keywords)
        case ast.Call(func=ast.Attribute(value=owner, attr=name)) if name in EXTREMES:
            yield ast.Call(ast.Attribute(owner, EXTREMES[name]), node.args, node.keywords)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))
