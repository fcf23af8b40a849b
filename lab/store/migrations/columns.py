"""Columns as the migrations write them: what every table begins with, and the kinds that recur."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem


def keys(table: str, **refers: str) -> list[SchemaItem]:
    """Return the two columns that every table begins with, their constraints, and what other columns refer to."""
    return [
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("id", name=op.f(f"uq_{table}_id")),
        *(
            sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
            for column, other in refers.items()
        ),
    ]


def text(name: str, nullable: bool = False) -> sa.Column[str]:
    """Return a column of text."""
    return sa.Column(name, sa.String(), nullable=nullable)


def integer(name: str, nullable: bool = False) -> sa.Column[int]:
    """Return a column of whole numbers below 2^31."""
    return sa.Column(name, sa.Integer(), nullable=nullable)


def number(name: str, nullable: bool = False) -> sa.Column[float]:
    """Return a column of float64."""
    return sa.Column(name, sa.Double(), nullable=nullable)


def json(name: str, nullable: bool = False) -> sa.Column[object]:
    """Return a column of JSON."""
    return sa.Column(name, sa.JSON(), nullable=nullable)


def time(name: str, nullable: bool = False) -> sa.Column[object]:
    """Return a column of moments."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def only_one(name: str, table: str, columns: list[str], where: str) -> None:
    """Make a unique index over the rows for which `where` holds."""
    op.create_index(name, table, columns, unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def big(name: str) -> sa.Column[int]:
    """Return a column of whole numbers below 2^63."""
    return sa.Column(name, sa.BigInteger(), nullable=False)


def flag(name: str) -> sa.Column[bool]:
    """Return a column of yes or no."""
    return sa.Column(name, sa.Boolean(), nullable=False)


def some(name: str, table: str, columns: list[str], where: str) -> None:
    """Make an index over the rows for which `where` holds."""
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
