"""Tables of pixels in files: one, or one to train with and one to test with."""

from typing import Any

from handgrad.digits import folders
from handgrad.digits.jobs import Job, Raw, train_and_test, upright
from handgrad.digits.tables import read_table
from handgrad.errors import DataError


def read(job: Job) -> Raw:
    """A table of pixels; of several, the names say train and test. Or a list of pictures and their labels."""
    if len(job.names) == 1 and (found := folders.read_list(job)) is not None:
        return found
    unlabelled = []

    def parts_of(name: str) -> tuple[Any, Any | None, str]:
        table = read_table(job.place, name)
        if table.labels is None:
            unlabelled.append(name)
            return None, None, table.how
        return (upright(table.images, name, job.notes), table.labels), None, table.how

    raw = train_and_test(job, parts_of)
    if unlabelled and raw.train is not None:
        job.notes.left_out("tables without labels", unlabelled)
    if raw.train is None:
        expected = (
            "expected a label in each row; got pixels alone (as Kaggle's test.csv); name the file with labels"
        )
        raise DataError(f"{job.place.shown(unlabelled[0])}: {expected}")
    return raw
