"""Compiles the kernel: from a small part of Python to LLVM.

The source of a function is read line by line and written as LLVM instructions, which LLVM then optimizes.
The language has

    whole numbers     64 bits, unsigned: i + 1, a < b, not a
    reals             single or double precision, with the same operators
    vectors           of reals; an operator acts on each lane, and a single number is spread over all lanes
    pointers          p[i], p[i] = x, and p[i:], a pointer to the items from i on; indices are not checked
    tuples            a, b = b, a
    a task            task.name, task.name = x: a record of numbers and of pointers to arrays (task.py)
    statements        =, +=, if, while, for i in range(...), return
    calls             of operations (operations.py) and of functions in this language, which are inlined;
                      or, if marked @apart, compiled once and called

A vector is a value: write v = v + w. (v += w is refused, since under Python it would change the array that
v shares with other names.) A function returns a value on its last line only.

What is known at compile time costs nothing at run time: constants of the module, types, widths, and an `if`
that depends on these alone. Unlike in Python, both sides of `and`, `or` and `x if y else z` are evaluated.
"""

import ast
import inspect
import operator
import textwrap
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeVar

import llvmlite.binding as llvm
from llvmlite import ir

from handgrad.engines.ink.operations import Operation
from handgrad.engines.ink.values import (
    BYTE,
    DOUBLE,
    FLAG,
    NOTHING,
    POINTER,
    SHORT,
    WORD,
    Address,
    Value,
    constant,
    convert,
)

Python = Callable[[Any, Any], Any]
# for each operator: Python's function, for numbers known at compile time; LLVM's instruction for whole
# numbers; and LLVM's instruction for reals ("": there is none)
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
    """A variable: the stack memory that holds its value. (LLVM moves it to a register.)"""

    place: ir.Value
    item: ir.Type | None  # the type of the items, for a variable that holds a pointer


class Fields(NamedTuple):
    """A task: the address of the record, and each field's index and type."""

    record: Address  # eight bytes for each field
    types: dict[str, tuple[int, ir.Type, ir.Type | None]]  # the last is the type of a pointer's items


Function = TypeVar("Function", bound=Callable[..., Any])


def apart(function: Function) -> Function:
    """Mark a function of the kernel that is compiled once and called, rather than inlined at each call."""
    function.is_apart = True  # type: ignore[attr-defined]  # a mark that only the compiler reads
    return function


def compiled(
    function: Callable[..., Any],
    kinds: dict[str, str],
    number: ir.Type,
    *known: Any,
    triple: str | None = None,
) -> ir.Module:
    """An LLVM module with a C function `void run(task *)`, which does function(task, number, *known).

    kinds: the fields of the task in order, and the kind of each (task.Task.kinds). number: the type of the
    parameters. known: arguments that are fixed at compile time. triple: the system that the code is for, by
    default this one.
    """
    items = {"byte": BYTE, "short": SHORT, "word": WORD, "number": number}
    numbers = {"size": WORD, "real": DOUBLE}
    types = {
        field: (i, numbers[kind], None) if kind in numbers else (i, POINTER, items[kind])
        for i, (field, kind) in enumerate(kinds.items())
    }
    module = ir.Module(function.__name__)
    module.triple = triple or llvm.get_process_triple()
    run = ir.Function(module, ir.FunctionType(NOTHING, [POINTER]), "run")
    builder = ir.IRBuilder(run.append_basic_block())
    task = Fields(Address(run.args[0], WORD), types)
    _Writer(builder, function, (task, number, *known), {}).write()
    if not builder.block.is_terminated:
        builder.ret_void()
    return module


@cache
def _source(function: Callable[..., Any]) -> ast.FunctionDef:
    """The function's syntax tree, with the line numbers of its file."""
    lines, first = inspect.getsourcelines(function)
    tree = ast.parse(textwrap.dedent("".join(lines)))
    ast.increment_lineno(tree, first - 1)
    (definition,) = tree.body
    assert isinstance(definition, ast.FunctionDef)
    return definition


