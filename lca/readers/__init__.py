"""One reader per tool's export, all alike: a file in, the table of `lca.readers.record` and findings out."""
