"""Formula cells: arithmetic that a reader can redo, and never a program."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lca.formulas import evaluate, names

NUMBERS = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)


@pytest.mark.parametrize(
    ("formula", "by_hand"),
    [
        ("loss / (1 - loss)", 0.25),  # 0.2 / 0.8
        ("2 + 3 * 4", 14),
        ("2 ** 3 ** 2", 512),  # powers from the right
        ("-2 ** 2", -4),  # the power first
        ("10 - 4 - 3", 3),
        ("8 / 4 / 2", 1),
        ("max(loss, 0.5) + min(1, 2)", 1.5),
        ("exp(log(5)) * sqrt(16)", 20),
        ("1e-3 * 1000", 1),
    ],
)
def test_arithmetic_by_hand(formula, by_hand):
    """Precedence and associativity are those of school, with loss = 0.2."""
    assert float(evaluate(formula, {"loss": 0.2})) == pytest.approx(by_hand, rel=1e-15)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_formula_is_the_same_as_the_same_line_of_python(a, b, c):
    """(a - b) * c + a / 4 by the evaluator is what Python computes, to the last digit."""
    assert float(evaluate("(a - b) * c + a / 4", {"a": a, "b": b, "c": c})) == (a - b) * c + a / 4


@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_arrays_of_draws_are_evaluated_draw_by_draw(values):
    """The array of results is the result of each draw by itself."""
    together = evaluate("max(x, 0) * 3 - x", {"x": np.array(values)})
    assert together.tolist() == [float(evaluate("max(x, 0) * 3 - x", {"x": v})) for v in values]


@pytest.mark.parametrize(
    "formula",
    [
        "__import__('os')",
        "x.y",
        "x[0]",
        "lambda: 1",
        "1 if x else 2",
        "x == 1",
        "'a' * 3",
        "True",
        "1j",
        "x // 2",
        "x % 2",
        "1; 2",
        "",
        "(1",
    ],
)
def test_a_program_is_refused(formula):
    """Attributes, calls, comparisons, strings and statements are not arithmetic."""
    with pytest.raises(ValueError, match=r"other than|not arithmetic"):
        evaluate(formula, {"x": 2.0})


@pytest.mark.parametrize("formula", ["max(a, b, c)", "min(a)", "exp(a, b)", "log()"])
def test_a_function_with_another_number_of_values_is_refused(formula):
    """To numpy a third value of max is the place for the result: c would be overwritten. It is refused, and c stays zero."""
    c = np.zeros(3)
    with pytest.raises(ValueError, match="values instead of"):
        evaluate(formula, {"a": np.ones(3), "b": np.ones(3), "c": c})
    assert c.tolist() == [0, 0, 0]


def test_an_unknown_parameter_is_an_error_and_not_zero():
    """`x + y` without y names y."""
    with pytest.raises(ValueError, match="'y', which is no parameter"):
        evaluate("x + y", {"x": 1.0})


def test_names_are_the_parameters_and_not_the_functions():
    """exp is a function, a1 and b parameters, each once."""
    assert names("exp(a1) * b + b ** 2") == {"a1", "b"}
    assert names("1 + 2") == frozenset()


def test_evaluation_changes_no_parameter():
    """The arrays that go in come out as they were."""
    x = np.array([1.0, 2.0])
    evaluate("-x * 2 + max(x, 1.5)", {"x": x})
    assert x.tolist() == [1.0, 2.0]
    assert math.isclose(float(evaluate("x - x", {"x": 7.0})), 0.0)
