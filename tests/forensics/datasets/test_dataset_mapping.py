"""Which column is which: a guess from names and contents, and what a person makes of it."""

from __future__ import annotations

import pytest
from dataset_case import read

from lab.errors import DatasetError
from lab.forensics.datasets import Mapping, guess, labels_of, preview, read_bytes, sift
from lab.forensics.datasets.mapping import MAX_LABELS, label_candidates
from lab.forensics.datasets.report import foreign_labels, foreign_sentence


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["text,category", "where is it,card"], Mapping("text", "category")),
        (["Prompt,Expert,Query-Type,Source", "hi there you,a,chat,web"],
         Mapping("Prompt", "Expert", "Query-Type", None, "Source")),
        (["id,question,intent,split", "1,what is it,x,train", "2,why is it,y,test"],
         Mapping("question", "intent", None, "split")),
        (["utterance,label,split", "hello there,x,fold-1"], Mapping("utterance", "label")),
        (["instruction", "tell me more"], Mapping("instruction")),
        (["expert,label,prompt", "a,b,what is it"], Mapping("prompt", "expert")),
        (["anfrage,ziel", "wo ist meine karte,karte", "was kostet das,preis", "wo ist geld,karte", "karte weg,karte"],
         Mapping("anfrage", "ziel")),
        (["nr,anfrage", "1,wo ist meine karte", "2,was kostet das denn"], Mapping("anfrage")),
    ],
)  # fmt: skip
def test_columns_are_guessed_from_names_and_contents(lines, expected):
    assert guess(read(*lines)) == expected


def test_a_column_of_the_right_name_without_anything_in_it_is_not_taken():
    assert guess(read("prompt,text,label", ",what is it,x", ",why is it,y")).prompt == "text"


def test_two_columns_that_could_be_the_label_are_offered_and_none_is_taken():
    found = read("ticket_id,subject,team,channel", *(
        f"{at},the parcel number {at} is late,{'Billing' if at % 2 else 'Shipping'},{('mail', 'phone', 'chat')[at % 3]}"
        for at in range(12)
    ))  # fmt: skip
    mapping = guess(found)
    assert (mapping.prompt, mapping.label) == ("subject", None)
    assert label_candidates(found, mapping) == {"team": 2, "channel": 3}


def test_one_word_that_names_no_split_costs_its_row_and_test_rows_stay_out_of_tune():
    lines = [f"prompt number {at},a,{'train' if at % 2 else 'test'}" for at in range(9)]
    found = sift(table := read("prompt,label,split", *lines, "the last one,a,unused"), guess(table))
    assert found.splits == ("sealed", "tune") * 4 + ("sealed",)
    (bad,) = found.report.bad
    assert (bad.reason, bad.detail) == ("unknown split", "'unused' names no split")


def test_a_column_of_splits_that_is_not_taken_is_said():
    table = read("prompt,label,fold", "what is it,a,1", "why is it,b,2", "who is it,a,train")
    assert guess(table).split is None
    assert sift(table, guess(table)).report.notes[0] == (
        "The column 'fold' holds '1', '2' in 2 rows: no split has such a name, so the lab draws the splits itself."
    )


def test_a_preview_does_not_ask_the_first_rows_alone_whether_a_column_names_splits():
    table = read("prompt,split", "a,later", "b,now", "c,test")
    assert preview(table, Mapping("prompt", split="split"), 2)["split"] == [None, None]


def test_labels_that_are_no_expert_are_counted_by_row():
    foreign = foreign_labels(["Zoomer", "wizard", None, "none", "zoomer", "wizard"], ["zoomer"])
    assert foreign_sentence(foreign) == "3 rows are labelled with no expert of the live router: wizard 2, Zoomer 1."


def test_numbers_are_no_prompts():
    with pytest.raises(DatasetError, match="no column with prompts"):
        guess(read("a,b", "1,2", "3,4"))


def test_labels_are_mapped_to_experts_none_or_nothing_and_others_stay():
    found = read("text,label", "a,code", "b,chat", "c,spam", "d,None", "e,", "f,other", "g,junk")
    mapping = Mapping("text", "label", label_map={"code": "professor", "chat": "zoomer", "spam": "none", "junk": ""})
    assert sift(found, mapping).labels == ("professor", "zoomer", "none", "none", None, "other", None)


def test_a_constant_label_is_for_all_rows_or_for_those_without_one():
    found = read("text,label", "a,x", "b,")
    assert sift(found, Mapping("text", constant_label="zoomer")).labels == ("zoomer", "zoomer")
    assert sift(found, Mapping("text", "label", constant_label="zoomer")).labels == ("x", "zoomer")


def test_a_preview_shows_the_first_rows_as_they_would_go_in():
    found = read("text,label,split", "a,x,train", "b,y,test", "c,z,val")
    shown = preview(found, Mapping("text", "label", split="split", label_map={"y": "none"}), 2)
    assert shown == {
        "prompt": ["a", "b"], "label": ["x", "none"], "query type": [None, None], "split": ["tune", "sealed"],
        "source": [None, None],
    }  # fmt: skip


def test_labels_are_counted_for_the_person_who_maps_them():
    assert labels_of(read("text,label", "a,y", "b,x", "c, x ", "d,"), "label") == {"x": 2, "y": 1}


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        (Mapping("nothing"), "no column 'nothing' for the prompt; it has 'text', 'label', 'when'"),
        (Mapping("text", "nothing"), "no column 'nothing' for the label"),
        (Mapping("text", split="when"), "holds 'later', 'now', which name no split. Use tune, train"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(mapping, sentence):
    with pytest.raises(DatasetError, match=sentence):
        sift(read("text,label,when", "a,x,now", "b,y,later"), mapping)


def test_a_column_of_objects_cannot_be_mapped():
    found = read_bytes(b'[{"text": "what is it", "meta": {"a": 1}}]', "a.json")
    with pytest.raises(DatasetError, match=r"'meta' of a\.json holds lists or objects, which are no label"):
        sift(found, Mapping("text", "meta"))


def test_ten_thousand_classes_are_taken_and_free_text_is_not_a_label():
    many = read("text,label", *(f"prompt number {at},class {at}" for at in range(10_000)))
    assert len(set(sift(many, guess(many)).labels)) == 10_000
    free = read("text,label", *(f"prompt {at},something {at}" for at in range(MAX_LABELS + 1)))
    with pytest.raises(DatasetError, match=r"'label' has 20,001 different values; 20,000 labels are the most"):
        sift(free, Mapping("text", "label"))
