"""A program of its own: Brightway's databases, methods and LCA for given foregrounds, and nothing of this project's arithmetic.

    python tests/brightway_alone.py INVENTORIES FOREGROUNDS.json

prints the score of one unit of every foreground for every indicator as JSON. Brightway's folder is the one in BRIGHTWAY2_DIR.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def solve(root: Path, foregrounds: list[dict]) -> dict[str, dict[str, float]]:
    import bw2calc
    import bw2data

    from lca import brightway
    from lca.inventory import load

    inventory = load(root)
    bw2data.projects.set_current("alone")
    counts = brightway.write(inventory, foregrounds, whole_methods=False)
    assert counts["unlinked"] == 0
    scores: dict[str, dict[str, float]] = {}
    for dataset in foregrounds:
        node = bw2data.get_node(database=dataset["database"], code=dataset["code"])
        scores[dataset["code"]] = {}
        for row in inventory.indicators.itertuples():
            lca = bw2calc.LCA({node: 1}, brightway.method_key(row.method))
            lca.lci()
            lca.lcia()
            scores[dataset["code"]][row.indicator] = float(lca.score)
    return scores


if __name__ == "__main__":
    print("\n" + json.dumps(solve(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))))
