"""The inventories as an openLCA package: JSON-LD in a zip, by olca-schema.

Processes with formulas and uncertainty, parameters as global parameters, flows, sources, locations, and one impact method that holds every
indicator. Elementary flows of Brightway's `biosphere3` keep their UUID, which openLCA's own lists share; everything of ours has a
UUID made of its code, so that a second export is the same package. Units are openLCA's reference units.
"""

from __future__ import annotations

import ast
import math
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import olca_schema as olca
from olca_schema import units, zipio

from lca import brightway
from lca.inventory import Inventory
from lca.pedigree import Z95, Spread, spreads

NAMESPACE = uuid.UUID("5e0c7a5e-5a0f-5c1e-9b53-1c4a0e0f7c11")
SYMBOL = {  # Brightway's long names: openLCA's symbol and how many of the group's reference units it is
    "kilogram": ("kg", 1.0),
    "kilowatt hour": ("kWh", 3.6),
    "megajoule": ("MJ", 1.0),
    "cubic meter": ("m3", 1.0),
    "standard cubic meter": ("m3", 1.0),
    "square meter": ("m2", 1.0),
    "square centimeter": ("cm2", 1e-4),
    "ton kilometer": ("t*km", 1.0),
    "hour": ("h", 1.0),
    "unit": ("Item(s)", 1.0),
    "kilobecquerel": ("kBq", 1.0),
    "square meter-year": ("m2*a", 1.0),
    "gigabyte": ("GB", 1.0),
}
REFERENCE = {"Units of energy": "MJ", "Units of area": "m2"}  # groups whose reference unit may not be among those used


