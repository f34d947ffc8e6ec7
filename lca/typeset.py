"""The report as a typeset PDF: what an auditor reads on paper and signs.

It prints the same figures as the page, with the same digits; in place of links, every line of a statement names the ledger rows that it
sums. The ledger itself stays in `ledger.csv`. Texts reach the typesetter as data, never as markup, and fonts are those that the
typesetter and matplotlib bring along, so the same results give the same bytes on every machine.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import typst

from lca import figures
from lca.assessment import Assessment
from lca.errors import Finding
from lca.page import interval, number
from lca.statements import Cell, Statement, evidence, ghg_protocol, life_cycle
from lca.workbook import spans

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
Part = dict[str, Any]  # one piece of the document, as the template knows it: heading, text, list, code, figure, table, landscape
PRINTED = ("ledger.csv", "readings.parquet", "figures.json", "indicators.csv", "checks.json", "disclosure.xlsx")


def write(a: Assessment, statements: list[Statement], findings: list[Finding], manifest: dict[str, Any], path: Path) -> None:
    """Write the PDF. `manifest` needs code, seed, draws, inventories, environment; if it has `files`, their hashes are printed."""
    path.write_bytes(compiled(document(a, statements, findings, manifest)))


def compiled(report: Part) -> bytes:
    """The document as PDF: no date, no fonts of the machine, no network."""
    return typst.compile(TEMPLATE, format="pdf", pdf_standards=["ua-1"], **inputs(report))


def inputs(report: Part) -> dict[str, Any]:
    """What the typesetter is given besides the template."""
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[Path(mpl.get_data_path()) / "fonts" / "ttf"])
    return {"root": TEMPLATE.parent, "font_paths": fonts, "sys_inputs": {"report": json.dumps(report)}}


def document(a: Assessment, statements: list[Statement], findings: list[Finding], manifest: dict[str, Any]) -> Part:
    """Everything that is printed, as plain data."""
    s, period = a.study, a.study.period.replace("/", " to ")
    indicator = str(manifest["parameters"].get("indicator", "gwp100"))
    return {
        "title": s.title,
        "subtitle": "Audit report of a life-cycle assessment, with a GHG-Protocol statement",
        "organisation": s.organisation.name,
        "period": f"{period} (end not included)",
        "running": f"{s.organisation.name}, {period}",
        "state": f"inventories {manifest['inventories']['state'][:12]}, code {manifest['code'][:12]}",
        "cards": [_card(title, note, c) for title, note, c in life_cycle.headlines(a).cards],
        "sure": f"Figures are computed with the central value of every input; the range holds 95 % of {s.uncertainty.draws} draws of all "
        "declared uncertainties. What is missing below widens no range.",
        "facts": evidence.scope(a).iloc[1:].to_numpy().tolist(),
        "warnings": _warnings([f for f in findings if f.severity != "note"]),
        "parts": [
            *_measured(a),
            *_impacts(a, statements, indicator),
            *_scenarios(a, statements, indicator),
            *_ghg(a, statements),
            *_evidence(a, findings),
            *_recompute(manifest),
        ],
    }


def _card(title: str, note: str, c: Cell) -> Part:
    value, ends = _entry(c)
    rows = f"{len(c.rows)} ledger rows: {spans(c.row_numbers)}"
    return {"title": title, "value": value, "unit": c.unit, "range": ends and f"95 % range {ends} {c.unit}", "note": f"{note}; {rows}"}


def _warnings(findings: list[Finding]) -> list[tuple[str, str]]:
    """Findings of a kind as one line: what was found where, and what was expected."""
    groups: dict[tuple[str, str], dict[str, list[str]]] = {}
    for f in findings:
        expected = "" if f.rule == "boundary.excluded" else f.expected
        groups.setdefault((f.rule, expected), {}).setdefault(f.got, []).append(f.where or f.file)
    out = []
    for (rule, expected), places in groups.items():
        said = "; ".join(got if rule == "boundary.excluded" else f"{', '.join(where)}: {got}" for got, where in places.items())
        out.append((rule, said + (f". Expected: {expected}" if expected else "")))
    return out


def _measured(a: Assessment) -> list[Part]:
    hours = evidence.machine_hours(a)
    return [
        _heading("Measured data and its quality"),
        _text("What meters and tools recorded, over which time, with which gaps. Nothing is filled: a gap stays a gap."),
        _figure(figures.origins(a)),
        *[_figure(d) for d in figures.power(a)],
        _frame(evidence.machine_hours(a), "Machine-hours", [2] * (len(hours.columns) - 1) + [4]),
        _frame(life_cycle.ai_stages(a), "Facility energy by stage of the AI life cycle; a stage without data is missing, not zero", [2, 2, 2, 4]),
        {
            "kind": "landscape",
            "parts": [
                _frame(evidence.quality(a), "Readings by asset and meter", [0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 3]),
                _frame(evidence.energy(a), "Energy at the machines; the facility's overhead is added once, in the ledger", [0] * 9 + [1]),
            ],
        },
    ]


def _impacts(a: Assessment, statements: list[Statement], indicator: str) -> list[Part]:
    process = f"Processes with the largest emissions of their own: {a.label(indicator)} [{a.unit(indicator)}], whole study"
    return [
        _heading("Life-cycle impacts"),
        _text(
            "Impacts of one functional unit. Goods are spread over their service life (cut-off at end of life, recovered materials apart); "
            "electricity is location-based. Below each figure stands the range that holds 95 % of the draws; the last column names the rows "
            "of ledger.csv that a line sums."
        ),
        *[_figure(figures.stages(a, u.id)) for u in a.study.functional_units],
        _frame(life_cycle.processes(a, indicator), process, [6, 1, 1]),
        _wide(statements, "stage_", "component_", "credits_"),
        *_tables(statements, "indicators_"),
    ]


def _scenarios(a: Assessment, statements: list[Statement], indicator: str) -> list[Part]:
    start = [_heading("Scenarios"), _text("Each scenario overrides fields of the study and nothing else; all use the same draws.")]
    if not a.study.scenarios:
        return [*start, _text("No scenario is declared.")]
    return [
        *start,
        *[_figure(figures.scenarios(a, u.id, indicator)) for u in a.study.functional_units],
        *_tables(statements, "differences_"),
        _frame(life_cycle.overrides(a), "What each scenario changes", [2, 4, 4, 2]),
        _wide(statements, "scenarios_"),
    ]


def _ghg(a: Assessment, statements: list[Statement]) -> list[Part]:
    return [
        _heading("GHG-Protocol statement"),
        _text(
            "Capital goods are booked in full in the year of purchase. Scope 2 is two numbers and neither replaces the other. The bridge "
            "leads from the life-cycle total to the inventory; each difference is a line with its ledger rows."
        ),
        _figure(figures.ghg(a)),
        *_tables(statements, "ghg"),
        _frame(ghg_protocol.instruments(a), "Instruments behind the market-based figure", [2, 3, 2, 3, 2, 1, 2, 2]),
        *_tables(statements, "bridge_"),
    ]


def _evidence(a: Assessment, findings: list[Finding]) -> list[Part]:
    measured = evidence.files(a)
    cited = {s.id for s in a.study.sources}
    others = a.factors.inventory.sources.loc[lambda t: ~t["source"].isin(cited), ["source", "citation", "doi_or_url", "licence"]]
    return [
        _heading("Evidence and limits"),
        _frame(evidence.declared(a), "Declared values with origin and source", [5, 2, 4, 2, 3, 6]),
        _frame(measured.drop(columns="SHA-256"), "Measured files", [3, 5, 2, 3, 0, 0, 3]),
        _frame(measured[["file", "SHA-256"]], "Hashes of the measured files", [1, 0]),
        _frame(evidence.study_sources(a), "Sources named by the study", [2, 6, 4, 2]),
        _heading("The inventories", 2),
        _frame(evidence.inventory_facts(a), "State of the inventories", [1, 2]),
        _frame(evidence.coverage(a), "Elementary flows that each method scores, of those in use", [4, 2, 1, 1, 5, 5]),
        _frame(others.set_axis(["source", "citation", "address", "licence"], axis=1), "Sources of the inventories", [2, 6, 4, 2]),
        _heading("All findings of the checks", 2),
        _frame(_found(findings), "Findings, worst first", [2, 4, 4, 5, 4, 4]),
        _heading("Limits", 2),
        {"kind": "list", "items": list(LIMITS)},
    ]


LIMITS = (
    "Results describe the declared boundary; the exclusions on page one are not zero.",
    "Ranges hold what the inventories and the study declare as uncertain; a process that is missing altogether widens none of them.",
    "Production data of accelerators are public estimates, not the makers' own.",
    "A comparison between products for the public needs a critical review by a panel (ISO 14044, 6.3).",
)


def _found(findings: list[Finding]) -> pd.DataFrame:
    rows = [(f.severity, f.rule, f"{f.file}, {f.where}" if f.where else f.file, f.got, f.expected, f.fix) for f in findings]
    return pd.DataFrame(rows, columns=["severity", "rule", "where", "found", "expected", "what to do"])


def _recompute(manifest: dict[str, Any]) -> list[Part]:
    hashes = {k: v for k, v in manifest.get("files", {}).items() if k in PRINTED or k.startswith("inputs/study/")}
    facts = {"study": manifest["study"], "rows of the ledger": manifest["ledger_rows"], "draws": manifest["draws"], "seed": manifest["seed"]}
    facts |= {"state of the inventories": manifest["inventories"]["state"], "code": manifest["code"]}
    facts |= {f"parameter {k}": v for k, v in (manifest["parameters"] | manifest["overrides"]).items()}
    made = [("Python" if k == "python" else k, v) for k, v in manifest["environment"].items()]
    return [
        _heading("How to recompute"),
        _text(
            "This document belongs to a bundle. There, ledger.csv is the ledger that row numbers here refer to, one line per row; "
            "disclosure.xlsx holds ledger and statements; report.html opens every figure to its rows, products and sources; inputs/ holds study, "
            "readings, inventories and chapters. From these alone, the command below computes everything again and compares every number and "
            "every hash of manifest.json:"
        ),
        {"kind": "code", "text": "lca verify FOLDER-OF-THE-BUNDLE"},
        _frame(pd.DataFrame([(k, str(v)) for k, v in facts.items()], columns=["what", "value"]), "What the result depends on", [1, 0]),
        *([_frame(pd.DataFrame(hashes.items(), columns=["file", "SHA-256"]), "Files of the bundle", [1, 0])] if hashes else []),
        _frame(pd.DataFrame(made, columns=["package", "version"]), "What computed it", [1, 2]),
    ]
