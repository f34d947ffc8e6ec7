"""Shares and amortisation: pure arithmetic.

A machine's making, transport and end of life are spread over its service: the share of a run is its machine-hours over the hours
that the machine will serve in its whole life, lifetime x 8766 h x active share. It is the time share TiR / EL of the
SCI specification (ISO/IEC 21031), with the idle hours spread over the working ones.
"""

from __future__ import annotations

from collections.abc import Mapping

from lca.errors import Finding, LcaError

HOURS_PER_YEAR = 8766.0


def amortised_share(machine_hours: float, lifetime_years: float, active_share: float) -> float:
    """Share of one machine's life that `machine_hours` take; more than one machine's life gives more than 1.

    >>> amortised_share(8766.0, lifetime_years=4, active_share=0.5)
    0.5
    """
    return machine_hours / (lifetime_years * HOURS_PER_YEAR * active_share)


def shares(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights as shares that sum to 1; `LcaError` if there is nothing to share by.

    >>> shares({"a": 1, "b": 3})
    {'a': 0.25, 'b': 0.75}
    """
    total = sum(weights.values())
    if not total > 0 or min(weights.values()) < 0:
        got = ", ".join(f"{k}: {v:g}" for k, v in weights.items()) or "nothing"
        raise LcaError(Finding("allocation.shares", "error", "allocation", "", got, "weights of zero or more, not all zero", "mend them"))
    return {key: weight / total for key, weight in weights.items()}
