"""The Tune page: what is asked (`controls.py`), what is recommended, the heatmap, the cell that was clicked, tabs."""
