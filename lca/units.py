"""The one unit registry, and quantities written as text.

Pint's `ton` is the short ton of 907 kg; here `t`, `ton` and `tonne` are 1000 kg. `image`, `answer`, `token` and the like are
counts that don't cancel each other, so that kWh per image can't be read as kWh per answer.
"""

from __future__ import annotations

import re
import tokenize
from functools import lru_cache

import pint

COUNTS = ("image", "answer", "token", "request", "sample", "step", "job", "model", "unit", "GPU", "parameter")

# Brightway's long names of the units that inventories use, and how pint writes them
LONG_NAMES = {
    "kilogram": "kg",
    "kilowatt hour": "kWh",
    "megajoule": "MJ",
    "cubic meter": "m**3",
    "standard cubic meter": "m**3",
    "square meter": "m**2",
    "square centimeter": "cm**2",
    "ton kilometer": "t*km",
    "gigabyte": "gigabyte",
    "hour": "hour",
    "unit": "unit",
    "kilobecquerel": "kBq",
    "square meter-year": "m**2*year",
}


@lru_cache(maxsize=1)
def registry() -> pint.UnitRegistry[float]:
    """The unit registry that every module shares."""
    ureg: pint.UnitRegistry[float] = pint.UnitRegistry(autoconvert_offset_to_baseunit=True, on_redefinition="ignore")
    ureg.define("ton = 1000 * kilogram")
    for count in COUNTS:
        ureg.define(f"{count} = [{count}]")
    return ureg


def parse(text: str) -> pint.Quantity[float]:
    """Read `0.12 L/kWh` or `5 year` as a quantity.

    Raises `ValueError` with a plain sentence when the number or the unit isn't one.

    >>> parse("1.5 ton").to("kg").magnitude
    1500.0
    >>> parse("20 bananas")
    Traceback (most recent call last):
    ValueError: unknown unit 'bananas'
    """
    if re.search(r"[A-Za-z)]\s+[-+\d]", str(text)) or re.match(r"\s*(?!inf|nan)[A-Za-z]", str(text)):
        raise ValueError(f"'{text}' is not a number with a unit")  # pint takes 2 kg 3 for 6 kg, and kWh for 1 kWh
    if "," in str(text):
        raise ValueError(f"'{text}' has a comma: write decimals with a point, thousands without a mark")
    try:
        return registry().Quantity(str(text))
    except pint.UndefinedUnitError as error:
        names = error.unit_names if isinstance(error.unit_names, str) else ", ".join(error.unit_names)
        raise ValueError(f"unknown unit '{names}'") from None
    except (
        pint.errors.PintError,
        tokenize.TokenError,
        AttributeError,
        TypeError,
        ValueError,
        SyntaxError,
        ArithmeticError,
        AssertionError,
    ):
        raise ValueError(f"'{text}' is not a number with a unit") from None


def convert(text: str, unit: str) -> float:
    """The magnitude of a written quantity in `unit`.

    >>> convert("0.12 L/kWh", "m**3/kWh")
    0.00012
    >>> convert("3 kg", "kWh")
    Traceback (most recent call last):
    ValueError: '3 kg' is not convertible to kWh
    """
    quantity = parse(text)
    try:
        return float(f"{quantity.to(unit).magnitude:.15g}")  # 15 digits: drops the round-off of chained conversions
    except pint.DimensionalityError:
        raise ValueError(f"'{text}' is not convertible to {unit}") from None


def factor(from_unit: str, to_unit: str) -> float:
    """How many `to_unit` one `from_unit` is; Brightway's long names are understood.

    >>> factor("kilowatt hour", "MJ")
    3.6
    """
    source, target = LONG_NAMES.get(from_unit, from_unit), LONG_NAMES.get(to_unit, to_unit)
    return convert(f"1 {source}", target)
