"""The rows of the table, and the module that holds the parts of each; importing it enters them (throwing.PARTS)."""

from importlib import import_module

ROWS = {
    "data": "parsers", "download": "downloads", "models": "parsers", "images": "pictures", "numerics": "numbers",
    "backends": "numbers", "determinism": "runs", "interruption": "kills", "concurrency": "runs", "learners": "learners",
    "installation": "installing", "processes": "in_processes", "server": "serving", "distributed": "together",
    "terminals": "terminals",
}  # fmt: skip


def enter(row: str) -> None:
    """Enter the parts of a row."""
    import_module(f"rows.{ROWS[row]}")
