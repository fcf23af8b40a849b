"""Judging answers: where duels come from, who sees which, and what the votes are worth."""
