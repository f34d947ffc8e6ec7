"""The annexes of a report page: the ledger row by row, a card for every product, parameters, measured files and sources.

They are the far end of every link: a figure opens to ledger rows, a row leads to its product's card and to its source, a card's
exchanges lead to parameters and sources with their locators.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from lca import formulas
from lca.assessment import Assessment
from lca.declaration import SCENARIO
from lca.inventory import Inventory
from lca.page import escape, number
from lca.pedigree import spreads

SHOWN = ("gwp100", "water_consumption")


def ledger(a: Assessment) -> str:
    """All ledger rows with anchors `row-N`."""
    names = [i for i in SHOWN if i in a.ledger.columns]
    heads = ["row", "scenario", "year", "workload", "asset", "stage", "component", "product", "amount", "unit", "origin"]
    heads += ["scope", "view", "accounting", *(f"{a.label(i)} [{a.unit(i)}]" for i in names), "calculation", "source"]
    files = {r.file.rsplit("/", 1)[-1]: r.id for r in a.study.readings}
    body = "".join(_ledger_row(r, names, files) for r in a.ledger.to_dict("records"))
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    return f'<div class="statement small"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _ledger_row(r: dict[str, Any], names: list[str], files: dict[str, str]) -> str:
    scope = f"{r['scope']}, cat. {r['category']}" if r["category"] else r["scope"]
    cells = [f'<a href="#row-{r["row"]}">{r["row"]}</a>']
    cells += [escape(r[c]) for c in ("scenario", "period", "workload", "asset", "life_cycle_stage", "component")]
    cells.append(f'<a href="#product-{escape(r["product"])}">{escape(r["product"])}</a>')
    cells += [f"<data value={r['amount']!r}>{number(r['amount'])}</data>", escape(r["unit"]), escape(r["origin"])]
    cells += [escape(scope), escape(r["view"]), escape(r["accounting"])]
    cells += [f"<data value={r[i]!r}>{number(r[i])}</data>" for i in names]
    cells += [escape(r["calculation"]), sources(r["source"], files)]
    return f'<tr id="row-{r["row"]}">' + "".join(f"<td>{c}</td>" for c in cells) + "</tr>"


def sources(text: str, files: dict[str, str]) -> str:
    """The sources of a row as links: measured files to their entry, citations to theirs."""
    out = []
    for part in text.split("; "):
        match = re.fullmatch(r"(.+)@sha256:([0-9a-f]+)#rows (.+)", part)
        if match and match[1] in files:
            lines = match[3].replace("-", "–").replace(",", ", ")
            out.append(f'<a href="#reading-{escape(files[match[1]])}">{escape(match[1])}</a>, lines {escape(lines)}')
        elif part:
            out.append(f'<a href="#source-{escape(part)}">{escape(part)}</a>')
    return "; ".join(dict.fromkeys(out))


def reachable(inventory: Inventory, products: set[str]) -> list[str]:
    """Products of the ledger and everything that they need, in the order of the inventories."""
    inputs = inventory.exchanges[inventory.exchanges["type"] != "biosphere"].groupby("activity")["input"].agg(list).to_dict()
    seen, open_ends = set(products), list(products)
    while open_ends:
        for code in inputs.get(open_ends.pop(), []):
            if code not in seen:
                seen.add(code)
                open_ends.append(code)
    return [code for code in inventory.activities["activity"] if code in seen]


def products(a: Assessment) -> str:
    """A card for every product that the study needs, with anchors `product-CODE`."""
    inventory = a.factors.inventory
    codes = reachable(inventory, set(a.ledger["product"]))
    with_spread = inventory.exchanges.assign(spread=spreads(inventory)[1])
    by_activity = {str(code): rows for code, rows in with_spread.groupby("activity")}
    activities = inventory.activities.set_index("activity")
    return "".join(_card(a, code, activities.loc[code], by_activity[code]) for code in codes)


def _card(a: Assessment, code: str, activity: pd.Series, exchanges: pd.DataFrame) -> str:
    body = "".join(_exchange(r) for r in exchanges.to_dict("records"))
    scores = ", ".join(
        f"{number(float(a.factors.table.at[code, i]))} {escape(a.unit(i))} ({escape(a.label(i))})" for i in SHOWN if i in a.factors.table
    )
    mass = ""
    if pd.notna(activity["mass"]):
        locator, source = escape(activity["mass_locator"]), escape(activity["mass_source"])
        mass = f'<p>Mass: {activity["mass"]:g} kg, {activity["mass_basis"]}, <a href="#source-{source}">{source}</a>, {locator}.</p>'
    head = "".join(
        f"<th>{h}</th>" for h in ("input or flow", "amount", "unit", "formula", "interval", "basis", "source, locator", "comment")
    )
    return (
        f'<details class="card-product" id="product-{escape(code)}">'
        f"<summary><b>{escape(activity['name'])}</b> <code>{escape(code)}</code></summary>"
        f"<p>1 {escape(activity['unit'])} of {escape(activity['product'])}, {escape(activity['geography'])}, {activity['year']}: {scores}. "
        f"{escape(activity['comment'])} Row {activity['line']} of {escape(activity['file'])}.</p>{mass}"
        f'<div class="statement small"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>'
    )


def _exchange(r: dict[str, Any]) -> str:
    name = escape(r["input"])
    link = name if r["type"] == "biosphere" else f'<a href="#product-{name}">{name}</a>'
    formula = escape(r["formula"])
    for parameter in sorted(formulas.names(r["formula"]), key=len, reverse=True) if r["formula"] else []:
        formula = re.sub(rf"(?<![\w-])({re.escape(parameter)})(?![\w-])", r'<a href="#parameter-\1">\1</a>', formula)
    source = f'<a href="#source-{escape(r["source"])}">{escape(r["source"])}</a>, {escape(r["locator"])}'
    cells = [link, number(r["amount"]), escape(r["unit"]), formula, "by formula" if formula else _ends(r), r["basis"], source]
    where = f"{escape(r['comment'])} <small>{escape(r['file'])} line {r['line']}</small>"
    return "<tr>" + "".join(f"<td>{c}</td>" for c in [*cells, where]) + "</tr>"


def _ends(r: dict[str, Any]) -> str:
    """The interval, and behind it the five scores of the pedigree if it was computed from facts."""
    spread = r["spread"]
    if spread.distribution == "none":
        return "exact"
    pedigree = f" ({', '.join(map(str, spread.scores))})" if spread.scores else ""
    return f"{number(spread.low)} to {number(spread.high)}{pedigree}"


def parameters(a: Assessment) -> str:
    """The parameters that the study's products use, with anchors `parameter-NAME`."""
    inventory = a.factors.inventory
    codes = set(reachable(inventory, set(a.ledger["product"])))
    mine = inventory.exchanges[inventory.exchanges["activity"].isin(codes) & (inventory.exchanges["formula"] != "")]
    used = set().union(*(formulas.names(f) for f in mine["formula"])) if len(mine) else set()
    known = inventory.parameters.assign(spread=spreads(inventory)[0])
    rows = known[known["parameter"].isin(used)].sort_values("parameter")
    body = "".join(
        f'<tr id="parameter-{escape(r["parameter"])}"><td><code>{escape(r["parameter"])}</code></td><td>{number(r["value"])}</td>'
        f"<td>{escape(r['unit'])}</td>"
        f"<td>{_ends(r)}</td>"
        f"<td>{escape(r['basis'])}</td>"
        f'<td><a href="#source-{escape(r["source"])}">{escape(r["source"])}</a>, {escape(r["locator"])}</td>'
        f"<td>{escape(r['comment'])} <small>{escape(r['file'])} line {r['line']}</small></td></tr>"
        for r in rows.to_dict("records")
    )
    head = "".join(f"<th>{h}</th>" for h in ("parameter", "value", "unit", "interval", "basis", "source, locator", "comment"))
    return f'<div class="statement small"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def measured_files(a: Assessment) -> str:
    """The measured files with anchors `reading-ID`; the links open the copies inside the bundle."""
    from lca.statements.evidence import files

    body = ""
    for r in files(a).to_dict("records"):
        name, source = escape(r["file"]), escape(r["source"])
        cells = [escape(r["reading"]), f'<a href="inputs/study/{name}">{name}</a>', f"<code>{r['SHA-256']}</code>"]
        cells += [escape(r["reader"]), escape(r["time zone"]), str(r["records"]), number(r["energy [kWh]"])]
        cells.append(f'<a href="#source-{source}">{source}</a>')
        body += f'<tr id="reading-{escape(r["reading"])}">' + "".join(f"<td>{c}</td>" for c in cells) + "</tr>"
    head = "".join(f"<th>{h}</th>" for h in ("reading", "file", "SHA-256", "reader", "time zone", "records", "energy [kWh]", "source"))
    return f'<div class="statement small"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def all_sources(a: Assessment) -> str:
    """Citations of the study and of the inventories, with anchors `source-KEY`."""
    rows = {s.id: (s.citation, s.url, s.licence, "study", "") for s in a.study.sources}
    for r in a.factors.inventory.sources.itertuples():
        rows.setdefault(r.source, (r.citation, r.doi_or_url, f"{r.licence} ({r.redistribution})", "inventories", r.comment))
    rows[SCENARIO] = ("Set by a scenario of the study or by a parameter of the report", "", "", "study", "")
    body = "".join(
        f'<tr id="source-{escape(k)}"><td><code>{escape(k)}</code></td>' + "".join(f"<td>{escape(v)}</td>" for v in rows[k]) + "</tr>"
        for k in sorted(rows)
    )
    head = "".join(f"<th>{h}</th>" for h in ("source", "citation", "address", "licence", "named in", "how it was read"))
    return f'<div class="statement small"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
