"""Training of the heads that Chuangming puts on top of its fetched base models."""
