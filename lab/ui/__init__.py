"""What pages share. Only this package, `pages` and `app.py` import streamlit."""
