"""Which functions and classes of a learner's file are still blank, from their source alone."""

import ast

FRAME = {"print", "l2_loss", "calculate_accuracy", "tqdm", "TwoLayerNet"}
TRAINING = {"params", "grads", "backward", "step", "update", "parameters"}  # no training without one of them
SAFE = {"range", "len", "float", "int", "bool", "str", "list", "dict", "tuple", "set", "zip", "enumerate",
        "sum", "min", "max", "abs", "round", "sorted",
        "staticmethod", "property", "type", "object"}  # fmt: skip


def is_blank(node: ast.AST) -> bool:
    """Whether a function does nothing yet: its body only passes, assigns None, unpacks, returns None.

    A class is blank where its forward and backward are; without them, where it has no other method that does
    something.
    """
    if isinstance(node, ast.ClassDef):
        methods = {f.name: f for f in node.body if isinstance(f, ast.FunctionDef)}
        ways = [methods[n] for n in ("forward", "backward") if n in methods]
        others = [f for name, f in methods.items() if not (name.startswith("__") and name != "__call__")]
        return all(map(is_blank, ways or others)) if ways or others else not node.bases
    if not isinstance(node, ast.FunctionDef):
        return False
    if node.name == "train_model" and not _trains(node):
        return True
    arguments = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
    return _inert(node.body, set(), arguments)


def blanks_of(text: bytes) -> list[str]:
    """The functions of a Python file that are still blank, and the methods of its classes: "Net.forward"."""
    last = {
        node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    return [
        name if part is node else f"{name}.{part.name}"
        for name, node in last.items()
        for part in (node.body if isinstance(node, ast.ClassDef) else [node])
        if isinstance(part, ast.FunctionDef) and is_blank(part)
    ]


def _trains(loop: ast.FunctionDef) -> bool:
    """Whether a training loop changes anything, or calls a function that may; if not, it is a blank frame."""
    if not loop.args.args:
        return True
    model = loop.args.args[0].arg
    for node in ast.walk(loop):
        match node:
            case ast.Attribute(attr=name) if name in TRAINING:
                return True
            case ast.Subscript(ctx=ast.Store()):
                return True
            case ast.Call(func=ast.Name(name)) if name not in SAFE | FRAME:
                return True
            case ast.Call(func=ast.Attribute(attr=way) as called) if (
                way != "forward" and root_of(called) == model
            ):
                return True
    return False


def _inert(body: list[ast.stmt], nothing: set[str], given: set[str]) -> bool:
    """Whether statements do nothing; nothing and given: names that are None, or only the arguments."""
    for statement in body:
        match statement:
            case ast.Pass() | ast.Expr(ast.Constant()) | ast.Assert() | ast.Raise():
                if isinstance(statement, ast.Raise) and "NotImplemented" not in ast.dump(statement):
                    return False
            case ast.Return(value):
                parts = value.elts if isinstance(value, ast.Tuple) else [value] if value else []
                empty = [p for p in parts if _is_none(p, nothing)]
                if parts and not (empty and all(_is_none(p, nothing) or _only(p, given) for p in parts)):
                    return False
            case ast.Assign(targets, value):
                names = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
                if any(not isinstance(t, ast.Name | ast.Tuple) for t in targets):
                    return False
                values = value.elts if isinstance(value, ast.Tuple) else [value]
                pairs = _pairs(targets, values)
                if pairs and all(_is_none(v, nothing) or _only(v, given) for _, v in pairs):
                    nothing |= {name for name, v in pairs if _is_none(v, nothing)}
                    given |= {name for name, v in pairs if not _is_none(v, nothing)}
                elif all(_is_none(v, nothing) for v in values):
                    nothing |= names
                elif _only(value, given):
                    given |= names
                else:
                    return False
            case ast.For(body=inner) | ast.While(body=inner) | ast.If(body=inner) | ast.With(body=inner):
                if not _inert(inner, nothing, given):
                    return False
            case _:
                return False
    return True


def _pairs(targets: list[ast.expr], values: list[ast.expr]) -> list[tuple[str, ast.expr]]:
    """Of a, b = x, y: each name with its value; nothing for any other assignment."""
    parts = targets[0].elts if len(targets) == 1 and isinstance(targets[0], ast.Tuple) else []
    if len(parts) != len(values) or not all(isinstance(part, ast.Name) for part in parts):
        return []
    return [(part.id, value) for part, value in zip(parts, values, strict=True) if isinstance(part, ast.Name)]


def _is_none(node: ast.expr, nothing: set[str]) -> bool:
    constant = isinstance(node, ast.Constant) and node.value in (None, ...)
    return constant or (isinstance(node, ast.Name) and node.id in nothing)


def _only(node: ast.expr, given: set[str]) -> bool:
    names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
    plain = all(isinstance(n, ast.Name | ast.Tuple | ast.expr_context) for n in ast.walk(node))
    return plain and bool(names) and all(n in given for n in names)


def root_of(node: ast.expr) -> str:
    """The name that an expression starts from: np of np.random.seed(0); empty if it starts from another."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
