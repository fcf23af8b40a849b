"""Run by alembic: applies the scripts in `versions` on the connection that `lab.store.schema` hands in.

A new revision is a script in `versions` and its number in `lab.store.schema.HISTORY`; the tests compare the schema
that the scripts make with `lab.store.tables`.
"""

from alembic import context

from lab.store import judging_tables, snapshot_tables  # noqa: F401  their tables join LabModel's
from lab.store.tables import LabModel

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=LabModel.metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
