"""From a small part of Python to LLVM: what the kernel is written in.

A function's text is read and becomes instructions, line after line; LLVM makes them fast. There are

    numbers      whole numbers of 64 bits without a sign, and floating ones; i + 1, p[i] * x, a < b, not a
    vectors      of the same operators, each number for itself; a number beside one is spread over it
    addresses    p[i], p[i] = x, and p[i:], the numbers from p[i] on; nothing is checked
    tuples       a, b = b, a
    a task       task.name, task.name = x: a record of arrays and numbers (task.py)
    statements   =, +=, if, while, for i in range(...), return
    calls        of operations (operations.py), and of functions like these: their text is put where they
                 are called, or, for functions marked @apart, compiled once and called

What is known when compiling costs nothing: constants of the module, kinds and widths, an if that asks only
them. Both sides of and, or, and x if y else z are always computed.
"""

import ast
import inspect
import operator
import textwrap
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from llvmlite import ir

from handgrad.engines.ink.operations import BYTE, DOUBLE, FLAG, SHORT, WORD, Value, as_kind, constant

NOTHING = ir.VoidType()
Python = Callable[[Any, Any], Any]
# what Python does with what is known, and LLVM with whole numbers and with others
ARITHMETIC: dict[type[ast.operator], tuple[Python, str, str]] = {
    ast.Add: (operator.add, "add", "fadd"),
    ast.Sub: (operator.sub, "sub", "fsub"),
    ast.Mult: (operator.mul, "mul", "fmul"),
    ast.Div: (operator.truediv, "", "fdiv"),
    ast.FloorDiv: (operator.floordiv, "udiv", ""),
    ast.Mod: (operator.mod, "urem", ""),
    ast.BitAnd: (operator.and_, "and_", ""),
}
COMPARISONS: dict[type[ast.cmpop], tuple[Python, str]] = {
    ast.Eq: (operator.eq, "=="),
    ast.NotEq: (operator.ne, "!="),
    ast.Lt: (operator.lt, "<"),
    ast.LtE: (operator.le, "<="),
    ast.Gt: (operator.gt, ">"),
    ast.GtE: (operator.ge, ">="),
}


class Slot(NamedTuple):
    """A variable: where its value is kept. LLVM puts it into a register."""

    place: ir.Value


class Record(NamedTuple):
    """A task: where its fields begin, eight bytes each, and of what kind they are."""

    fields: ir.Value
    kinds: dict[str, tuple[int, ir.Type]]  # name -> number of the field, kind


