"""Statements that make tables, by subject; the migrations in `annotations.schema` run them."""
