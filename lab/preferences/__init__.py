"""Judging: where duels come from, votes, and how far they can be trusted."""
