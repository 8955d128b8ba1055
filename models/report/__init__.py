"""From what `edge-agent eval` says to tables and plots: see models/results.py."""
