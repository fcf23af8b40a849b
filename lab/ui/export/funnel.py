"""From votes to pairs: how many are left after each step, and why the others are not."""

from __future__ import annotations

import streamlit as st

from lab.dpo import wording
from lab.dpo.built import FILTERED, KEPT
from lab.dpo.report import Report
from lab.ui import tables, text
from lab.ui.export import address, choosing, listing
from lab.ui.export.reading import Reading
from lab.ui.trust import words

_WIDTH, _WIDE = 178, 290  # pixels of a number: two stand side by side on a telephone; and of the three of the split
_AUTHORS = 4  # that a sentence names
COUNT = st.column_config.NumberColumn(format="localized")
_WHAT_FOR = (
    "This page makes a dataset of votes that a trainer accepts and that deserves the training: a prompt, the answer "
    "that people chose, and the one that they rejected. Fifty pairs are a beginning; a few hundred train something."
)


def teach() -> None:
    """Say, where nobody has voted, what this page is for and what to do."""
    st.markdown("### Nobody has judged anything yet")
    st.markdown(_WHAT_FOR)
    _to_judge(st.container(horizontal=True))


def _to_judge(where: st.delta_generator.DeltaGenerator) -> None:
    with where:
        st.page_link("pages/label.py", label="Judge duels", icon=":material/how_to_vote:")
        st.page_link(
            "pages/label.py", label="Bring preferences in from a file", icon=":material/upload:",
            query_params={"label_view": "Duels"},
        )  # fmt: skip


def sentence(reading: Reading) -> None:
    """Say in one sentence what there is, and what to do next."""
    found = reading.report
    if not found.ready:
        _nothing(found)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"### {_says(found)}", width="content")
        st.button(
            "Freeze them", key="to-freeze", type="primary", icon=":material/ac_unit:", on_click=address.to_part,
            args=(address.FREEZE,), help="Turns to the last step: name, formats, and one button that writes them.",
        )  # fmt: skip
    st.caption(text.sentence(_whose(reading)))
    if reading.spec.filters.sample or reading.spec.filters.mock:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge("with samples or placeholders", color="orange", help="Fit to try the page, not to train on.")
            st.button("Leave the samples out", key="no-samples", type="tertiary", on_click=_only_own)


def _says(found: Report) -> str:
    blocked = sum(one.count for one in found.findings if one.severity == "block")
    warned = found.warnings
    said = [f"{words.count(found.kept, 'pair')} can train" if found.kept else "No pair can train"]
    if found.likes:
        said.append(f"{words.count(found.likes, 'answer')} with a thumb can, by KTO")
    if blocked:
        said.append(f"{blocked:,} {'is' if blocked == 1 else 'are'} blocked")
    said.append(f"{words.count(warned, 'warning')} to read" if warned else "nothing to warn of")
    return f"{text.begun(', '.join(said))}."


def _whose(reading: Reading) -> str:
    """Return in a sentence whose answers these are, and which share is the policy's."""
    found = reading.report
    answers = sum(one.chosen + one.rejected for one in found.authors)
    if not answers:
        return "No pair is kept, so there are no answers to tell whose they are."
    shares = [
        f"{one.by}{f' ({one.model})' if one.model and one.model != one.by else ''} {share:.0%}"
        for one in found.authors[:_AUTHORS]
        for share in [(one.chosen + one.rejected) / answers]
    ]
    rest = f" and {len(found.authors) - _AUTHORS:,} more" if len(found.authors) > _AUTHORS else ""
    by = f"The answers are by {', '.join(shares)}{rest}."
    if found.policy_share is None:
        return f"{by} Name the model to be trained, and this says which share is its own."
    return f"{wording.policy(found, reading.spec)} {by}"


# ------------------------------------------------------------------------------------------------ nothing to export


def _nothing(found: Report) -> None:
    if found.judged and not found.wanted and set(found.counts) <= {"sample", "mock"}:
        st.markdown("### Only the sample workspace was judged so far" if "sample" in found.counts else "### Only mocks")
        st.markdown(f"{_WHAT_FOR} Try the page on what came with the lab; it is left out as soon as you say so.")
    elif found.judged:
        most = max((one for one in found.counts if one != KEPT), key=lambda one: found.counts[one])
        said = f"None of the {found.judged:,} judged duels makes a pair that can be exported"
        st.markdown(f"### {text.sentence(said)}")
        about = f"Most of them: {wording.why(most)} ({found.counts[most]:,}). Each reason stands below, with its duels."
        st.markdown(text.sentence(about))
    else:
        st.markdown("### No duel was judged, and no thumb is let through")
        st.markdown(_WHAT_FOR)
    _way_in(found)


