"""Marking a class: every submission in a folder checked, the results as a table."""
