"""A second opinion: our results beside what others published, component by component.

The published figures stand in a table of their own, outside the inventories: nothing is built from them and nothing is adjusted to
them, so each comparison is blind. `published` reads and checks that table, `compare` sets each figure beside our result and its
interval, `by_component` says what our result is made of, `opinions` draws both.

A row of the table compares a product, or several at once: `8 gpu_h100_sxm_80 + baseboard_hgx_h100` is what a maker sells as one board.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator

from lca.contributions import tree
from lca.errors import Finding, LcaError, raise_errors
from lca.factors import Factors
from lca.figures import STYLE, Drawing
from lca.tables import listing, read_table
from lca.uncertainty import factor_draws, interval

DRAWS, SEED = 1000, 1
SPAN = 1000  # of our values in one figure, beyond which it shows ratios

COLUMNS = pd.DataFrame(
    [
        ("section", "text", "yes", "device|server|component|material|electricity"),
        ("product", "text", "yes", ""),
        ("published", "text", "yes", ""),
        ("indicator", "text", "yes", ""),
        ("value", "number", "yes", ""),
        ("low", "number", "no", ""),
        ("high", "number", "no", ""),
        ("unit", "text", "yes", ""),
        ("per", "text", "yes", ""),
        ("boundary", "text", "yes", ""),
        ("year", "integer", "yes", ""),
        ("source", "text", "yes", ""),
        ("locator", "text", "yes", ""),
        ("licence", "text", "yes", ""),
        ("basis", "text", "yes", "read|derived"),
        ("note", "text", "no", ""),
    ],
    columns=["column", "type", "required", "allowed"],
).assign(table="published")

OURS, APART, ALIKE = "#0072B2", "#D55E00", "#009E73"  # Okabe-Ito: our interval, a figure outside it, a figure inside


def published(path: str | Path) -> pd.DataFrame:
    """The table of published figures, each row with its `file` and `line`; raises `LcaError` with every fault of form at once."""
    frame, findings = read_table(Path(path), "published", COLUMNS)
    raise_errors(findings)
    return frame


def demand(text: str) -> dict[str, float]:
    """What a row compares, as amounts of products; the same product twice adds up.

    >>> demand("8 gpu + board"), demand("server")
    ({'gpu': 8.0, 'board': 1.0}, {'server': 1.0})
    """
    out: dict[str, float] = {}
    for term in text.split("+"):
        words = term.split()
        amount, code = (float(words[0]), words[1]) if len(words) == 2 else (1.0, term.strip())
        out[code] = out.get(code, 0.0) + amount
    return out


def faults(factors: Factors, rows: pd.DataFrame) -> list[Finding]:
    """Rows that can't be compared: a product or an indicator that isn't there, another unit, an interval the wrong way round."""
    units = dict(zip(factors.inventory.indicators["indicator"], factors.inventory.indicators["unit"], strict=True))
    of_product = dict(zip(factors.inventory.activities["activity"], factors.inventory.activities["unit"], strict=True))
    out: list[Finding] = []

    def fault(rule: str, r: pd.Series, column: str, expected: str, fix: str) -> None:
        place = f"line {r['line']}, {column}"
        out.append(Finding(f"opinion.{rule}", "error", str(r["file"]), place, f"'{r[column]}'", expected, fix))

    for _, r in rows.iterrows():
        terms = demand(r["product"])
        unknown = [code for code in terms if code not in factors.table.index]
        if unknown:
            near = [p for p in factors.table.index if any(u.split("_")[0] in p for u in unknown)]
            fault("product", r, "product", "codes of products", f"{', '.join(unknown)}: close are {listing(near)}")
            continue
        if r["indicator"] not in factors.table.columns:
            fault("indicator", r, "indicator", listing(factors.table.columns, 60), "take one of these")
        elif r["unit"] != units[r["indicator"]]:
            fault("unit", r, "unit", units[r["indicator"]], "convert the figure, and say so under basis")
        per = of_product[next(iter(terms))] if list(terms.values()) == [1.0] else "sum"
        if r["per"] != per:
            fault("per", r, "per", per, "convert the figure to one unit of the product; a sum of several is per sum")
        if not (r["value"] > 0 and (pd.isna(r["low"]) or 0 < r["low"] <= r["value"]) and (pd.isna(r["high"]) or r["high"] >= r["value"])):
            fault("interval", r, "value", "0 < low <= value <= high", "mend the interval")
    return out


def compare(factors: Factors, rows: pd.DataFrame) -> pd.DataFrame:
    """Our result with its 95 % interval beside each published figure: `ratio` is published over ours.

    `ours` is the result with the central values of all parameters, `ours_low`, `ours_median` and `ours_high` are of the draws: where
    spreads are skewed, `ours` lies low among them. `overlap` says whether the intervals meet; a published figure without an interval
    is a point. Units are those of the row, per unit of the product. Raises `LcaError` with every row that can't be compared.
    """
    raise_errors(faults(factors, rows))
    draws = factor_draws(factors, DRAWS, SEED)
    place = {p: i for i, p in enumerate(factors.table.index)}
    column = {name: i for i, name in enumerate(factors.table.columns)}
    names = factors.inventory.activities.set_index("activity")["name"]
    out = []
    for _, r in rows.iterrows():
        terms = demand(r["product"])
        ours = sum(amount * float(factors.table.at[code, r["indicator"]]) for code, amount in terms.items())
        drawn = np.sum([amount * draws[place[code], :, column[r["indicator"]]] for code, amount in terms.items()], axis=0)
        median, low, high = interval(drawn.astype(float))
        named = " + ".join(names[c] if a == 1 else f"{a:g} x {names[c]}" for c, a in terms.items())
        bottom, top = (r["value"] if pd.isna(end) else end for end in (r["low"], r["high"]))
        out.append((named, ours, low, median, high, r["value"] / ours if ours else np.nan, bool(bottom <= high and top >= low)))
    told = pd.DataFrame(out, columns=["name", "ours", "ours_low", "ours_median", "ours_high", "ratio", "overlap"], index=rows.index)
    return pd.concat([rows, told], axis=1)


def by_component(factors: Factors, product: str, indicator: str) -> pd.DataFrame:
    """The first level of a product's supply chain, or of several products together: what each input adds, and what is emitted itself.

    Columns: component, name, amount, unit, impact, share; largest first; `impact` sums to the result and `share` to 1.
    """
    unknown = [code for code in demand(product) if code not in factors.table.index]
    if unknown:
        raise LcaError(
            Finding("opinion.product", "error", "inventories", "", ", ".join(unknown), "codes of products", "lca products TEXT"), 2
        )
    parts: list[tuple[str, str, float, str, float]] = []
    for code, amount in demand(product).items():
        root, *below = tree(factors, code, indicator, amount, cutoff=0.0, depth=1)
        parts.append(("itself", "emitted or taken by the process itself", 1.0, "", root.direct))
        parts += [(n.product, n.name, n.amount, n.unit, n.impact) for n in below]
    frame = pd.DataFrame(parts, columns=["component", "name", "amount", "unit", "impact"])
    summed = frame.groupby(["component", "name", "unit"], sort=False, as_index=False)[["amount", "impact"]].sum()
    summed = summed[summed["impact"] != 0].sort_values("impact", ascending=False, key=np.abs).reset_index(drop=True)
    whole = float(summed["impact"].sum())
    summed["share"] = summed["impact"] / whole if whole else np.nan
    return summed[["component", "name", "amount", "unit", "impact", "share"]]


def components(factors: Factors, products: Sequence[str], indicator: str = "gwp100", least: float = 0.03) -> pd.DataFrame:
    """`by_component` of several products, one below the other; inputs below `least` of their product are one line."""
    out = []
    for product in products:
        parts = by_component(factors, product, indicator)
        large = parts["share"].abs() >= least
        rest = parts[~large]
        line = pd.DataFrame([("", f"{len(rest)} smaller", None, "", rest["impact"].sum(), rest["share"].sum())], columns=parts.columns)
        shown = pd.concat([parts[large], line.astype(parts.dtypes.to_dict())] if len(rest) else [parts], ignore_index=True)
        out.append(shown.assign(product=product))
    together = pd.concat(out, ignore_index=True)
    return together[["product", *[c for c in together.columns if c != "product"]]]


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants first of `compare`, with the names of a page; the figures are per unit of the product.

    >>> row = {"product": "server", "published": "maker", "unit": "kg CO2e", "per": "unit", "value": 150.0, "ours": 100.0, "ratio": 1.5}
    >>> row |= {"ours_low": 80.0, "ours_median": 101.0, "ours_high": 120.0, "overlap": False, "boundary": "gate", "year": 2023}
    >>> summary(pd.DataFrame([row]))[["unit", "theirs / ours", "meet"]].to_string(index=False, header=False)
    'kg CO2e per unit 1.5 no'
    """
    columns = ["value", "ours", "ours_low", "ours_median", "ours_high", "ratio", "overlap", "boundary", "year"]
    unit = table["unit"] + " per " + table["per"].replace("sum", "set")
    shown = table[["product", "published", *columns]].assign(unit=unit, overlap=np.where(table["overlap"], "yes", "no"))
    names = {"value": "they say", "ours_low": "95 % from", "ours_median": "median", "ours_high": "to", "ratio": "theirs / ours"}
    return shown[["product", "published", "unit", *columns]].rename(columns=names | {"overlap": "meet"})


