"""A declared value: a number with its unit, its plausible range, and where it came from.

The base of all parts of a study stands here too: frozen, unknown fields refused.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import pydantic
from pydantic import ConfigDict, Field, field_validator, model_validator

from lca.units import convert, parse

Origin = Literal["measured", "supplier", "derived", "estimated", "default"]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Text = Annotated[str, Field(min_length=1)]
Written = Annotated[str, pydantic.WithJsonSchema({"type": ["string", "number"]})]  # a bare number is a ratio


class Part(pydantic.BaseModel):
    """Base of all parts: frozen, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class Quantity(Part):
    """A declared value with its unit, interval, origin and source."""

    value: Written = Field(description="number with unit, for example 0.12 L/kWh")
    low: Written | None = Field(None, description="lower end of the plausible range, same unit")
    high: Written | None = Field(None, description="upper end of the plausible range, same unit")
    origin: Origin
    source: Text = Field(description="id of a source, here or in inventories/sources.csv")
    comment: str = ""

    @field_validator("value", "low", "high", mode="before")
    @classmethod
    def number_to_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def interval_holds_value(self) -> Quantity:
        unit = str(parse(self.value).units) or "dimensionless"
        centre = convert(self.value, unit)
        low = centre if self.low is None else convert(self.low, unit)
        high = centre if self.high is None else convert(self.high, unit)
        if not all(math.isfinite(x) for x in (low, centre, high)):
            raise ValueError("not a finite number")
        if not low <= centre <= high:
            raise ValueError(f"{low} <= {centre} <= {high} does not hold")
        if centre < 0:
            raise ValueError("negative")
        if centre == 0 and high > 0:
            raise ValueError("an interval around 0 can't be scaled: declare a value above 0, or 0 without an interval")
        return self

    def to(self, unit: str) -> float:
        """The central value in `unit`."""
        return convert(self.value, unit)

    def relative(self, offset: float = 0.0) -> tuple[float, float]:
        """Low and high relative to the central value, after `offset` (in the value's own unit) is taken off all three.

        >>> q = Quantity(value="1.2", low="1.1", high="1.4", origin="default", source="s")
        >>> [round(x, 6) for x in q.relative(1.0)]
        [0.5, 2.0]
        """
        unit = str(parse(self.value).units) or "dimensionless"
        centre = convert(self.value, unit) - offset
        ends = [centre if end is None else convert(end, unit) - offset for end in (self.low, self.high)]
        return (ends[0] / centre, ends[1] / centre) if centre else (1.0, 1.0)


def quantity(unit: str) -> Any:
    """A `Quantity` whose unit must be convertible to `unit`."""

    def check(value: Quantity) -> Quantity:
        convert(value.value, unit)
        return value

    return Annotated[Quantity, pydantic.AfterValidator(check), Field(description=f"in {unit}")]