def export(inventory: Inventory, path: Path) -> int:
    """Write the package whole or not at all; returns the number of entities."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.writing")
    scratch.unlink(missing_ok=True)
    count = 0
    try:
        with zipio.ZipWriter(scratch) as package:
            for entity in entities(inventory):
                package.write(entity)
                count += 1
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
    return count


def entities(inventory: Inventory) -> Iterator[Any]:
    """Everything in the package, in a fixed order."""
    yield from _unit_groups()
    for place in sorted(set(inventory.activities["geography"])):
        yield olca.Location(id=_id("location", place), name=place, code=place)
    for row in inventory.sources.itertuples():
        link = str(row.doi_or_url)
        yield olca.Source(id=_id("source", row.source), name=row.source, text_reference=row.citation, url=link, year=int(row.year))
    for row, spread in zip(inventory.parameters.to_dict("records"), spreads(inventory)[0], strict=True):
        yield olca.Parameter(
            id=_id("parameter", row["parameter"]),
            name=row["parameter"],
            value=float(row["value"]),
            is_input_parameter=True,
            parameter_scope=olca.ParameterScope.GLOBAL_SCOPE,
            description=f"[{row['unit']}] {_cited(row)}",
            uncertainty=_uncertainty(spread, float(row["value"])),
        )
    flows = {r.flow: r for r in inventory.flows.itertuples()}
    for r in flows.values():
        yield olca.Flow(
            id=_flow_id(r),
            name=r.name,
            category="Elementary flows/" + r.categories.replace("::", "/"),
            flow_type=olca.FlowType.ELEMENTARY_FLOW,
            flow_properties=[olca.FlowPropertyFactor(flow_property=_property(r.unit), conversion_factor=1.0, is_ref_flow_property=True)],
            description=r.comment,
        )
    for r in inventory.activities.itertuples():
        yield olca.Flow(
            id=_id("product", r.activity),
            name=f"{r.product}, {r.geography}",
            category=_folder(r.file),
            flow_type=olca.FlowType.PRODUCT_FLOW,
            flow_properties=[olca.FlowPropertyFactor(flow_property=_property(r.unit), conversion_factor=1.0, is_ref_flow_property=True)],
        )
    yield from _processes(inventory, flows)
    yield from _method(inventory, flows)


def _processes(inventory: Inventory, flows: dict[str, Any]) -> Iterator[olca.Process]:
    product = {r.activity: r for r in inventory.activities.itertuples()}
    spread = dict(zip(inventory.exchanges.index, spreads(inventory)[1], strict=True))
    of_activity = dict(list(inventory.exchanges.groupby("activity", sort=False)))
    for r in product.values():
        made = olca.Exchange(
            internal_id=1,
            flow=_product(r),
            amount=1.0,
            is_quantitative_reference=True,
            is_input=False,
            is_avoided_product=False,
            unit=_unit(r.unit),
            flow_property=_property(r.unit),
        )
        exchanges, cited = [made], []
        for number, (index, e) in enumerate(of_activity[r.activity].iterrows(), 2):
            biosphere = e["type"] == "biosphere"
            flow = flows[e["input"]] if biosphere else product[e["input"]]
            cited.append(e["source"])
            exchanges.append(
                olca.Exchange(
                    internal_id=number,
                    flow=olca.Ref(id=_flow_id(flow), name=flow.name, ref_type=olca.RefType.Flow) if biosphere else _product(flow),
                    amount=float(e["amount"]),
                    amount_formula=formula(e["formula"]) if e["formula"] else None,
                    is_input=not biosphere or flow.categories.startswith("natural resource"),
                    is_avoided_product=e["type"] == "substitution",
                    is_quantitative_reference=False,
                    unit=_unit(flow.unit),
                    flow_property=_property(flow.unit),
                    default_provider=None if biosphere else _process(flow),
                    description=_cited(e),
                    uncertainty=_uncertainty(spread[index], float(e["amount"])),
                )
            )
        yield olca.Process(
            id=_id("process", r.activity),
            name=r.name,
            category=_folder(r.file),
            process_type=olca.ProcessType.UNIT_PROCESS,
            location=olca.Ref(id=_id("location", r.geography), name=r.geography, ref_type=olca.RefType.Location),
            description=f"{r.activity}. {r.comment}",
            exchanges=exchanges,
            last_internal_id=len(exchanges),
            process_documentation=olca.ProcessDocumentation(
                valid_from=f"{int(r.year)}-01-01",
                valid_until=f"{int(r.year)}-12-31",
                sources=[olca.Ref(id=_id("source", s), name=s, ref_type=olca.RefType.Source) for s in sorted(set(cited))],
            ),
        )


def formula(text: str) -> str:
    """A formula as openLCA reads it: arguments apart by semicolons, `ln` for the natural logarithm, every operation in parentheses.

    >>> formula("max(0, a - b) / log(c) ** 2")
    '(max(0; (a-b))/(ln(c)^2))'
    """
    return _formula(ast.parse(text.strip(), mode="eval").body)


def _formula(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=value):
            return repr(value)
        case ast.Name(id=name):
            return name
        case ast.UnaryOp(operand=operand):
            return f"(0-{_formula(operand)})"
        case ast.BinOp(left=left, op=op, right=right):
            sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "^"}[type(op)]
            return f"({_formula(left)}{sign}{_formula(right)})"
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return f"{'ln' if name == 'log' else name}({'; '.join(map(_formula, arguments))})"
    raise ValueError(f"no arithmetic: {ast.dump(node)}")


def _method(inventory: Inventory, flows: dict[str, Any]) -> Iterator[Any]:
    factors = dict(list(brightway.characterisation(inventory).groupby("indicator", sort=False)))
    references = []
    for r in inventory.indicators.itertuples():
        if r.indicator not in factors:
            continue
        mine = [
            olca.ImpactFactor(
                flow=olca.Ref(id=_flow_id(flows[f.flow]), name=flows[f.flow].name, ref_type=olca.RefType.Flow),
                unit=_unit(flows[f.flow].unit),
                flow_property=_property(flows[f.flow].unit),
                value=float(f.factor),
            )
            for f in factors[r.indicator].itertuples()
        ]
        key = _id("indicator", r.indicator)
        references.append(olca.Ref(id=key, name=r.label, ref_type=olca.RefType.ImpactCategory))
        yield olca.ImpactCategory(id=key, name=r.label, code=r.indicator, ref_unit=r.unit, impact_factors=mine, description=r.method)
    yield olca.ImpactMethod(id=_id("method", "all"), name="Indicators of the audit reports", impact_categories=references)


def _unit_groups() -> Iterator[Any]:
    groups: dict[str, list[tuple[str, float]]] = {}
    for symbol, factor in dict(SYMBOL.values()).items():
        groups.setdefault(_group(symbol).name or "", []).append((symbol, factor))
    for name, members in groups.items():
        group, quantity = _group(members[0][0]), _quantity(members[0][0])
        reference = REFERENCE.get(name, members[0][0])
        listed = [olca.Unit(id=_symbol(s).id, name=s, conversion_factor=f, is_ref_unit=s == reference) for s, f in members]
        yield olca.UnitGroup(id=group.id, name=name, default_flow_property=quantity, units=listed)
        yield olca.FlowProperty(
            id=quantity.id, name=quantity.name, unit_group=group, flow_property_type=olca.FlowPropertyType.PHYSICAL_QUANTITY
        )


def _id(kind: str, code: object) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{kind}:{code}"))


def _flow_id(flow: Any) -> str:
    return flow.code if flow.database == "biosphere3" else _id("flow", flow.flow)


def _folder(file: str) -> str:
    return file.split("/")[0]


def _product(row: Any) -> olca.Ref:
    return olca.Ref(id=_id("product", row.activity), name=f"{row.product}, {row.geography}", ref_type=olca.RefType.Flow)


def _process(row: Any) -> olca.Ref:
    return olca.Ref(id=_id("process", row.activity), name=row.name, ref_type=olca.RefType.Process)


def _symbol(symbol: str) -> olca.Ref:
    return units.unit_ref(symbol) or olca.Ref(id=_id("unit", symbol), name=symbol, ref_type=olca.RefType.Unit)


def _group(symbol: str) -> olca.Ref:
    return units.group_ref(symbol) or olca.Ref(id=_id("units of", symbol), name="Units of storage", ref_type=olca.RefType.UnitGroup)


def _quantity(symbol: str) -> olca.Ref:
    known = units.property_ref(symbol)
    return known or olca.Ref(id=_id("quantity of", symbol), name="Storage capacity", ref_type=olca.RefType.FlowProperty)


def _unit(long_name: str) -> olca.Ref:
    return _symbol(SYMBOL[long_name][0])


def _property(long_name: str) -> olca.Ref:
    return _quantity(SYMBOL[long_name][0])


def _cited(row: Any) -> str:
    facts = ", ".join(str(row[k]) for k in ("source", "locator", "basis", "year", "geography", "technology") if row[k] not in ("", None))
    return f"{facts}. {row['comment']}".strip()


def _uncertainty(spread: Spread, amount: float) -> olca.Uncertainty | None:
    if spread.distribution == "lognormal":
        scale = math.log(spread.high / spread.low) / (2 * Z95)
        kind, middle = olca.UncertaintyType.LOG_NORMAL_DISTRIBUTION, amount * math.exp(-(scale**2) / 2)
        return olca.Uncertainty(distribution_type=kind, geom_mean=middle, geom_sd=math.exp(scale))
    if spread.distribution == "triangular":
        kind = olca.UncertaintyType.TRIANGLE_DISTRIBUTION
        return olca.Uncertainty(distribution_type=kind, minimum=spread.low, mode=spread.mode, maximum=spread.high)
    if spread.distribution == "uniform":
        return olca.Uncertainty(distribution_type=olca.UncertaintyType.UNIFORM_DISTRIBUTION, minimum=spread.low, maximum=spread.high)
    return None
