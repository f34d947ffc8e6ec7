"""Factors: the impact of one unit of every product of the inventories, for every indicator at once.

Compiled by Brightway from the databases that `lca.brightway` writes, in a process of its own with a private base directory, so
that a user's projects are neither read nor written. One factorisation of the transposed technosphere and one solve per
indicator give the scores of all products: A^T Y = (C B)^T. The result is kept in a cache under the hash of the inventories and
of the code and packages that compile them; a change of any of these is another key, so a kept result is never stale.

The cache lies in the user's cache folder, or where LCA_CACHE points.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
from platformdirs import user_cache_dir
from scipy.sparse import linalg

from lca import apart, inventory_checks
from lca import inventory as inv
from lca.errors import LcaError

PACKAGES = ("bw2calc", "bw2data", "bw2io", "bw_processing", "numpy", "scipy")

ROUND_OFF = 5e-14  # of an indicator's largest factor: what lies below is the noise of the solve, of either sign


@dataclass(frozen=True, eq=False)
class Factors:
    """`table` has one row per product and one column per indicator; `characterisation` the factors behind it. `elements` has the same
    rows and one column per material flow: what the chain takes from the ground, what the product holds, what is recovered [kg].

    An indicator whose method scores none of the inventories' flows has no column: it isn't described, which is not zero.
    """

    inventory: inv.Inventory
    table: pd.DataFrame
    elements: pd.DataFrame
    characterisation: pd.DataFrame
    statistics: dict[str, object]

    def score(self, product: str) -> pd.Series:
        """All indicators of one unit of a product; `KeyError` if there is no such product."""
        return self.table.loc[product]


def cache_folder() -> Path:
    """Where compiled factors are kept."""
    return Path(os.environ.get("LCA_CACHE") or user_cache_dir("lca-reports", appauthor=False))


def without_noise(scores: np.ndarray) -> np.ndarray:
    """Scores (products x indicators) with the round-off of the solve set to zero: below 5e-14 of the indicator's largest."""
    return np.where(np.abs(scores) <= ROUND_OFF * np.abs(scores).max(axis=0, initial=0.0), 0.0, scores)


def key(state: str) -> str:
    """Cache key: the inventories' state, the code that compiles them, and the versions it compiles with."""
    digest = hashlib.sha256(state.encode())
    for module in ("brightway.py", "factors.py", "inventory.py", "pedigree.py", "formulas.py"):
        digest.update((Path(__file__).parent / module).read_bytes())
    digest.update(json.dumps({p: metadata.version(p) for p in PACKAGES}).encode())
    return digest.hexdigest()[:32]


def compiled(root: Path) -> Factors:
    """The factors of the inventories at `root`: from the cache, or compiled now.

    Raises `LcaError` with every finding if the inventories are faulty.
    """
    return _compiled(Path(root), inv.state(Path(root)))


@lru_cache(maxsize=4)
def _compiled(root: Path, state: str) -> Factors:
    inventory = inv.load(root)
    folder = cache_folder() / key(inventory.state)
    if not (folder / "factors.parquet").is_file():
        faults = [f for f in inventory_checks.check(inventory) if f.severity == "error"]
        if faults:
            raise LcaError(faults)
        _compile_apart(root, folder)
    table = pd.read_parquet(folder / "factors.parquet")
    elements = pd.read_parquet(folder / "elements.parquet")
    characterisation = pd.read_parquet(folder / "characterisation.parquet")
    statistics = json.loads((folder / "statistics.json").read_text(encoding="utf-8"))
    table = table[[i for i in table.columns if statistics["flows_characterised"][i]]]
    return Factors(inventory, table, elements, characterisation, statistics)


def material_flows(inventory: inv.Inventory) -> list[str]:
    """Flows that count elements: from the ground, from scrap, held by products, recovered; only those that some exchange uses."""
    used = set(inventory.exchanges.loc[inventory.exchanges["type"] == "biosphere", "input"])
    return [
        f for f in inventory.flows["flow"] if f in used and (f.endswith("_ground") or f.startswith(("content_", "recovered_", "scrap_")))
    ]


def variant(base: Factors, values: dict[str, tuple[float, float, float]]) -> Factors:
    """The factors with other parameter values: solved with SciPy on the plain matrices, the calculation that checks Brightway's.

    `values` are (central, low, high) by parameter. Without any, `base` itself.
    """
    if not values:
        return base
    return _variant(base, tuple(sorted(values.items())))