def _way_in(found: Report) -> None:
    sample, mock = (found.counts.get(one, 0) for one in ("sample", "mock"))
    row = st.container(horizontal=True, vertical_alignment="center")
    with row:
        if sample:
            st.button(
                "Look at the sample workspace", key="with-sample", type="primary", icon=":material/science:",
                on_click=_let_in, args=(choosing.SAMPLE, choosing.MOCK),
                help=f"{words.count(sample, 'duel')} that came with the lab.",
            )  # fmt: skip
        if mock:
            st.button(
                f"Take in {words.count(mock, 'duel')} with answers of the mock", key="with-mock", on_click=_let_in,
                args=(choosing.MOCK,),
            )  # fmt: skip
    _to_judge(row)


def _let_in(*keys: str) -> None:
    for key in keys:
        st.session_state[key] = True


def _only_own() -> None:
    for key in (choosing.SAMPLE, choosing.MOCK):
        st.session_state[key] = False


# ---------------------------------------------------------------------------------------------------------- numbers


def numbers(reading: Reading) -> None:
    """Draw the steps of the funnel; each opens its duels, and those that it loses."""
    found = reading.report
    filtered, undecided = found.judged - found.wanted, found.wanted - found.pairs
    with st.container(horizontal=True):
        _card("votes", found.votes, read="judged", lost=None)
        _card("judged duels", found.judged, read="judged", lost=("filtered", filtered, "filtered out"))
        _card("with a winner", found.pairs, read="pairs", lost=("undecided", undecided, "without"))
        _card("kept pairs", found.kept, read="kept", lost=("left_out", found.pairs - found.kept, "left out"))
        if found.kept:
            _split(found)
        if found.likes:
            out = sum(found.likes_left_out.values())
            _card("thumbs, for KTO", found.likes, read="thumbs_kept", lost=("thumbs_left_out", out, "left out"))
    listing.draw(reading, address.FUNNEL)


def _card(label: str, value: int, *, read: str | None, lost: tuple[str, int, str] | None) -> None:
    with st.container(border=True, width=_WIDTH, height="stretch", gap="xsmall"):
        st.metric(label, f"{value:,}")
        with st.container(horizontal=True, gap="small"):
            if read is not None and value:
                st.button(
                    "Read", key=f"funnel-{label}", type="tertiary", on_click=address.show,
                    args=(address.FUNNEL, read), help=f"Opens what is behind “{label}”.",
                )  # fmt: skip
            if lost is not None and lost[1]:
                kind, count, why = lost
                st.button(
                    f"{count:,} {why}", key=f"lost-{kind}", type="tertiary", on_click=address.show,
                    args=(address.FUNNEL, kind), help="Opens what is lost here. The doctor says why.",
                )  # fmt: skip


def _split(found: Report) -> None:
    with st.container(border=True, width=_WIDE, height="stretch", gap="xsmall"):
        st.metric(" / ".join(found.splits), " / ".join(f"{count:,}" for count in found.splits.values()))
        st.button(
            "Look at the split", key="to-split", type="tertiary", on_click=address.to_part, args=(address.PREVIEW,),
            help=f"{sum(found.clusters.values()):,} groups of prompts, none of them on two sides.",
        )  # fmt: skip


def losses(reading: Reading) -> None:
    """Draw why judged duels are not in the export; a row opens its duels."""
    lost = [(reason, count) for reason, count in reading.report.counts.items() if reason != KEPT]
    if not lost:
        st.caption("Every judged duel is in.")
    else:
        total = sum(count for _, count in lost)
        tables.table(
            {
                "duels": [count for _, count in lost],
                "why they are not in": [wording.why(reason) for reason, _ in lost],
                "step": [_step(reason) for reason, _ in lost],
            },
            key=tables.key_of("losses", [f"{reason}{count}" for reason, count in lost]),
            name="export-losses",
            caption=f"{total:,} of {reading.report.judged:,} judged duels. Click a row to read them.",
            config={"duels": COUNT, "why they are not in": st.column_config.TextColumn(width="large")},
            on_pick=lambda place: address.show(address.LOSSES, "reason", lost[place][0]),
        )
        listing.draw(reading, address.LOSSES)
    if reading.report.likes_left_out:
        _lost_thumbs(reading)


def _lost_thumbs(reading: Reading) -> None:
    """Draw why answers with a thumb are not in the export; a row opens them."""
    lost = sorted(reading.report.likes_left_out.items(), key=lambda one: -one[1])
    st.markdown("#### Why answers with a thumb are not in")
    tables.table(
        {"answers": [count for _, count in lost], "why they are not in": [wording.why(reason) for reason, _ in lost]},
        key=tables.key_of("lost-thumbs", [f"{reason}{count}" for reason, count in lost]),
        name="export-lost-thumbs",
        caption="Thumbs train by KTO alone. Click a row to read them.",
        config={"answers": COUNT, "why they are not in": st.column_config.TextColumn(width="large")},
        on_pick=lambda place: address.show(address.LOST_THUMBS, "thumbs_reason", lost[place][0]),
    )
    listing.draw(reading, address.LOST_THUMBS)


def _step(reason: str) -> str:
    if reason in FILTERED:
        return "filters"
    return "votes" if reason.startswith("verdict:") else "doctor"
