"""How findings are put right, a topic a file: what several rules share, and what would fill one. Rules get at it by name."""