class _Writer(ast.NodeVisitor):
    """Writes one function at the builder's position. visit() of an expression returns its value."""

    def __init__(
        self,
        builder: ir.IRBuilder,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        functions: dict[Any, ir.Function],
    ) -> None:
        """functions: those compiled apart so far; _call adds to them."""
        self._builder, self._function, self._functions = builder, function, functions
        self._source = _source(function)
        names = [argument.arg for argument in self._source.args.args]
        self._names: dict[str, Any] = dict(zip(names, arguments, strict=True))
        self._fixed = set(names)

    def write(self) -> Any:
        """Write all lines and return the value of the `return` on the last one, if there is one."""
        *lines, last = self._source.body
        for line in lines:
            self.visit(line)
        if isinstance(last, ast.Return) and last.value is not None:
            return self.visit(last.value)
        self.visit(last)
        return None

    def visit(self, node: ast.AST) -> Any:
        """The value of an expression; None for a statement. A note on an error names the line."""
        try:
            return super().visit(node)
        except Exception as error:
            if not getattr(error, "__notes__", None):
                file = inspect.getsourcefile(self._function)
                error.add_note(f"{file}:{getattr(node, 'lineno', '?')}, in {self._function.__name__}")
            raise

    def generic_visit(self, node: ast.AST) -> None:
        """Refuse a construct that is not part of the language."""
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
        place, type_, item = self._field(node)
        value = self._builder.load(place, typ=type_)
        return Address(value, item) if item else value

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        array = self.visit(node.value)
        if isinstance(node.slice, ast.Slice):
            assert node.slice.lower is not None
            return Address(array.at(self._builder, self.visit(node.slice.lower)), array.item)
        value = self._builder.load(array.at(self._builder, self.visit(node.slice)), typ=array.item)
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
        if isinstance(function, Operation):
            return function.write(self._builder, *arguments)
        if getattr(function, "is_apart", False):
            return self._call(function, arguments)
        return _Writer(self._builder, function, arguments, self._functions).write()

    # --- statements

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # not a docstring
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        value = self.visit(node.value)
        for target in node.targets:
            self._assign(target, value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        before = self.visit(node.target)
        if isinstance(before, ir.Value) and isinstance(before.type, ir.VectorType):
            raise TypeError(f"a vector is never changed in place: write v = v + w, not {ast.unparse(node)}")
        self._assign(node.target, self._arithmetic(node.op, before, self.visit(node.value)))

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
            return self.generic_visit(node)  # write() handles the one on the last line
        self._builder.ret_void()

    # --- helpers

    def _as(self, value: Value, type_: ir.Type) -> ir.Value:
        return convert(self._builder, value, type_)

    def _lines(self, lines: list[ast.stmt]) -> None:
        for line in lines:
            self.visit(line)

    def _loop(self, test: Callable[[], ir.Value], body: Callable[[], None]) -> None:
        head, inside, end = (self._builder.append_basic_block() for _ in range(3))
        self._builder.branch(head)
        self._builder.position_at_end(head)
        self._builder.cbranch(test(), inside, end)
        self._builder.position_at_end(inside)
        body()
        self._builder.branch(head)
        self._builder.position_at_end(end)

    def _read(self, bound: Any) -> Any:
        """The value of what _bind made."""
        if isinstance(bound, Slot):
            value = self._builder.load(bound.place, typ=bound.place.allocated_type)
            return Address(value, bound.item) if bound.item else value
        return tuple(map(self._read, bound)) if type(bound) is tuple else bound

    def _assign(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Tuple):
            for element, part in zip(target.elts, value, strict=True):
                self._assign(element, part)
        elif isinstance(target, ast.Name):
            if target.id in self._fixed:
                raise TypeError(f"{target.id} is an argument, and cannot be assigned")
            self._names[target.id] = self._bind(self._names.get(target.id), value)
        elif isinstance(target, ast.Attribute):
            place, type_, _ = self._field(target)
            self._builder.store(self._as(value, type_), place)
        elif isinstance(target, ast.Subscript):
            array = self.visit(target.value)
            place = array.at(self._builder, self.visit(target.slice))
            self._builder.store(self._as(value, array.item), place)
        else:
            self.generic_visit(target)

    def _bind(self, bound: Any, value: Any) -> Any:
        """Give a name a value. bound: what the name stood for. Returns what it stands for now.

        That is a Slot, a tuple of them, or a value that is known at compile time.
        """
        if type(value) is tuple:
            return tuple(self._bind(b, v) for b, v in zip(bound or [None] * len(value), value, strict=True))
        if not isinstance(value, ir.Value | Address | int | float):
            return value
        item = value.item if isinstance(value, Address) else None
        if bound is None:
            with self._builder.goto_entry_block():
                place = self._builder.alloca(_type(value))
            place.type = POINTER  # opaque; by default llvmlite still makes it a typed one
            bound = Slot(place, item)
        if bound.item != item:
            raise TypeError(f"a pointer to {bound.item} cannot become a pointer to {item}")
        pointer_or_number = value.pointer if isinstance(value, Address) else value
        self._builder.store(self._as(pointer_or_number, bound.place.allocated_type), bound.place)
        return bound

    def _field(self, node: ast.Attribute) -> tuple[ir.Value, ir.Type, ir.Type | None]:
        """Where a field of the task is, its type, and the type of its items if it is a pointer."""
        task = self.visit(node.value)
        index, type_, item = task.types[node.attr]
        return task.record.at(self._builder, index), type_, item

    def _truth(self, value: Any) -> Any:
        """A Python bool if known at compile time, else one bit."""
        if not isinstance(value, ir.Value):
            return bool(value)
        if value.type == FLAG:
            return value
        return self._builder.icmp_unsigned("!=", value, constant(value.type, 0))

    def _alike(self, a: Value, b: Value) -> tuple[ir.Value, ir.Value]:
        """Both values converted to the wider type of the two.

        A Python number takes the other's type, except that a Python float beside a whole number makes both
        reals.
        """
        type_ = max(
            (_type(value) for value in (a, b) if isinstance(value, ir.Value)), key=_rank, default=WORD
        )
        if isinstance(type_, ir.IntType):
            type_ = max(map(_type, (a, b)), key=_rank)
        return self._as(a, type_), self._as(b, type_)

    def _arithmetic(self, operator_: ast.operator, a: Value, b: Value) -> Value:
        python, for_whole, for_reals = ARITHMETIC[type(operator_)]
        if not isinstance(a, ir.Value) and not isinstance(b, ir.Value):
            return python(a, b)
        a, b = self._alike(a, b)
        instruction = for_whole if isinstance(a.type, ir.IntType) else for_reals
        if not instruction:
            raise TypeError(f"there is no {type(operator_).__name__} for {a.type}")
        return getattr(self._builder, instruction)(a, b)

    def _call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        """Call a function that is compiled apart, once for each combination of argument types.

        Constant vectors (of zeros) stand for a type; they are not passed.
        """
        values = [a if isinstance(a, Address) else self._as(a, _type(a)) for a in arguments]
        known = [isinstance(v, ir.Constant) and isinstance(v.type, ir.VectorType) for v in values]
        passed = [
            v.pointer if isinstance(v, Address) else v for v, k in zip(values, known, strict=True) if not k
        ]
        key = function, tuple(f"to {v.item}" if isinstance(v, Address) else str(v.type) for v in values)
        if key not in self._functions:
            signature = ir.FunctionType(NOTHING, [value.type for value in passed])
            name = f"{function.__name__}.{len(self._functions)}"
            made = self._functions[key] = ir.Function(self._builder.module, signature, name)
            made.linkage = "internal"
            made.attributes.add("noinline")
            builder, received = ir.IRBuilder(made.append_basic_block()), iter(made.args)
            inside: list[Value] = []
            for value, is_known in zip(values, known, strict=True):
                given = value if is_known else next(received)
                inside.append(Address(given, value.item) if isinstance(value, Address) else given)
            _Writer(builder, function, tuple(inside), self._functions).write()
            builder.ret_void()
        self._builder.call(self._functions[key], passed)


def _type(value: Value) -> ir.Type:
    """The LLVM type of a value; Python's own numbers have 64 bits."""
    if isinstance(value, Address):
        return POINTER
    if isinstance(value, ir.Value):
        return value.type
    return DOUBLE if isinstance(value, float) else WORD


def _rank(type_: ir.Type) -> int:
    if isinstance(type_, ir.VectorType):
        return 4
    return {FLAG: 0, WORD: 1}.get(type_, 3 if type_ == DOUBLE else 2)
