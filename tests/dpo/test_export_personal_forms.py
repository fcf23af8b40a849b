"""Where personal data begins and ends: numbers with others beside them, signs that look alike, addresses in code."""

from __future__ import annotations

import pytest
from growth import LINEAR, growth

from lab.dpo.checks.personal import has_personal, masked

DRAWN = "aB3dE6gH9j" * 9  # letters and digits as in a key


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("ES91 2100 0418 4502 0005 1332 BIC X", "[account] BIC X"), ("AT61 1904 3002 3457 3201 2026", "[account] 2026"),
        ("BE68 5390 0754 7034 EUR 50", "[account] EUR 50"),
        ("SE45 5000 0000 0583 9825 7466 100 kr", "[account] 100 kr"),
        ("DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000", "[account]"),
        ("DE89-3704-0044-0532-0130-00", "[account]"),
        ("iban de89 3704 0044 0532 0130 00", "iban [account]"), ("nl91abna0417164300 bitte", "[account] bitte"),
        ("4111 1111 1111 1111 737", "[card] 737"), ("4111111111111111 737", "[card] 737"),
        ("4111-1111-1111-1111-123", "[card]-123"), ("case 2202 4111 1111 1111 1111.", "case 2202 [card]."),
        ("AB12 4111 1111 1111 1111", "AB12 [card]"), ("4111\u00a01111\u00a01111\u00a01111", "[card]"),
        ("4111.1111.1111.1111", "[card]"),
    ],
)  # fmt: skip
def test_an_account_or_a_card_ends_where_its_check_digits_say(text, covered):
    assert has_personal(text)
    assert masked(text) == covered


@pytest.mark.parametrize(
    "text",
    [
        "AT61 1904 3002 3457 3202 2026", "be12345678901234", "de89370400440532013001", "2202 4111 1111 1111 1112",
        "2202 4111 1111 1111 1111 9000", "4096 2048 1024 5120 6400 1200", "4111.1111.1111.1111.1",
        "AB12 CD34 EF56 GH78",
    ],
)  # fmt: skip
def test_numbers_without_right_check_digits_stay(text):
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("?email=ann@firma.de", "?email=[e-mail]"), ("user=ann@firma.de", "user=[e-mail]"),
        ("EMAIL=ann@firma.de", "EMAIL=[e-mail]"), ("mail=ann@firma.it", "mail=[e-mail]"),
        ("ann/bob@firma.de", "ann/[e-mail]"), ("ann@firma.de(work)", "[e-mail](work)"), ("ann@self.de", "[e-mail]"),
        ("git@firma.de", "[e-mail]"), ("иван@почта.рф", "[e-mail]"), ("ann@firma.中国", "[e-mail]"),
        ("邮箱ann@公司.中国请", "邮箱[e-mail]请"),
    ],
)  # fmt: skip
def test_addresses_are_found_behind_signs_and_in_other_scripts(text, covered):
    assert has_personal(text)
    assert masked(text) == covered


@pytest.mark.parametrize(
    "text",
    [
        "git@github.com:org/repo", "ssh -T git@github.com", "git@firma.de:org/repo.git", "y=x@y.mT", "z=q@self.weight",
        "out=x@w.inverse", "x@self.pe", "https://bob@firma.de/path", "npm/bootstrap@5.3.0/dist",
        "h=emb@proj.to(device)",
        "@例子", "a@中国",
    ],
)  # fmt: skip
def test_code_has_no_addresses(text):
    assert not has_personal(text)
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("+1‑415‑555‑2671", "[phone]"), ("+49–30–1234567", "[phone]"), ("+４９ ３０ １２３４５６７", "[phone]"),
        ("電話０３－１２３４－５６７８", "電話[phone]"), ("(030)1234567", "[phone]"), ("06-12-34-56-78", "[phone]"),
        ("Appelle 06-12-34-56-78 vite", "Appelle [phone] vite"), ("+49 151 / 234 567 89", "[phone]"),
        ("8 (495) 123-45-67", "[phone]"), ("(11) 98765-4321", "[phone]"), ("03-1234-5678", "[phone]"),
        ("WhatsApp 5511987654321", "WhatsApp [phone]"), ("mi móvil es 612345678", "mi móvil es [phone]"),
        ("030 1234567 030 7654321", "[phone] [phone]"), ("030 1234567 0171 2345678", "[phone] [phone]"),
        ("+49 30 1234567 030 7654321", "[phone] [phone]"),
    ],
)  # fmt: skip
def test_telephone_numbers_are_found_however_they_are_written(text, covered):
    assert has_personal(text)
    assert masked(text) == covered


@pytest.mark.parametrize(
    "text",
    [
        "Please call fn(4155552671) in the loop", "call f(x, 4155552671)", "(11) 1914-1918", "06-12-34-56-78-9A",
        "06-12-34-56-78-AB", "numbers 01-02-03-04-05", "backup 06-12-24-15-30", "03-2020-2021", "order 5511987654321",
        "phone model 612345678", "5 +1234567 / 89", "ISBN 978–3–16–148410–0", "1914–1918 and 1939–1945",
        "12\u00a0345\u00a0678\u00a0–\u00a023\u00a0456\u00a0789", "2026–11–23", "1.234.567,89\u00a0€", "x − 123456789",
    ],
)  # fmt: skip
def test_dates_ranges_and_arguments_are_no_telephone_numbers(text):
    assert not has_personal(text)
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        (f"gsk_{DRAWN[:52]}", "[key]"), (f"npm_{DRAWN[:36]}", "[key]"), (f"SG.{DRAWN[:22]}.{DRAWN[:43]}", "[key]"),
        (f"ya29.{DRAWN[:60]}", "[key]"), (f"AccountKey={DRAWN[:86]}==;x", "AccountKey=[key];x"),
        (f"aws_secret_access_key = {DRAWN[:40]}", "aws_secret_access_key = [key]"),
        (f'"SecretAccessKey": "{DRAWN[:40]}"', '"SecretAccessKey": "[key]"'),
        (f"https://hooks.slack.com/services/T0ABC1234/B0ABC1234/{DRAWN[:24]}", "[key]"),
    ],
)  # fmt: skip
def test_keys_of_more_services_are_found(text, covered):
    assert has_personal(text)
    assert masked(text) == covered


@pytest.mark.parametrize(
    "text",
    [
        "npm_config_registry", "npm_" + "x" * 36, "T = SG.x.y", "aws_secret_access_key = YOUR_KEY", "AccountKey=...",
        "hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", f"sha1 {'0a1b2c3d' * 5}",
        "secret_access_key = " + "x" * 40,
    ],
)  # fmt: skip
def test_names_and_patterns_of_keys_are_none(text):
    assert masked(text) == text


def test_what_stood_beside_something_covered_is_covered_too():
    once = masked("4111 1111 1111 1111-ann@firma.de")
    assert once == "[card][e-mail]"
    assert masked(once) == once


@pytest.mark.parametrize(
    "text",
    ["4111 ", "4111 1111 1111 1112 ", "de89 3704 ", "AB12 3456 7890 ", "１２３ ", "a=b@self.", "SG.", "030 12345 "],
)
def test_looking_again_takes_no_time_that_grows_with_the_square(text):
    few, many = (text * (chars // len(text)) + " ann@firma.de" for chars in (20_000, 200_000))
    assert growth(lambda: masked(few), lambda: masked(many), 10) < LINEAR
