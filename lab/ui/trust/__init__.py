"""The parts of the Trust page: what is read, what it comes to, and what opens behind each number."""
