"""The LLM Router Lab: page config, navigation, the frame."""

import streamlit as st

from lab.ui import frame

st.set_page_config(page_title="LLM Router Lab", page_icon=frame.ICON, layout="wide")
page = st.navigation(
    [
        st.Page("pages/route.py", title="Route", url_path="route", default=True),
        st.Page("pages/data.py", title="Data", url_path="data"),
        st.Page("pages/tune.py", title="Tune", url_path="tune"),
        st.Page("pages/router.py", title="Router", url_path="router"),
        st.Page("pages/label.py", title="Label", url_path="label"),
        st.Page("pages/trust.py", title="Trust", url_path="trust"),
        st.Page("pages/export.py", title="Export", url_path="export"),
    ],
    position="top",
)
frame.draw()
page.run()
