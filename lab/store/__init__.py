"""What the lab remembers: SQLModel tables, the engine under them, and repositories that return plain dataclasses.

    text.py        what can be stored as text, and the repair of what cannot
    serialise.py   configurations, matches, timings and messages as JSON, and back without loss
    tables.py      the tables
    address.py     where the database is
    faults.py      database errors as sentences
    connect.py     engines and connections
    schema.py      making and upgrading the schema, with a lock and a backup
    engine.py      `open_store`, and the read and write sessions of a `Store`      parts.py  many ids, in parts
    versions.py    router versions, their adoption (version_rows.py: as rows)      drafts.py   the one draft
    events.py      routed prompts         answers.py  responses, feedback
    datasets.py    datasets               labels.py   labels given by people        outcomes.py  measured answers
    runs.py        saved searches         looks.py    looks at sealed rows          json_values.py  their figures
    judging_tables.py   the tables of judging      duels.py, conversations.py, batches.py   what is judged
    annotators.py, guidelines.py   who judges, by what rules      queue.py, presentations.py   what comes next, leases
    votes.py (vote_rows.py: as rows), given_votes.py, given_thumbs.py   verdicts      ballots.py   as they are counted
    resolutions.py   what became of disagreements      sample_rows.py   the sample workspace, to remove it
    snapshot_tables.py   the tables of exporting      snapshots.py, snapshot_rows.py   frozen exports, and their rows
    prompt_sides.py   which prompt is on which side of a split      exports_shelf.py   folders of written exports
    checking.py    whether a database is whole   backup.py  copies of it      restore.py  putting one in its place
    deletion.py    text deleted on request (text_places.py: where it is)    removal.py  a person    scrub.py  bytes
    gone.py        duels of which text was deleted      snapshot_losses.py   rows of snapshots that are lost with it
    row_words.py   counts of rows in words
    jobs_table.py, owner.py   long work, and whether who does it still lives

A repository function opens one session, does one thing and hands out dataclasses; it raises StoreError, whose message
is a sentence for the person. Nobody holds a session while a model answers.
"""

from lab.store.engine import Store, open_store
from lab.store.schema import upgrade

__all__ = ["Store", "open_store", "upgrade"]
