"""Benchmarks: every figure is measured beside what it is compared with, in alternating rounds of one run."""
