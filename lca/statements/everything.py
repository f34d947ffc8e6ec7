"""All statements of a study, in the order of the chapters: what the workbook and the list of figures hold."""

from __future__ import annotations

from lca.assessment import Assessment
from lca.statements import ghg_protocol, life_cycle, materials
from lca.statements.cells import Statement


def statements(a: Assessment, indicator: str = "gwp100") -> list[Statement]:
    """Every statement that a report prints."""
    units = [fu.id for fu in a.study.functional_units]
    out = [life_cycle.by_stage(a, u) for u in units]
    out += [life_cycle.by_component(a, u) for u in units]
    out.append(life_cycle.all_indicators(a, "ef31"))
    out += [life_cycle.scenarios(a, u) for u in units]
    out += [life_cycle.differences(a, u, indicator) for u in units]
    out += [ghg_protocol.statement(a), ghg_protocol.bridge(a, "location"), ghg_protocol.bridge(a, "market")]
    out += [materials.indicators(a, u) for u in units]
    out += [life_cycle.end_of_life_rules(a, u) for u in units]
    return out
