"""LLVM types and values, as the compiler and the operations write them.

Pointers are opaque (`ptr`): LLVM does not record what a pointer points to. An Address keeps that beside it.
"""

from dataclasses import dataclass
from typing import Any

from llvmlite import ir

BYTE, SHORT, INT, WORD, FLAG = (ir.IntType(bits) for bits in (8, 16, 32, 64, 1))
FLOAT, DOUBLE = ir.FloatType(), ir.DoubleType()
POINTER, NOTHING = ir.PointerType(), ir.VoidType()

Value = Any  # an LLVM value, or a Python number that is known at compile time


@dataclass(frozen=True)
class Address:
    """Where an array begins: the pointer, and the LLVM type of the array's items."""

    pointer: ir.Value
    item: ir.Type

    def at(self, builder: ir.IRBuilder, i: Value) -> ir.Value:
        """The pointer to item i."""
        return builder.gep(self.pointer, [convert(builder, i, WORD)], source_etype=self.item)


def constant(to: ir.Type, number: float) -> ir.Constant:
    """The number as a constant of the given type; for a vector type, repeated in every lane."""
    is_vector = isinstance(to, ir.VectorType)
    return ir.Constant(to, [number] * to.count if is_vector else number)


def convert(builder: ir.IRBuilder, value: Value, to: ir.Type) -> ir.Value:
    """The value converted to another type. A single number becomes a vector that repeats it.

    TypeError for a floating-point value where a whole number is expected.
    """
    if isinstance(value, bool | int | float):
        return constant(to, value)
    if value.type == to:
        return value
    if isinstance(to, ir.VectorType):
        first = builder.insert_element(
            ir.Constant(to, ir.Undefined), convert(builder, value, to.element), ir.Constant(WORD, 0)
        )
        return builder.shuffle_vector(first, first, constant(ir.VectorType(INT, to.count), 0))
    if isinstance(value.type, ir.IntType) and isinstance(to, ir.IntType):
        return (builder.zext if value.type.width < to.width else builder.trunc)(value, to)
    if isinstance(value.type, ir.IntType):
        return builder.uitofp(value, to)
    if isinstance(to, ir.IntType):
        raise TypeError(f"expected a whole number; got a value of type {value.type}")
    return (builder.fpext if to == DOUBLE else builder.fptrunc)(value, to)


def call(builder: ir.IRBuilder, name: str, result: ir.Type, *arguments: ir.Value) -> ir.Value:
    """Call a C function, or an LLVM intrinsic, by its name."""
    module, signature = builder.module, ir.FunctionType(result, [argument.type for argument in arguments])
    function = module.globals.get(name) or ir.Function(module, signature, name)
    return builder.call(function, arguments)
