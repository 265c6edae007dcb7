"""Tables that are made from the sources: what a page names with #table=."""

TABLES = {}