@lru_cache(maxsize=16)
def _variant(base: Factors, values: tuple[tuple[str, tuple[float, float, float]], ...]) -> Factors:
    inventory = inv.with_values(base.inventory, dict(values))
    m = inv.matrices(inventory, base.characterisation)
    flows = list(base.elements.columns)
    rows = [m.flows.index(f) for f in flows]
    right = np.hstack([(m.characterisation @ m.biosphere).T.toarray(), m.biosphere[rows].T.toarray()])
    solved = linalg.splu(m.technosphere.T.tocsc()).solve(right)
    index = pd.Index(m.activities, name="product")
    scores = pd.DataFrame(without_noise(solved[:, : len(m.indicators)]), index=index, columns=m.indicators)
    elements = pd.DataFrame(without_noise(solved[:, len(m.indicators) :]), index=index, columns=flows)
    return Factors(inventory, scores[list(base.table.columns)], elements, base.characterisation, base.statistics)


def _compile_apart(root: Path, folder: Path) -> None:
    """Run this module as a program with a private Brightway folder, then move the result into place whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="compiling-") as scratch:
        out = Path(scratch) / "out"
        out.mkdir()
        apart.run("lca.factors", str(root.resolve()), str(out), subject=str(root), fix="run lca check inventories")
        if folder.exists():
            shutil.rmtree(folder)
        try:
            out.rename(folder)
        except OSError:  # another process was first; its result is the same
            if not (folder / "factors.parquet").is_file():
                raise


def compile_with_brightway(root: Path, out: Path) -> None:
    """Write databases and methods, build the matrices with bw2calc, solve, and leave the result in `out`."""
    import bw2calc
    import bw2data

    from lca import brightway

    inventory = inv.load(root)
    bw2data.projects.set_current("factors")
    statistics: dict[str, object] = dict(brightway.write(inventory, whole_methods=False))
    indicators = list(inventory.indicators["indicator"])
    methods = [brightway.method_key(m) for m in inventory.indicators["method"]]
    nodes = {node["code"]: node.id for node in bw2data.Database(brightway.DATABASE)}
    first = next(iter(nodes.values()))
    config = {"impact_categories": methods}
    lca = bw2calc.MultiLCA({"one": {first: 1}}, config, data_objs=bw2data.get_multilca_data_objs({"one": {first: 1}}, config))
    lca.lci()
    lca.load_lcia_data()
    precalculated = [np.asarray((lca.characterization_matrices[m] @ lca.biosphere_matrix).sum(axis=0)).ravel() for m in methods]
    materials = material_flows(inventory)
    keys = {row.flow: bw2data.get_id((row.database, row.code)) for row in inventory.flows.itertuples() if row.flow in set(materials)}
    flow_rows = lca.biosphere_matrix[[lca.dicts.biosphere[keys[f]] for f in materials]].toarray()
    right = np.vstack([*precalculated, flow_rows]).T
    scores = linalg.splu(lca.technosphere_matrix.T.tocsc()).solve(right)
    residual = np.abs(lca.technosphere_matrix.T @ scores - right).max(axis=0)
    allowed = 1e-9 * np.maximum(np.abs(right).max(axis=0), 1e-300)
    if (residual > allowed).any():
        raise ArithmeticError("the adjoint solve is inaccurate: the technosphere matrix is close to singular")
    scores = without_noise(scores)
    position = [lca.dicts.product[nodes[code]] for code in inventory.activities["activity"]]
    index = pd.Index(inventory.activities["activity"], name="product")
    table = pd.DataFrame(scores[position, : len(indicators)], index=index, columns=indicators)
    pd.DataFrame(scores[position, len(indicators) :], index=index, columns=materials).to_parquet(out / "elements.parquet")
    characterisation = brightway.characterisation(inventory)
    used = set(inventory.exchanges.loc[inventory.exchanges["type"] == "biosphere", "input"])
    known = characterisation.groupby("indicator")["flow"].agg(set)
    statistics["flows_used"] = len(used)
    statistics["flows_characterised"] = {i: len(used & known.get(i, set())) for i in indicators}
    statistics["flows_in_no_method"] = sorted(used - set(characterisation["flow"]))
    table.to_parquet(out / "factors.parquet")
    characterisation.to_parquet(out / "characterisation.parquet")
    (out / "statistics.json").write_text(json.dumps(statistics, indent=1, sort_keys=True), encoding="utf-8")


if __name__ == "__main__":
    compile_with_brightway(Path(sys.argv[1]), Path(sys.argv[2]))
