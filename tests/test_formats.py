"""Formats of the ecosystem: there and back without loss, and links to a user's own databases."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import olca_schema as olca
import pandas as pd
import pytest
import small
from olca_schema import zipio

from lca import brightway, brightway_excel, openlca
from lca import inventory as inv
from lca.errors import LcaError

ORDER = ["activity", "type", "input", "source", "locator", "amount"]
REAL = Path(__file__).parents[1] / "inventories"


@pytest.mark.parametrize("root", [small.INVENTORIES, REAL], ids=["small", "real"])
def test_excel_there_and_back(root, tmp_path):
    """Brightway's Excel layout, written and read by bw2io: every row of activities, parameters and exchanges is back, amounts to 1e-12."""
    before = inv.load(root)
    brightway_excel.export(before, tmp_path / "book.xlsx")
    tables = brightway_excel.read(tmp_path / "book.xlsx", before)
    assert tables["flows"].empty
    assert all(table.empty for table in brightway_excel.changed(tables, before).values())
    copy = tmp_path / "inventories"
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns("activities*", "exchanges*", "parameters*"))
    brightway_excel.write_tables(tables, copy / "materials", "book")
    after = inv.load(copy)
    for name, order in (("exchanges", ORDER), ("parameters", ["parameter"]), ("activities", ["activity"])):
        one, two = (getattr(i, name).sort_values(order, ignore_index=True).drop(columns=["file", "line"]) for i in (before, after))
        pd.testing.assert_frame_equal(one.fillna(np.nan), two.fillna(np.nan), rtol=1e-12, atol=0, check_dtype=False)


def test_only_what_differs_is_brought_in(tmp_path):
    """A changed amount comes back as one row of one table."""
    inventory = inv.load(small.INVENTORIES)
    tables = {n: getattr(inventory, n).drop(columns=["file", "line"]) for n in ("activities", "exchanges", "parameters")}
    tables["exchanges"] = tables["exchanges"].copy()
    tables["exchanges"].loc[0, "amount"] = 0.51
    found = brightway_excel.changed(tables, inventory)
    assert {name: len(rows) for name, rows in found.items()} == {"activities": 0, "exchanges": 1, "parameters": 0}


def test_a_file_that_is_no_workbook_is_refused(tmp_path):
    """One message, no traceback."""
    path = tmp_path / "book.xlsx"
    path.write_text("not a workbook", encoding="utf-8")
    with pytest.raises(LcaError, match="Brightway's Excel layout"):
        brightway_excel.read(path, inv.load(small.INVENTORIES))


def test_import_does_not_overwrite(tmp_path):
    """A table that is there stays."""
    tables = {"activities": pd.DataFrame({"activity": ["a"]})}
    (path,) = brightway_excel.write_tables(tables, tmp_path, "x")
    assert path.name == "activities_x.csv"
    with pytest.raises(LcaError, match=r"activities_x\.csv"):
        brightway_excel.write_tables(tables, tmp_path, "x")


def scores_of(package: Path, code: str) -> dict[str, float]:
    """An indicator of every process of an openLCA package, by olca-schema and numpy alone."""
    with zipio.ZipReader(package) as reader:
        processes, flows = list(reader.read_each(olca.Process)), list(reader.read_each(olca.Flow))
        (category,) = (c for c in reader.read_each(olca.ImpactCategory) if c.code == code)
    place = {f.id: i for i, f in enumerate(f for f in flows if f.flow_type == olca.FlowType.ELEMENTARY_FLOW)}
    column = {e.flow.id: i for i, p in enumerate(processes) for e in p.exchanges if e.is_quantitative_reference}
    a, b, c = np.zeros((len(column),) * 2), np.zeros((len(place), len(column))), np.zeros(len(place))
    for j, process in enumerate(processes):
        for e in process.exchanges:
            if e.flow.id in place:
                b[place[e.flow.id], j] += e.amount
            else:
                made = e.is_quantitative_reference or e.is_avoided_product
                a[column[e.flow.id], j] += e.amount if made else -e.amount
    for factor in category.impact_factors:
        c[place[factor.flow.id]] = factor.value
    solved = np.linalg.solve(a.T, c @ b)
    return {p.description.split(".")[0]: float(solved[j]) for j, p in enumerate(processes)}


