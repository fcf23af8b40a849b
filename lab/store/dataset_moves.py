"""What hangs on the rows of a dataset, when they become rows of another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, update
from sqlmodel import col, select

from lab.store.engine import Store
from lab.store.tables import LabelRow, OutcomeRow, SealedLookRow


def move(store: Store, from_id: str, to_id: str, rows: Mapping[int, int]) -> None:
    """Give labels and outcomes of rows, and the looks at sealed ones, to another dataset, in one transaction.

    `rows` says which row becomes which; what hangs on the others stays where it is. Moving again changes nothing.
    """
    tables: tuple[Any, ...] = (LabelRow, OutcomeRow)
    with store.write() as session:
        for table in tables:
            there = session.exec(select(table.row).where(table.dataset_id == from_id).distinct()).all()
            statement = (
                update(table.__table__)
                .where(table.__table__.c.dataset_id == from_id, table.__table__.c.row == bindparam("from_row"))
                .values(dataset_id=to_id, row=bindparam("to_row"))
            )
            moved = [{"from_row": row, "to_row": rows[row]} for row in there if row in rows]
            if moved:
                session.connection().execute(statement, moved)
        looks = update(SealedLookRow).where(col(SealedLookRow.dataset_id) == from_id).values(dataset_id=to_id)
        session.connection().execute(looks)
