"""What the Label page shows."""
