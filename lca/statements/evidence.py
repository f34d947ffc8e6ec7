"""Evidence: what was declared and from where, which files were measured, what the inventories hold and leave out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from lca import ledger as book
from lca import readings
from lca.assessment import Assessment
from lca.contributions import without_assumptions
from lca.inventory import describe
from lca.provenance import sha256
from lca.statements import life_cycle


def scope(a: Assessment) -> pd.DataFrame:
    """Goal, boundary and period as a table of two columns."""
    s = a.study
    shares = ", ".join(f"{100 * v:.3g} % {k}" for k, v in book.measured_share(a.base).items())
    rows = [
        ("study", s.title),
        ("application", s.goal.application),
        ("audience", s.goal.audience),
        ("organisation, consolidation", f"{s.organisation.name}, {s.organisation.consolidation}"),
        ("remark on the organisation", s.organisation.comment or "none"),
        ("period", s.period.replace("/", " to ") + " (end not included)"),
        ("functional units", "; ".join(f"{life_cycle.describe(a, f.id)}: {f.service}" for f in s.functional_units)),
        ("life-cycle stages included", ", ".join(life_cycle.STAGE_NAMES[x].lower() for x in s.boundary.included)),
        ("excluded", "; ".join(e.what for e in s.boundary.excluded) or "nothing declared"),
        ("origin of the energy", shares),
        *((f"assumption {i}", text) for i, text in enumerate(s.assumptions, 1)),
        ("public comparison", "yes: needs a panel review" if s.goal.comparative_assertion else "no"),
        ("draws, seed", f"{s.uncertainty.draws}, {s.uncertainty.seed}"),
    ]
    return pd.DataFrame(rows, columns=["", " "])


def declared(a: Assessment) -> pd.DataFrame:
    """Every declared quantity: path, value, interval, origin, source, comment."""

    def walk(value: Any, path: str) -> Iterator[tuple[str, ...]]:
        if isinstance(value, dict):
            if "value" in value and "origin" in value:
                low, high = value.get("low"), value.get("high")
                ends = f"{low or value['value']} to {high or value['value']}" if low or high else "not declared"
                yield path, value["value"], ends, value["origin"], value["source"], value.get("comment", "")
                return
            for key, part in value.items():
                yield from walk(part, f"{path}.{key}" if path else str(key))
        elif isinstance(value, list):
            for i, part in enumerate(value):
                name = part.get("id", i) if isinstance(part, dict) else i
                yield from walk(part, f"{path}.{name}")

    columns = ["field", "value", "interval", "origin", "source", "comment"]
    return pd.DataFrame(list(walk(a.study.model_dump(mode="json"), "")), columns=columns)


def files(a: Assessment) -> pd.DataFrame:
    """The measured files: hash, reader, zone, records, energy."""
    out = []
    for r in a.study.readings:
        rows = a.readings[(a.readings["reading"] == r.id) & (a.readings["quantity"] == "energy")]
        digest = sha256(a.path.parent / r.file)
        out.append((r.id, r.file, digest, r.reader, r.timezone, len(rows), float(rows["value"].sum()), r.source))
    columns = ["reading", "file", "SHA-256", "reader", "time zone", "records", "energy [kWh]", "source"]
    return pd.DataFrame(out, columns=columns)


def study_sources(a: Assessment) -> pd.DataFrame:
    """Sources that the study names."""
    rows = [(s.id, s.citation, s.url, s.licence) for s in a.study.sources]
    return pd.DataFrame(rows, columns=["source", "citation", "address", "licence"])


def inventory_facts(a: Assessment) -> pd.DataFrame:
    """State and size of the inventories, and how their numbers were obtained."""
    facts = describe(a.factors.inventory)
    rows = [
        ("state (SHA-256 of all tables)", a.factors.inventory.state),
        ("activities", str(facts["activities"])),
        ("exchanges", str(facts["exchanges"])),
        ("parameters", str(facts["parameters"])),
        ("sources", str(facts["sources"])),
        *((f"numbers {kind}", f"{100 * float(str(facts[f'{kind}_share'])):.0f} %") for kind in ("read", "derived", "assumed")),
        ("exchanges not linked", str(a.factors.statistics["unlinked"])),
        ("climate change of the study that passes through an assumed number", f"{100 * assumed_share(a, 'gwp100'):.0f} %"),
    ]
    return pd.DataFrame(rows, columns=["fact", "value"])


def assumed_share(a: Assessment, indicator: str) -> float:
    """Share of the study's life-cycle result that would be missing with every assumed number of the inventories set to zero."""
    rows = book.lca_rows(a.base)
    whole = book.total(rows, indicator)
    firm = without_assumptions(a.factors)[indicator].loc[rows["product"]].to_numpy() * rows["amount"].to_numpy()
    return 1 - float(firm.sum()) / whole if whole else 0.0


def coverage(a: Assessment) -> pd.DataFrame:
    """For each indicator: elementary flows scored, of those that the inventories use, and what the method leaves out."""
    scored: Any = a.factors.statistics["flows_characterised"]
    used = a.factors.statistics["flows_used"]
    rows = [
        (r.label, r.unit, a.completeness(r.indicator), scored[r.indicator], used, r.method.replace("::", ", "), r.comment)
        for r in a.indicators.itertuples()
    ]
    return pd.DataFrame(rows, columns=["indicator", "unit", "completeness", "flows scored", "flows in use", "method", "leaves out"])


def quality(a: Assessment) -> pd.DataFrame:
    """How well each meter was read: records, span, energy, coverage, gaps and flags."""
    found = readings.quality(a.readings[a.readings["quantity"] == "energy"])
    span = [f"{s:%Y-%m-%d %H:%M:%S} to {e:%Y-%m-%d %H:%M:%S}" for s, e in zip(found["start"], found["end"], strict=True)]
    covered = [100 * c for c in found["covered"]]
    out = found[["asset", "meter", "records"]].assign(**{"span [UTC]": span, "energy [kWh]": found["energy_kwh"], "covered [%]": covered})
    counts = ["gaps", "duplicates", "negative", "stuck", "resets"]
    return out.join(found[counts]).assign(method=found["methods"], flags=found["flags"].str.replace(";", ", "))


def energy(a: Assessment) -> pd.DataFrame:
    """Energy at the machines by workload, meter and year, with the rows of the files that it is the sum of."""
    use = a.cases["base"].use
    names = {"ai_stage": "AI stage", "period": "year", "energy_kwh": "energy [kWh]"}
    columns = ["workload", "ai_stage", "role", "asset", "site", "period", "meter", "energy_kwh", "origin", "calculation"]
    return use[columns].rename(columns=names)


def machine_hours(a: Assessment) -> pd.DataFrame:
    """Machine-hours by workload and year."""
    names = {"period": "year", "machine_hours": "machine-hours [h]"}
    return a.cases["base"].hours[["workload", "asset", "period", "machine_hours", "calculation"]].rename(columns=names)
