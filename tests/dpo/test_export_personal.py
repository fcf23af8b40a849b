"""Personal data in texts: found and covered, and honest numbers left alone."""

from __future__ import annotations

import pytest
from growth import LINEAR, growth
from hypothesis import given
from hypothesis import strategies as st

from lab.dpo.checks.personal import has_personal, kinds, masked

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA1234567890abcdef\nabc123==\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("Write to ann.lee+x@mail.firma.de now.", "Write to [e-mail] now."),
        ("Schreib an jürgen@müller.de!", "Schreib an [e-mail]!"),
        ("邮箱test@qq.com请", "邮箱[e-mail]请"),
        ("<a href='mailto:o_neil@uni.edu'>", "<a href='mailto:[e-mail]'>"),
        ("Ring +49 (0)30 123 45 67 or +14155552671.", "Ring [phone] or [phone]."),
        ("0049 30 1234567", "[phone]"),
        ("(415) 555-2671 / 415-555-2671", "[phone] / [phone]"),
        ("555-123-4567, (555) 123-4567, 555.123.4567", "[phone], [phone], [phone]"),
        ("Call 415 555 2671.", "Call [phone]."),
        ("030/1234567, 020 7946 0018", "[phone], [phone]"),
        ("06 71 34 56 20", "[phone]"),
        ("Appelle le 06 12 34 56 78.", "Appelle le [phone]."),
        ("电话：138-1234-5678 和 +86 138 1234 5678", "电话：138-1234-5678 和 [phone]"),
        ("Card 4111 1111 1111 1111", "Card [card]"),
        ("378282246310005 and 5555-5555-5555-4444", "[card] and [card]"),
        ("IBAN DE89 3704 0044 0532 0130 00.", "IBAN [account]."),
        ("GB82WEST12345698765432", "[account]"),
        ("key=sk-proj-Ab3dEf6hIj9lMn2pQr5tUv8x", "key=[key]"),
        ("jane@example.com uses AKIAIOSFODNN7EXAMPLE", "[e-mail] uses [key]"),
        ("sk-abcdefghijklmnopqrstuv123456", "[key]"),
        ("ghp_aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3", "[key]"),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN", "Bearer [key]"),
    ],
)
def test_personal_data_is_found_and_covered(text, covered):
    assert has_personal(text)
    assert masked(text) == covered


def test_of_a_private_key_nothing_stays():
    assert masked(f"Here: {PEM}\nand more") == "Here: [key]\nand more"
    assert masked(PEM.replace("\n", "\\n")) == "[key]"
    assert masked(PEM[: PEM.index("\n-----END")]) == "[key]\nabc123=="  # the rest is too short to be one
    assert has_personal(PEM)


def test_the_kinds_are_named():
    assert kinds("ann@firma.de, 4111111111111111, +14155552671") == ["card", "e-mail", "phone"]
    assert kinds("nothing") == []


HONEST = [
    "ISBN 978-3-16-148410-0", "ISBN 9783161484100", "ISBN 0-306-40615-2", "978 0 306 40615 7", "ISBN-10: 0306406152",
    "ISSN 0378-5955", "doi 10.1000/182", "EAN 4006381333931",
    "2026-11-23 09:04:06", "23.11.2026", "2024-01-01T00:00:00+0000", "1914-1918 and 1939-1945", "1999-2004-2010",
    "timestamp 1732351200000", "12:00-13:30",
    "192.168.100.254", "255.255.255.0", "127.0.0.1:8501", "fe80::0123:4567:89ab:cdef",
    "version 3.11.7 and 1.26.4", "v2026.11.23.1", "react@18.2.0", "actions/checkout@v4.1", "4.1.2.3.4.5.6.7",
    "$1,234,567,890.00", "€ 1.234.567,89", "1 000 000 000", "2,147,483,647", "2**64 = 18446744073709551616",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709", "d41d8cd98f00b204e9800998ecf8427e", "0x7fffffffffffffff",
    "550e8400-e29b-41d4-a716-446655440000", "550e8400-0412-4123-8123-446655440000",
    "ISO 100 200 400 800 1600", "sizes 200 400 1600", "300-400-5000 Hz", "0010 1101 0110 1100", "01 02 03 04 05",
    "fib 1 1 2 3 5 8 13 21 34 55 89 144 233 377 610 987", "9 8 7 6 5 4 3 2 1 0", "1/2/3/4/5/6/7/8/9", "SN 0012-345-678",
    "3.14159265358979323846", "0.4111111111111111", "5+123456789", "+0.123456789", "+1.234567891", "6.02214076e23",
    "lat 52.520008, lon 13.404954", "1234567890123456",
    "y = x@y.T", "a@b.mean(axis=0)", "q@self.weight", "@app.route('/x')", "@dataclass", "git@github.com:a/b.git",
    "CONSTRAINT pk_customer_order_line_items PRIMARY KEY", "sk-toggleable__content-arrow",
    "sk-xxxxxxxxxxxxxxxxxxxxxxxx",
    "-----BEGIN PRIVATE KEY----- is how a PEM file begins.",
    "4111 1111 1111 1112", "DE89 3704 0044 0532 0130 01",
]  # fmt: skip


@pytest.mark.parametrize("text", HONEST)
def test_honest_numbers_are_nobodys(text):
    assert not has_personal(text)
    assert not has_personal(f"See {text}, please.")
    assert masked(text) == text


def test_a_list_in_order_is_a_telephone_number_only_where_it_is_said():
    assert not has_personal("The winning numbers are 06 12 34 56 78.")
    assert has_personal("My mobile: 06 12 34 56 78.")


@given(st.text(max_size=200))
def test_what_is_covered_once_stays_and_without_a_find_nothing_changes(text):
    covered = masked(text)
    assert masked(covered) == covered
    if not has_personal(text):
        assert covered == text


@pytest.mark.parametrize(
    "text",
    ["a", "a@", "a.", "1", "1 ", "AB12 ", "sk-", "-", "eyJ", "_a", "%", "@", "The quick 12 and 2026-11-23. ", "巴黎，"],
)
def test_long_texts_take_no_time_that_grows_with_their_square(text):
    few, many = (text * (chars // len(text)) + " ann@firma.de" for chars in (20_000, 200_000))
    assert has_personal(many)
    assert growth(lambda: has_personal(few), lambda: has_personal(many), 10) < LINEAR