def test_openlca_package_gives_the_same_scores(tmp_path, real_factors):
    """Read again by olca-schema and solved with numpy, every product's climate change is ours to 1e-12 of the largest."""
    openlca.export(real_factors.inventory, tmp_path / "a.zip")
    scores = pd.Series(scores_of(tmp_path / "a.zip", "gwp100"))
    ours = real_factors.table["gwp100"]
    assert np.abs(scores.reindex(ours.index) - ours).max() <= 1e-12 * ours.abs().max()
    openlca.export(real_factors.inventory, tmp_path / "b.zip")
    with zipio.ZipReader(tmp_path / "a.zip") as one, zipio.ZipReader(tmp_path / "b.zip") as two:
        ids = [sorted(p.id for p in z.read_each(olca.Process)) for z in (one, two)]
    assert ids[0] == ids[1]


RELINK = """
import json, sys
from pathlib import Path
import bw2calc, bw2data, bw2io
from lca import brightway, export
from lca.inventory import load
root, links = Path(sys.argv[1]), Path(sys.argv[2])
bw2data.projects.set_current("theirs")
bw2io.create_default_biosphere3()
power = {"name": "market for electricity", "reference product": "electricity", "location": "XX", "unit": "kilowatt hour",
         "exchanges": [{"input": ("licensed", "power"), "amount": 1, "type": "production"},
                       {"input": ("biosphere3", "349b29d1-3e58-4c66-98b9-9d1a076efd2e"), "amount": 2, "type": "biosphere"}]}
heat = power | {"name": "heat", "unit": "megajoule", "exchanges": []}
bw2data.Database("licensed").write({("licensed", "power"): power, ("licensed", "heat"): heat})
try:
    counts, log = export.to_brightway("theirs", load(root), None, links)
except Exception as error:
    print("\\n" + json.dumps([str(f) for f in error.findings])); sys.exit()
inventory = load(root)
(row,) = inventory.indicators[inventory.indicators["indicator"] == "gwp100"].itertuples()
lca = bw2calc.LCA({bw2data.get_node(database="lca_inventories", code="server"): 1}, brightway.method_key(row.method))
lca.lci(); lca.lcia()
left = sum(1 for n in bw2data.Database("licensed"))
print("\\n" + json.dumps({"score": lca.score, "log": log.to_dict("records"), "theirs": left}))
"""


def relinked(tmp_path: Path, lines: str) -> object:
    (tmp_path / "links.csv").write_text(lines, encoding="utf-8")
    environment = os.environ | {"BRIGHTWAY2_DIR": str(tmp_path), "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(small.ROOT)}
    command = [sys.executable, "-c", RELINK, str(small.INVENTORIES), str(tmp_path / "links.csv")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_product_is_taken_from_the_users_own_database(tmp_path):
    """A server takes 100 kWh: with their 2 kg CO2e/kWh it is 100 x 2 + 25 = 225 instead of 100; every change is logged, theirs stays."""
    got = relinked(
        tmp_path, "product,database,name,reference product,location\nelectricity_XX,licensed,market for electricity,electricity,XX\n"
    )
    before = inv.load(small.INVENTORIES)
    direct = before.exchanges[(before.exchanges["activity"] == "server") & (before.exchanges["input"] == "electricity_XX")]["amount"].sum()
    rest = small.factors().table.at["server", "gwp100"] - direct * small.factors().table.at["electricity_XX", "gwp100"]
    assert got["score"] == pytest.approx(direct * 2 + rest, rel=1e-6)
    assert {"activity": "server", "input": "electricity_XX", "database": "licensed", "code": "power"}.items() <= got["log"][0].items()
    assert got["theirs"] == 2


def test_links_that_lead_nowhere_are_all_named(tmp_path):
    """An unknown product, an unknown database, no such activity, another unit: four lines, four findings, nothing written."""
    lines = [
        "product,database,code",
        "powder,licensed,power",
        "server,absent,power",
        "electricity_XX,licensed,none",
        "electricity_XX,licensed,heat",
    ]
    got = relinked(tmp_path, "\n".join(lines) + "\n")
    assert len(got) == 4
    for word in ("'powder'", "'absent'", "0 activities", "megajoule"):
        assert any(word in finding for finding in got)


def test_methods_of_the_package_are_those_of_brightway():
    """Every factor of a flow in use is in the package's method."""
    inventory = inv.load(small.INVENTORIES)
    method = [e for e in openlca.entities(inventory) if isinstance(e, olca.ImpactCategory)]
    count = sum(len(c.impact_factors) for c in method)
    assert count == len(brightway.characterisation(inventory))
