"""Figures: drawings of ledger selections and readings, as vector graphics with text that stays text.

Colours are the Okabe-Ito set, which colour-blind readers can tell apart. Every function returns a matplotlib figure whose axes
carry units; none of them calculates more than what it draws.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import dates
from matplotlib.figure import Figure

from lca.assessment import Assessment
from lca.statements import life_cycle
from lca.statements import materials as balances
from lca.uncertainty import interval

COLOURS = {
    "manufacturing": "#0072B2",
    "transport": "#999999",
    "electricity": "#E69F00",
    "facility": "#CC79A7",
    "water": "#56B4E9",
    "end_of_life": "#009E73",
}
METERS = {"gpu_board": "#E69F00", "cpu_package": "#0072B2", "dram": "#009E73", "host": "#CC79A7"}
STYLE = {
    "svg.hashsalt": "lca",
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.constrained_layout.use": True,
}


def svg(figure: Figure) -> str:
    """The figure as an SVG element: no date, no program name, same bytes for the same drawing."""
    with mpl.rc_context(STYLE):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    picture = re.sub(r"^.*?(?=<svg)", "", buffer.getvalue(), flags=re.S)
    own = hashlib.sha256(picture.encode()).hexdigest()[:8]  # several drawings share one page: each has ids of its own
    return re.sub(r'((?:\bid="|href="#|url\(#))', rf"\g<1>{own}-", picture)


@dataclass(frozen=True)
class Drawing:
    """A figure with its caption, which is also what a screen reader says."""

    figure: Figure
    caption: str


def _new(width: float, height: float) -> tuple[Figure, plt.Axes]:
    with mpl.rc_context(STYLE):
        return plt.subplots(figsize=(width, height))


def stages(a: Assessment, functional_unit: str) -> Drawing:
    """Share of each life-cycle stage in each main indicator, one bar per indicator."""
    statement = life_cycle.by_stage(a, functional_unit)
    frame = statement.frame()
    parts, whole = frame.drop(index="All"), frame.loc["All"]
    shares = 100 * parts / whole.where(whole != 0)
    figure, axes = _new(8, 0.55 * len(frame.columns) + 1.3)
    left = np.zeros(len(frame.columns))
    names = {v: k for k, v in life_cycle.STAGE_NAMES.items()}
    for stage, row in shares.iterrows():
        axes.barh(range(len(left)), row.fillna(0), left=left, color=COLOURS[names[str(stage)]], label=str(stage))
        left = left + row.fillna(0).to_numpy()
    axes.set_yticks(range(len(left)), [c.split(" [")[0] for c in frame.columns])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the indicator [%]")
    axes.set_title(f"Life-cycle stages, {life_cycle.describe(a, functional_unit)}", loc="left")
    axes.legend(ncols=3, loc="upper center", bbox_to_anchor=(0.45, -0.2), frameon=False)
    return Drawing(figure, f"Share of each life-cycle stage in each indicator, {life_cycle.describe(a, functional_unit)}")


def scenarios(a: Assessment, functional_unit: str, indicator: str = "gwp100") -> Drawing:
    """Scenarios as bars stacked by stage, with the 95 % interval of the sum."""
    names = ["base", *[s.id for s in a.study.scenarios]]
    figure, axes = _new(8, 0.5 * len(names) + 1.6)
    for y, scenario in enumerate(names):
        rows, scale = life_cycle.selection(a, functional_unit, scenario)
        left = 0.0
        for stage, part in rows.groupby("life_cycle_stage", sort=False):
            width = float(part[indicator].sum()) * scale
            axes.barh(y, width, left=left, color=COLOURS[str(stage)], label=life_cycle.STAGE_NAMES[str(stage)] if y == 0 else None)
            left += width
        _, low, high = (scale * x for x in interval(a.draws(rows, indicator)))
        axes.plot([low, high], [y, y], color="black", lw=1.2, marker="|", ms=8, label="95 % interval" if y == 0 else None)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel(f"{a.label(indicator)} [{a.unit(indicator)} per {life_cycle.describe(a, functional_unit)}]")
    axes.legend(ncols=4, loc="upper center", bbox_to_anchor=(0.4, -0.28), frameon=False)
    return Drawing(
        figure,
        f"Scenarios by life-cycle stage with the 95 % interval of the sum: {a.label(indicator)}, {life_cycle.describe(a, functional_unit)}",
    )


def materials(a: Assessment, functional_unit: str, largest: int = 16) -> Drawing:
    """What becomes of each element taken from ground and scrap: in the machines and recovered or lost there, or lost on the way."""
    table = balances.balance(a, functional_unit)
    shown = table[table["held by the machines [g]"] > 0].head(largest)
    parts = {
        "recovered at end of life": ("recovered at end of life [g]", "#009E73"),
        "lost at end of life": ("lost at end of life [g]", "#E69F00"),
        "lost on the way into the machine": ("lost on the way [g]", "#999999"),
    }
    figure, axes = _new(8, 0.32 * len(shown) + 1.6)
    left = np.zeros(len(shown))
    taken = (shown["taken from the ground [g]"] + shown["from scrap [g]"]).to_numpy(float)
    for label, (column, colour) in parts.items():
        share = 100 * shown[column].to_numpy(float) / np.where(taken > 0, taken, np.inf)
        axes.barh(range(len(shown)), share, left=left, color=colour, label=label)
        left = left + share
    axes.set_yticks(range(len(shown)), [f"{r[0]}, {r[2]:.2g} g" for r in shown.itertuples(index=False, name=None)])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of what is taken from ground and scrap [%]")
    axes.set_title(f"Elements, {life_cycle.describe(a, functional_unit)}", loc="left")
    axes.legend(ncols=3, loc="upper center", bbox_to_anchor=(0.45, -0.12 - 0.6 / max(len(shown), 1)), frameon=False)
    return Drawing(figure, f"What becomes of each element that the machines hold, {life_cycle.describe(a, functional_unit)}")


def power(a: Assessment) -> list[Drawing]:
    """One drawing per file that has a course over time, three records or more of a meter."""
    counts = a.readings[a.readings["quantity"] == "energy"].groupby(["reading", "meter"]).size()
    return [readings(a, r.id) for r in a.study.readings if r.id in counts.index and counts[r.id].max() >= 3]


def readings(a: Assessment, reading: str) -> Drawing:
    """Mean power of every record of one file over time, by meter."""
    rows = a.readings[(a.readings["reading"] == reading) & (a.readings["quantity"] == "energy")]
    figure, axes = _new(8, 3)
    for meter, part in rows.groupby("meter", sort=False):
        hours = (part["end"] - part["start"]) / pd.Timedelta(1, "h")
        watts = part["value"] / hours * 1000
        middle = part["start"] + (part["end"] - part["start"]) / 2
        style = {"color": METERS.get(str(meter), "black"), "label": str(meter)}
        axes.hlines(watts, part["start"], part["end"], lw=3, **style)
        axes.plot(middle, watts, ".", ms=3, color=style["color"])
    axes.set_ylim(bottom=0)
    axes.set_ylabel("mean power of the record [W]")
    axes.set_xlabel("time [UTC]")
    locator = dates.AutoDateLocator(minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    axes.legend(ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.25), frameon=False)
    return Drawing(figure, f"Mean power of each record of {reading}, by meter")


def origins(a: Assessment) -> Drawing:
    """Facility energy by workload, split by where the number came from."""
    rows = a.base[(a.base["life_cycle_stage"] == "electricity") & (a.base["view"] == "location")]
    grid = rows.pivot_table(index="workload", columns="origin", values="amount", aggfunc="sum", fill_value=0.0)
    shares = 100 * grid.div(grid.sum(axis=1), axis=0)
    colours = {"measured": "#009E73", "supplier": "#56B4E9", "derived": "#0072B2", "estimated": "#E69F00", "default": "#D55E00"}
    figure, axes = _new(8, 0.5 * len(grid) + 1.4)
    left = np.zeros(len(grid))
    for origin in [o for o in colours if o in shares]:
        axes.barh(range(len(grid)), shares[origin], left=left, color=colours[origin], label=origin)
        left = left + shares[origin].to_numpy()
    axes.set_yticks(range(len(grid)), [f"{w}\n{e:.3g} kWh" for w, e in zip(grid.index, grid.sum(axis=1), strict=True)])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of facility energy [%]")
    axes.legend(ncols=5, loc="upper center", bbox_to_anchor=(0.4, -0.3), frameon=False)
    return Drawing(figure, "Facility energy by workload and by origin of the number")


def ghg(a: Assessment) -> Drawing:
    """The inventory in its two views, stacked by scope."""
    from lca import ledger as book

    figure, axes = _new(8, 2.2)
    colours = {"1": "#CC79A7", "2": "#E69F00", "3": "#0072B2"}
    for y, view in enumerate(("location", "market")):
        rows = book.ghg_rows(a.base, view)  # type: ignore[arg-type]
        left = 0.0
        for scope in ("1", "2", "3"):
            width = book.total(rows[rows["scope"] == scope], "gwp100")
            axes.barh(y, width, left=left, color=colours[scope], label=f"scope {scope}" if y == 0 else None)
            left += width
    axes.set_yticks([0, 1], ["location-based", "market-based"])
    axes.invert_yaxis()
    axes.set_xlabel("greenhouse gases in the period [kg CO2e]")
    axes.legend(ncols=3, loc="upper center", bbox_to_anchor=(0.4, -0.4), frameon=False)
    return Drawing(figure, "Greenhouse gases by scope, location- and market-based")