def apart(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a part of the kernel that is compiled once, not wherever it is called."""
    function.is_apart = True  # type: ignore[attr-defined]  # a mark
    return function


def compiled(function: Callable[..., Any], kinds: dict[str, str], number: ir.Type, *known: Any) -> ir.Module:
    """A module with a C function `run` that takes a task's address: function(task, number, *known).

    kinds: the fields of the task, in order, and what each is: "size", "real", or what an address is of.
    number: the kind of number of the parameters.
    """
    of = {"byte": BYTE, "short": SHORT, "word": WORD, "number": number}
    plain = {"size": WORD, "real": DOUBLE}
    fields = {
        field: (i, plain[kind] if kind in plain else of[kind].as_pointer())
        for i, (field, kind) in enumerate(kinds.items())
    }
    module = ir.Module(function.__name__)
    made = ir.Function(module, ir.FunctionType(NOTHING, [WORD.as_pointer()]), "run")
    builder = ir.IRBuilder(made.append_basic_block())
    _Writer(builder, function, (Record(made.args[0], fields), number, *known), {}).write()
    if not builder.block.is_terminated:
        builder.ret_void()
    return module


@cache
def _text(function: Callable[..., Any]) -> ast.FunctionDef:
    """The function's text, with its own line numbers."""
    lines, first = inspect.getsourcelines(function)
    tree = ast.parse(textwrap.dedent("".join(lines)))
    ast.increment_lineno(tree, first - 1)
    (found,) = tree.body
    assert isinstance(found, ast.FunctionDef)
    return found


class _Writer(ast.NodeVisitor):
    """Writes one function where the builder stands; visit(an expression) is its value."""

    def __init__(
        self,
        builder: ir.IRBuilder,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        made: dict[Any, Any],
    ) -> None:
        self._builder, self._function, self._made = builder, function, made
        self._text = _text(function)
        names = [argument.arg for argument in self._text.args.args]
        self._names: dict[str, Any] = dict(zip(names, arguments, strict=True))
        self._fixed = set(names)

    def write(self) -> Any:
        """Write all lines -> what is returned."""
        *lines, last = self._text.body
        for line in lines:
            self.visit(line)
        if isinstance(last, ast.Return) and last.value is not None:
            return self.visit(last.value)
        self.visit(last)
        return None

    def visit(self, node: ast.AST) -> Any:
        """The value of an expression, or None for a statement; an error names its line."""
        try:
            return super().visit(node)
        except Exception as error:
            if not getattr(error, "__notes__", None):
                file = inspect.getsourcefile(self._function)
                error.add_note(f"{file}:{getattr(node, 'lineno', '?')}, in {self._function.__name__}")
            raise

    def generic_visit(self, node: ast.AST) -> None:
        """Everything that has no method of its own."""
        raise NotImplementedError(f"the compiler does not know {type(node).__name__}: {ast.unparse(node)}")

    # --- expressions

    def visit_Constant(self, node: ast.Constant) -> Any:
        return node.value

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id in self._names:
            return self._read(self._names[node.id])
        return self._function.__globals__[node.id]

    def visit_Tuple(self, node: ast.Tuple) -> Any:
        return tuple(map(self.visit, node.elts))

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        place, kind = self._field(node)
        value = self._builder.load(
            self._builder.bitcast(place, DOUBLE.as_pointer()) if kind == DOUBLE else place
        )
        return self._builder.inttoptr(value, kind) if isinstance(kind, ir.PointerType) else value

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        whole = self.visit(node.value)
        if isinstance(node.slice, ast.Slice):
            assert node.slice.lower is not None
            return self._builder.gep(whole, [self._as(self.visit(node.slice.lower), WORD)])
        value = self._builder.load(self._place(whole, node.slice))
        return self._as(value, WORD) if isinstance(value.type, ir.IntType) else value

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        value = self.visit(node.operand)
        if isinstance(node.op, ast.Not):
            value = self._truth(value)
            return not value if isinstance(value, bool) else self._builder.not_(value)
        if isinstance(node.op, ast.USub):
            return -value if isinstance(value, int | float) else self._builder.fneg(value)
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        return self._arithmetic(node.op, self.visit(node.left), self.visit(node.right))

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        both = self._builder.and_ if isinstance(node.op, ast.And) else self._builder.or_
        first, *others = (self._as(self._truth(self.visit(value)), FLAG) for value in node.values)
        for other in others:
            first = both(first, other)
        return first

    def visit_Compare(self, node: ast.Compare) -> Any:
        python, sign = COMPARISONS[type(node.ops[0])]
        a, b = self.visit(node.left), self.visit(node.comparators[0])
        if not isinstance(a, ir.Value) and not isinstance(b, ir.Value):
            return python(a, b)
        a, b = self._alike(a, b)
        if isinstance(a.type, ir.IntType):
            return self._builder.icmp_unsigned(sign, a, b)
        return self._builder.fcmp_ordered(sign, a, b)

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        test = self._truth(self.visit(node.test))
        if isinstance(test, bool):
            return self.visit(node.body if test else node.orelse)
        return self._builder.select(test, *self._alike(self.visit(node.body), self.visit(node.orelse)))

    def visit_Call(self, node: ast.Call) -> Any:
        function, arguments = self.visit(node.func), tuple(map(self.visit, node.args))
        if getattr(function, "is_operation", False):
            return function(self._builder, *arguments)
        if getattr(function, "is_apart", False):
            return self._call(function, arguments)
        return _Writer(self._builder, function, arguments, self._made).write()

    # --- statements

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        value = self.visit(node.value)
        for target in node.targets:
            self._assign(target, value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._assign(node.target, self._arithmetic(node.op, self.visit(node.target), self.visit(node.value)))

    def visit_If(self, node: ast.If) -> None:
        test = self._truth(self.visit(node.test))
        if isinstance(test, bool):
            self._lines(node.body if test else node.orelse)
        elif node.orelse:
            with self._builder.if_else(test) as (then, otherwise):
                with then:
                    self._lines(node.body)
                with otherwise:
                    self._lines(node.orelse)
        else:
            with self._builder.if_then(test):
                self._lines(node.body)

    def visit_While(self, node: ast.While) -> None:
        self._loop(lambda: self._truth(self.visit(node.test)), lambda: self._lines(node.body))

    def visit_For(self, node: ast.For) -> None:
        assert isinstance(node.iter, ast.Call)
        assert isinstance(node.target, ast.Name)
        bounds = [self.visit(bound) for bound in node.iter.args]
        start, end = bounds[:2] if len(bounds) > 1 else (0, bounds[0])
        end, step = (self._as(n, WORD) for n in (end, bounds[2] if len(bounds) > 2 else 1))
        self._assign(node.target, start)
        counter = self._names[node.target.id].place

        def body() -> None:
            self._lines(node.body)
            self._builder.store(self._builder.add(self._builder.load(counter), step), counter)

        self._loop(lambda: self._builder.icmp_unsigned("<", self._builder.load(counter), end), body)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            return self.generic_visit(node)  # only the last line returns something
        self._builder.ret_void()

    # --- how it is done

    def _as(self, value: Value, kind: ir.Type) -> ir.Value:
        return as_kind(self._builder, value, kind)

    def _lines(self, lines: list[ast.stmt]) -> None:
        for line in lines:
            self.visit(line)

    def _loop(self, test: Callable[[], ir.Value], body: Callable[[], None]) -> None:
        asked, again, done = (self._builder.append_basic_block() for _ in range(3))
        self._builder.branch(asked)
        self._builder.position_at_end(asked)
        self._builder.cbranch(test(), again, done)
        self._builder.position_at_end(again)
        body()
        self._builder.branch(asked)
        self._builder.position_at_end(done)

    def _read(self, bound: Any) -> Any:
        if isinstance(bound, Slot):
            return self._builder.load(bound.place)
        return tuple(map(self._read, bound)) if type(bound) is tuple else bound

    def _assign(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Tuple):
            for one, part in zip(target.elts, value, strict=True):
                self._assign(one, part)
        elif isinstance(target, ast.Name):
            if target.id in self._fixed:
                raise TypeError(f"{target.id} is an argument, and cannot be assigned")
            self._names[target.id] = self._bind(self._names.get(target.id), value)
        elif isinstance(target, ast.Attribute):
            place, kind = self._field(target)
            self._builder.store(self._as(value, kind), self._builder.bitcast(place, kind.as_pointer()))
        elif isinstance(target, ast.Subscript):
            place = self._place(self.visit(target.value), target.slice)
            self._builder.store(self._as(value, place.type.pointee), place)
        else:
            self.generic_visit(target)

    def _bind(self, bound: Any, value: Any) -> Any:
        """What a name stands for once it has the value: a variable, or what is known when compiling."""
        if isinstance(value, tuple):
            return tuple(self._bind(b, v) for b, v in zip(bound or [None] * len(value), value, strict=True))
        if not isinstance(value, ir.Value | int | float):
            return value
        if bound is None:
            kind = _kind(value)
            with self._builder.goto_entry_block():
                bound = Slot(self._builder.alloca(kind))
        self._builder.store(self._as(value, bound.place.type.pointee), bound.place)
        return bound

    def _field(self, node: ast.Attribute) -> tuple[ir.Value, ir.Type]:
        record = self.visit(node.value)
        number, kind = record.kinds[node.attr]
        return self._builder.gep(record.fields, [ir.Constant(WORD, number)]), kind

    def _place(self, pointer: ir.Value, index: ast.expr) -> ir.Value:
        return self._builder.gep(pointer, [self._as(self.visit(index), WORD)])

    def _truth(self, value: Any) -> Any:
        """A bool, or one bit of LLVM."""
        if not isinstance(value, ir.Value):
            return bool(value)
        if value.type == FLAG:
            return value
        return self._builder.icmp_unsigned("!=", value, constant(value.type, 0))

    def _alike(self, a: Value, b: Value) -> tuple[ir.Value, ir.Value]:
        """Both as the wider kind of the two."""
        kind = max((_kind(value) for value in (a, b) if isinstance(value, ir.Value)), key=_rank, default=WORD)
        if isinstance(kind, ir.IntType):  # beside a number with a fraction
            kind = max(map(_kind, (a, b)), key=_rank)
        return self._as(a, kind), self._as(b, kind)

    def _arithmetic(self, sign: ast.operator, a: Value, b: Value) -> Value:
        python, whole, other = ARITHMETIC[type(sign)]
        if not isinstance(a, ir.Value) and not isinstance(b, ir.Value):
            return python(a, b)
        a, b = self._alike(a, b)
        name = whole if isinstance(a.type, ir.IntType) else other
        if not name:
            raise TypeError(f"{type(sign).__name__} does not go with {a.type}")
        return getattr(self._builder, name)(a, b)

    def _call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        """Call a function that is compiled apart: vectors of zeros only say of what kind all is."""
        values = [self._as(a, _kind(a)) for a in arguments]
        known = [isinstance(value, ir.Constant) and isinstance(value.type, ir.VectorType) for value in values]
        passed = [value for value, is_known in zip(values, known, strict=True) if not is_known]
        key = function, tuple(str(value.type) for value in values)
        if key not in self._made:
            of = ir.FunctionType(NOTHING, [value.type for value in passed])
            made = ir.Function(self._builder.module, of, f"{function.__name__}.{len(self._made)}")
            made.linkage = "internal"
            made.attributes.add("noinline")
            self._made[key] = made
            builder, handed = ir.IRBuilder(made.append_basic_block()), iter(made.args)
            inside = (v if is_known else next(handed) for v, is_known in zip(values, known, strict=True))
            _Writer(builder, function, tuple(inside), self._made).write()
            builder.ret_void()
        self._builder.call(self._made[key], passed)


def _kind(value: Value) -> ir.Type:
    """The kind of a value; Python's own numbers are wide."""
    if isinstance(value, ir.Value):
        return value.type
    return DOUBLE if isinstance(value, float) else WORD


def _rank(kind: ir.Type) -> int:
    if isinstance(kind, ir.VectorType):
        return 4
    return {FLAG: 0, WORD: 1}.get(kind, 3 if kind == DOUBLE else 2)
