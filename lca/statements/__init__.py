"""Statements: the ledger as the tables of a standard. A statement is a grid of cells, and a cell is a selection of ledger rows."""

from lca.statements.cells import Cell, Headlines, Statement, Table

__all__ = ["Cell", "Headlines", "Statement", "Table"]
