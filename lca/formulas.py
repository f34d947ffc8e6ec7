"""Arithmetic formulas of the inventories, on numbers or on whole arrays of draws.

Only `+ - * / **`, parentheses, numbers, parameter names and a few functions are understood: a formula cell is arithmetic a
reader can redo, never a program.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

FUNCTIONS: dict[str, np.ufunc] = {"min": np.minimum, "max": np.maximum, "exp": np.exp, "log": np.log, "sqrt": np.sqrt}
_BINARY: dict[type[ast.operator], Any] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.true_divide,
    ast.Pow: np.power,
}


@lru_cache(maxsize=4096)
def _tree(formula: str) -> ast.expr:
    try:
        return ast.parse(formula.strip(), mode="eval").body
    except SyntaxError:
        raise ValueError(f"'{formula}' is not arithmetic") from None


def names(formula: str) -> frozenset[str]:
    """The parameters that a formula uses.

    >>> sorted(names("loss / (1 - loss) * max(a, 2)"))
    ['a', 'loss']
    """
    return frozenset(n.id for n in ast.walk(_tree(formula)) if isinstance(n, ast.Name)) - FUNCTIONS.keys()


def evaluate(formula: str, values: Mapping[str, Any]) -> Any:
    """The value of a formula; arrays of draws go in and come out whole.

    Raises `ValueError` for anything that is not arithmetic and for an unknown parameter.

    >>> float(evaluate("share * 2 ** 3", {"share": 0.5}))
    4.0
    >>> evaluate("__import__('os')", {})
    Traceback (most recent call last):
    ValueError: '__import__('os')' uses something other than + - * / ** and min, max, exp, log, sqrt
    """
    return _evaluate(_tree(formula), values, formula)


def _evaluate(node: ast.expr, values: Mapping[str, Any], formula: str) -> Any:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name):
            if name not in values:
                raise ValueError(f"'{formula}' uses '{name}', which is no parameter")
            return values[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_evaluate(left, values, formula), _evaluate(right, values, formula))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand, values, formula)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            if len(args) != FUNCTIONS[name].nin:  # one more would be numpy's place for the result: a parameter overwritten
                raise ValueError(f"'{formula}' gives {name} {len(args)} values instead of {FUNCTIONS[name].nin}")
            return FUNCTIONS[name](*[_evaluate(a, values, formula) for a in args])
    raise ValueError(f"'{formula}' uses something other than + - * / ** and min, max, exp, log, sqrt")
