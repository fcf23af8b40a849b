"""What the tests run in processes of their own: `worker.py task url …`. Says "ready", waits for a line, then begins."""

import itertools
import os
import random
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from lab.errors import ExportError
from lab.messages import Message
from lab.store import duels, events, open_store, queue, restore, snapshot_rows, snapshots, versions, votes
from lab.types import Decision, Expert, Layer, RouterConfig, Timings, new_id
from tests.store.frozen import begin, pair


def say(word: str) -> None:
    """Print a line that the test sees at once; a kill leaves it whole or unsaid."""
    os.write(1, f"{word}\n".encode())


def opening(url: str) -> None:
    """Open the database, then say so."""
    open_store(url).close()
    say("opened")


def seeding(url: str) -> None:
    """Seed the store and say which version is live."""
    config = RouterConfig("semantic", (Expert("a", utterances=("hello",)),), fallback="a")
    say(versions.seed(open_store(url), config, "minilm-1").id)


def recording(url: str, version: str, prefix: str, count: str) -> None:
    """Record events and say the id of each when it is acknowledged."""
    store = open_store(url)
    for number in range(int(count)):
        decision = Decision(f"{prefix} {number}", "a", Layer.FALLBACK, None, None, (), Timings())
        event = events.record(
            store,
            f"{prefix}-{number}",
            source="bulk",
            conversation=[Message("user", decision.prompt)],
            decision=decision,
            router_version_id=version,
            encoder_fingerprint="minilm-1",
        )
        say(event.id)


def holding(url: str) -> None:
    """Read from the database and keep it open until a line comes."""
    store = open_store(url)
    versions.live(store)
    say("opened")
    sys.stdin.readline()


def restoring(folder: str, *sources: str) -> None:
    """Restore these backups in turn, for ever, and say so each time."""
    while True:
        for source in sources:
            restore.restore(Path(source), data_dir=Path(folder))
            say("restored")


def voting(url: str, annotator_id: str, count: str) -> None:
    """Take the next duel and vote, `count` times; say the id of each vote when it is acknowledged."""
    store = open_store(url)
    for number in range(int(count)):
        leased = queue.lease_next(
            store, new_id(), annotator_id=annotator_id, wanted=queue.Wanted(), now=datetime.now(UTC), seed=number
        )
        assert leased is not None, f"nothing left for {annotator_id} after {number}"
        shown = leased.showing.presentation
        chosen = shown.left_id if number % 3 else shown.right_id
        say(
            votes.cast(
                store,
                leased.showing.vote_id,
                presentation_id=shown.id,
                verdict="better",
                chosen_id=chosen,
                now=datetime.now(UTC),
            ).id
        )
    store.close()


def voting_until_killed(url: str, annotator_id: str, kills: str, seed: str) -> None:
    """Fork children that vote, undo and edit until they are killed, each after a random time.

    Says "cast id", "undone id" and "edited id" as each is acknowledged, and "killed" after each kill.
    """
    dice = random.Random(int(seed))
    for _ in range(int(kills)):
        child = os.fork()
        if child == 0:
            _vote_undo_edit(url, annotator_id, random.Random(dice.random()))
        time.sleep(dice.uniform(0.02, 0.25))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        dice.random()
        say("killed")


def _vote_undo_edit(url: str, annotator_id: str, dice: random.Random) -> None:
    store = open_store(url)
    while True:
        now = datetime.now(UTC)
        held = queue.held(store, annotator_id, now)
        if held is None:
            leased = queue.lease_next(
                store, new_id(), annotator_id=annotator_id, wanted=queue.Wanted(), now=now, seed=dice.randrange(2)
            )
            assert leased is not None
            held = leased.showing
        shown = held.presentation
        cast = votes.cast(
            store, held.vote_id, presentation_id=shown.id, verdict="better", chosen_id=shown.left_id, now=now
        )
        say(f"cast {cast.id}")
        if dice.random() < 0.3:
            say(f"undone {votes.undo(store, new_id(), annotator_id=annotator_id, now=now).vote.id}")
        elif dice.random() < 0.3:
            edited = votes.edit(
                store, new_id(), cast.id, annotator_id=annotator_id, verdict="both_bad", chosen_id=None, strength=None,
                tags=(), note="", now=now,
            )  # fmt: skip
            say(f"edited {edited.id}")


def freezing(url: str, *duel_ids: str) -> None:
    """Freeze a snapshot with each prompt on a side that this process draws, and say what became of it."""
    store, dice, snapshot_id = open_store(url), random.Random(os.getpid()), new_id()
    found = list(duels.by_ids(store, duel_ids).values())
    sides = {duel.conversation_id: dice.choice(["train", "validation", "test"]) for duel in found}
    begin(store, snapshot_id, name=f"of {os.getpid()}")
    snapshot_rows.add(store, snapshot_id, [pair(place, duel) for place, duel in enumerate(found)])
    try:
        snapshots.freeze(store, snapshot_id, report={}, content_hash="c", sides=sides)
        say(f"frozen {snapshot_id}")
    except ExportError as err:
        say(str(err))
    store.close()


def filling(url: str, *duel_ids: str) -> None:
    """Add rows to a snapshot for ever, two at a time, and say so each time; it is never frozen."""
    store = open_store(url)
    snapshot_id = new_id()
    begin(store, snapshot_id)
    for place, duel in enumerate(itertools.cycle(duels.by_ids(store, duel_ids).values())):
        snapshot_rows.add(store, snapshot_id, [pair(2 * place, duel), pair(2 * place + 1, duel)])
        say("added")


TASKS = {
    "open": opening, "seed": seeding, "record": recording, "vote": voting, "vote-until-killed": voting_until_killed,
    "hold": holding, "restore": restoring, "freeze": freezing, "fill": filling,
}  # fmt: skip

if __name__ == "__main__":
    say("ready")
    sys.stdin.readline()
    TASKS[sys.argv[1]](*sys.argv[2:])
