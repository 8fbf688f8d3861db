"""Measurements: `make bench`. Each runs a server of its own in a temporary folder; results are ratios and counts."""
