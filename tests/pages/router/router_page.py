"""What tests of the Router page do and read."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from lab.ui import resources

APP = Path(__file__).parents[3] / "app.py"
RUN_S = 60


def visited():
    """The page, as a visitor of their own finds it."""
    tab = AppTest.from_file(APP, default_timeout=RUN_S).run()
    return tab.switch_page("pages/router.py").run()


def shown(page):
    elements = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.success]
    return "\n".join(element.value for element in elements).replace("\\", "").replace("\u2060", "")


def button(page, label):
    return next(one for one in page.button if one.label == label)


def number(page, key):
    return page.number_input(key=key)


def drafting():
    return resources.lab().drafting


def draft():
    return drafting().current()


def opened(page, **address):
    for name, value in address.items():
        page.query_params[name] = value
    page = page.run()
    assert not page.exception
    return page


def set_threshold(page, value=0.35):
    page = number(page, "r-threshold").set_value(value).run()
    assert not page.exception
    return page