def tally(table: pd.DataFrame) -> pd.DataFrame:
    """For each section and indicator of `compare`: how many figures, how many meet our interval, and the ratios theirs over ours.

    >>> rows = [("device", "gwp100", 0.5, True), ("device", "gwp100", 2.0, False), ("device", "gwp100", 1.0, True)]
    >>> tally(pd.DataFrame(rows, columns=["section", "indicator", "ratio", "overlap"])).to_string(index=False, header=False)
    'device gwp100 3 2 0.5 1.0 2.0'
    """
    groups = table.groupby(["section", "indicator"], sort=False)
    out = groups.agg(
        figures=("ratio", "size"), meet=("overlap", "sum"), least=("ratio", "min"), middle=("ratio", "median"), most=("ratio", "max")
    )
    return out.reset_index()


def opinions(table: pd.DataFrame, title: str = "") -> Drawing:
    """Our interval as a bar, our value as a line, each published figure as a labelled point, on a logarithmic axis.

    `table` is what `compare` gives, of one indicator; a green circle meets our interval, a red diamond doesn't. The axis has the unit
    of the indicator; where products are measured in several units, or our values span more than a thousandfold, it shows
    everything relative to our value, which the label then says. Raises `ValueError` for several indicators.

    >>> row = {"product": "server", "published": "maker", "indicator": "gwp100", "unit": "kg CO2e", "per": "unit", "value": 150.0}
    >>> row |= {"low": None, "high": None, "ours": 100.0, "ours_low": 80.0, "ours_median": 101.0, "ours_high": 120.0, "overlap": False}
    >>> opinions(pd.DataFrame([row]), "Servers").caption
    'Servers: 0 of 1 published figures meet our 95 % interval'
    """
    if table["indicator"].nunique() != 1:
        raise ValueError(f"one indicator per figure, not {listing(table['indicator'].unique())}")
    indicator, unit = table["indicator"].iloc[0], table["unit"].iloc[0]
    relative = len(set(table["per"]) - {"sum"}) > 1 or table["ours"].max() > SPAN * table["ours"].min()
    shown = table.fillna({"low": table["value"], "high": table["value"]})
    if relative:
        shown = shown.assign(
            **{c: shown[c] / shown["ours"] for c in ("value", "low", "high", "ours_low", "ours_median", "ours_high", "ours")}
        )
    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(8.6, 0.21 * (len(table) + 1.6 * table["product"].nunique()) + 1.4))
    labels: list[str] = []
    ticks: list[float] = []
    at = 0.0
    for product, rows in shown.groupby("product", sort=False):
        first, bottom = rows.iloc[0], at + len(rows) + 0.35
        axes.barh(at, first["ours_high"] - first["ours_low"], left=first["ours_low"], height=0.7, color=OURS, alpha=0.85)
        axes.fill_betweenx([at, bottom], first["ours_low"], first["ours_high"], color=OURS, alpha=0.12, lw=0)
        axes.plot(first["ours_median"], at, "|", color="white", ms=8, mew=1.5)
        axes.plot([first["ours"]] * 2, [at - 0.45, bottom], color="black", lw=1)
        value = f": {table.at[rows.index[0], 'ours']:.3g} {unit}" if relative else ""
        labels.append(f"{product} [{'together' if first['per'] == 'sum' else 'per ' + first['per']}]{value}")
        ticks.append(at)
        for r in rows.itertuples():
            at += 1
            colour, mark = (ALIKE, "o") if r.overlap else (APART, "D")
            axes.plot([r.low, r.high], [at, at], color=colour, lw=2)
            axes.plot(r.value, at, mark, color=colour, ms=5)
            labels.append(str(r.published))
            ticks.append(at)
        at += 1.6
    ends = shown[["low", "high", "ours", "ours_low", "ours_high"]].to_numpy(float)
    axes.set_xscale("log")
    axes.set_xlim(0.8 * ends.min(), 1.25 * ends.max())
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if ends.max() < SPAN * ends.min() else (1,)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("")
    axes.set_ylim(at - 0.6, -1)
    axes.set_yticks(ticks, labels, fontsize=8)
    axes.tick_params(axis="y", length=0)
    for text in axes.get_yticklabels():
        text.set_fontweight("bold" if text.get_text().count(" [") else "normal")
    axes.grid(axis="x", which="major", color="#DDDDDD", lw=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(f"{indicator}, relative to our value [1]" if relative else f"{indicator} [{unit}]")
    axes.set_title(title, loc="left")
    _legend(figure)
    told = f"{title}: {int(table['overlap'].sum())} of {len(table)} published figures meet our 95 % interval"
    return Drawing(figure, told.removeprefix(": "))


def _legend(figure: Figure) -> None:
    """What bar, line, circle and diamond are, above the axes."""
    signs = [
        Patch(color=OURS, alpha=0.85, label="our 95 % interval, median"),
        Line2D([], [], color="black", lw=1, label="our value"),
        Line2D([], [], color=ALIKE, marker="o", ms=5, lw=2, label="published, meets ours"),
        Line2D([], [], color=APART, marker="D", ms=5, lw=2, label="published, apart"),
    ]
    figure.legend(handles=signs, ncols=4, loc="outside upper center", frameon=False, fontsize=8)
