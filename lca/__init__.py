"""Audit reports for the life cycle of AI and data-centre computing.

study, readings     what is declared, what is measured
inventory, factors  the open background, and the impact of one unit of everything in it
activity, stages    how much of which product the study took
ledger              activity data x factors: one table, every figure is a filter and a sum of it
uncertainty, checks how sure, and what a reader must know
statements          the ledger as the tables of a standard
figures, page       what a chapter shows
report, verify      chapters to a bundle; a bundle recomputed and compared
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

__all__ = [
    "Finding",
    "LcaError",
    "assess",
    "check",
    "checks",
    "contributions",
    "evidence",
    "figures",
    "ghg",
    "ledger",
    "life_cycle",
    "materials",
    "page",
    "readings",
    "show",
]

_WHERE = {
    "LcaError": ("lca.errors", "LcaError"),
    "Finding": ("lca.errors", "Finding"),
    "assess": ("lca.assessment", "assess"),
    "check": ("lca.assessment", "check"),
    "checks": ("lca.checks", None),
    "contributions": ("lca.contributions", None),
    "evidence": ("lca.statements.evidence", None),
    "figures": ("lca.figures", None),
    "ghg": ("lca.statements.ghg_protocol", None),
    "ledger": ("lca.ledger", None),
    "life_cycle": ("lca.statements.life_cycle", None),
    "materials": ("lca.statements.materials", None),
    "page": ("lca.page", None),
    "readings": ("lca.readings", None),
    "show": ("lca.page", "show"),
}

if TYPE_CHECKING:
    from lca import checks, contributions, figures, ledger, page, readings
    from lca.assessment import assess, check
    from lca.errors import Finding, LcaError
    from lca.page import show
    from lca.statements import evidence, life_cycle, materials
    from lca.statements import ghg_protocol as ghg


def __getattr__(name: str) -> Any:
    """Public names load what they need when they are first used, so that `lca --help` stays quick."""
    if name not in _WHERE:
        raise AttributeError(f"module 'lca' has no attribute '{name}'")
    module, attribute = _WHERE[name]
    loaded = _import_module(module)
    return getattr(loaded, attribute) if attribute else loaded
