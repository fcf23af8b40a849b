"""People: names that nobody could misread, PINs that cannot be tried out, links that end."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import empty_database
import pytest

from lab.errors import AccessRefused, NotFound, StoreError
from lab.preferences import people
from lab.store import Store, annotators, open_store
from lab.types import new_id


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path):
    empty_database.put_into(tmp_path)
    opened = open_store(data_dir=tmp_path)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", ["' OR 1=1 --", "<img src=x onerror=alert(1)>", "Zoë 🌱", "王", "a" * 60])
def test_any_readable_name_is_kept_as_it_is_written(store: Store, name: str):
    found = people.join(store, new_id(), f"  {name} ", None)
    assert found.name == name
    assert [one.name for one in annotators.listed(store)] == [name]


@pytest.mark.parametrize(
    ("name", "match"),
    [("", "empty"), ("  ", "empty"), ("a" * 61, "61 characters"), ("Ann\u202eevil", r"U\+202E"), ("A\nB", r"U\+000A")],
)
def test_a_name_that_nobody_could_read_is_refused(store: Store, name: str, match: str):
    with pytest.raises(AccessRefused, match=match):
        people.join(store, new_id(), name, None)


@pytest.mark.parametrize("other", ["ann", "ANN", " Ａｎｎ ", "Ann"])
def test_names_that_look_alike_are_one_name(store: Store, other: str):
    first = people.join(store, "id-1", "Ann", None)
    assert people.join(store, "id-1", "Ann", None) == first  # sent twice
    with pytest.raises(StoreError, match="is called"):
        people.join(store, "id-2", other, None)


def test_a_pin_is_kept_as_a_salted_hash(store: Store):
    one, two = people.hash_pin("2468"), people.hash_pin("2468")
    assert one != two
    assert "2468" not in one
    assert people.is_pin("2468", one)
    assert not people.is_pin("2469", one)
    with pytest.raises(AccessRefused, match="needs 4"):
        people.hash_pin("123")


def test_scrypt_is_that_of_the_rfc():
    # RFC 7914, section 12: scrypt("pleaseletmein", "SodiumChloride", N=16384, r=8, p=1)
    digest = (
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
    )
    assert people.is_pin("pleaseletmein", f"scrypt$14$8$1${b'SodiumChloride'.hex()}${digest}")


def test_a_wrong_pin_ten_times_has_to_wait_longer_and_longer(store: Store, clock: Clock):
    ann = people.join(store, new_id(), "Ann", "2468")
    said = []
    for _ in range(10):
        with pytest.raises(AccessRefused) as refused:
            people.sign_in(store, ann.id, "0000", alone=True, clock=clock)
        said.append(str(refused.value))
    assert said[:4] == ["That is not the PIN."] * 4
    assert said[4] == "That is not the PIN. The next try counts in 30 s."
    assert said[5:] == ["Too many wrong PINs. Try again in 30 s."] * 5
    with pytest.raises(AccessRefused, match="Too many"):
        people.sign_in(store, ann.id, "2468", alone=True, clock=clock)  # the right one has to wait as well
    clock.move(seconds=31)
    with pytest.raises(AccessRefused, match="in 60 s"):
        people.sign_in(store, ann.id, "1111", alone=True, clock=clock)
    clock.move(seconds=61)
    assert people.sign_in(store, ann.id, "2468", alone=True, clock=clock) == ann
    with pytest.raises(AccessRefused, match=r"not the PIN\.$"):
        people.sign_in(store, ann.id, "1111", alone=True, clock=clock)  # forgotten


def test_pins_that_are_tried_at_the_same_time_are_all_counted_first(store: Store, clock: Clock, monkeypatch):
    """Forty browsers at once get no more tries than one: each is counted before any is looked at."""
    ann = people.join(store, new_id(), "Ann", "2468")
    looked_at = []
    barrier = threading.Barrier(40)

    def slowly(pin: str, stored: str) -> bool:
        looked_at.append(pin)
        return False

    def attempt(number: int) -> None:
        barrier.wait()
        with pytest.raises(AccessRefused):
            people.sign_in(store, ann.id, f"{number:04}", alone=False, clock=clock)

    monkeypatch.setattr(people, "is_pin", slowly)
    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(40)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(looked_at) == people.FREE_TRIES


def test_the_wait_ends_at_a_quarter_of_an_hour_and_a_clock_set_back_locks_nobody_out(store: Store, clock: Clock):
    ann = people.join(store, new_id(), "Ann", "2468")
    for _ in range(30):
        annotators.begin_try(store, ann.id, lambda failures, until: None)
    with pytest.raises(AccessRefused, match="15 minutes"):
        people.sign_in(store, ann.id, "0000", alone=True, clock=clock)
    clock.move(days=-3)
    assert people.sign_in(store, ann.id, "2468", alone=True, clock=clock) == ann


def test_without_a_pin_only_this_machine_lets_in(store: Store, clock: Clock):
    ann = people.join(store, new_id(), "Ann", None)
    assert people.sign_in(store, ann.id, None, alone=True, clock=clock) == ann
    with pytest.raises(AccessRefused, match="has no PIN"):
        people.sign_in(store, ann.id, None, alone=False, clock=clock)
    given = people.token(store, ann, clock=clock)
    assert people.by_token(store, given, alone=True, clock=clock) == ann
    assert people.by_token(store, given, alone=False, clock=clock) is None


@pytest.mark.parametrize("kind", ["import", "sample"])
def test_files_and_samples_do_not_sign_in(store: Store, kind):
    annotators.ensure(store, "x", "import:a.json", kind)
    with pytest.raises(AccessRefused, match="not a person"):
        people.sign_in(store, "x", None, alone=True)
    with pytest.raises(AccessRefused, match="any more"):
        people.sign_in(store, "nobody", None, alone=True)


def test_a_token_lasts_twelve_hours_and_ends_with_its_pin(store: Store, clock: Clock):
    ann = people.join(store, new_id(), "Ann", "2468")
    given = people.token(store, ann, clock=clock)
    assert people.by_token(store, given, alone=False, clock=clock) == ann
    clock.move(hours=11)
    assert people.by_token(store, given, alone=False, clock=clock) == ann
    clock.move(hours=2)
    assert people.by_token(store, given, alone=False, clock=clock) is None
    given = people.token(store, ann, clock=clock)
    annotators.set_pin(store, ann.id, people.hash_pin("1357"))
    assert people.by_token(store, given, alone=False, clock=clock) is None


@pytest.mark.parametrize("how", ["another id", "later", "mac", "no number", "rubbish", "empty", "unicode", "surrogate"])
def test_a_token_that_was_changed_opens_nothing(store: Store, clock: Clock, how: str):
    ann, ben = (people.join(store, new_id(), name, "2468") for name in ("Ann", "Ben"))
    who, ends, mac = people.token(store, ann, clock=clock).split(".")
    changed = {
        "another id": f"{ben.id}.{ends}.{mac}",
        "later": f"{who}.{int(ends) + 1}.{mac}",
        "mac": f"{who}.{ends}.{'0' * 32}",
        "no number": f"{who}.soon.{mac}",
        "rubbish": "a.b.c.d",
        "empty": "",
        "unicode": f"{who}.{ends}.é",
        "surrogate": "\ud800.1.1",
    }[how]
    assert people.by_token(store, changed, alone=True, clock=clock) is None


def test_a_personal_link_opens_until_another_is_made(store: Store):
    ann = people.join(store, new_id(), "Ann", None)
    first = people.new_link(store, ann.id)
    found = people.by_token(store, first, alone=False)
    assert found is not None
    assert (found.id, found.has_link) == (ann.id, True)
    second = people.new_link(store, ann.id)
    assert people.by_token(store, first, alone=False) is None
    assert people.by_token(store, second, alone=False) is not None
    assert second not in str(annotators.secrets(store, ann.id))
    with pytest.raises(NotFound):
        people.new_link(store, "nobody")
