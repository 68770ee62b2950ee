"""Parquet files, as Hugging Face has them: a column of pictures, one of labels; the extra 'parquet'."""

import io
import json
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import NDArray
from handgrad.digits.jobs import Job, Raw, as_asked
from handgrad.digits.pictures import InMemory
from handgrad.digits.places import Place
from handgrad.digits.roles import part_of
from handgrad.digits.tables import INDEX_NAMES, LABEL_NAMES
from handgrad.errors import DataError, MissingExtraError

MAGIC = b"PAR1"
IMAGE_NAMES = ("image", "img", "picture", "images")
MOST_BYTES = 8 << 30  # in a file, decompressed
MOST_ROWS = 1 << 24


class Rows(NamedTuple):
    """Labels with pictures as files in memory, or with rows of pixels."""

    how: str
    labels: NDArray
    files: list[bytes] | None
    pixels: NDArray | None


def read_rows(place: Place, names: Sequence[str]) -> Rows:
    """The rows of one or more Parquet files that belong together.

    DataError names the file; MissingExtraError without pyarrow.
    """
    try:
        from pyarrow import parquet
    except ImportError:
        expected = "Parquet files need pyarrow: pip install 'handgrad[parquet]'"
        raise MissingExtraError(f"{place.shown(names[0])}: {expected}") from None
    parts = [_read_file(parquet, place, name) for name in names]
    first = parts[0]
    if any((part.files is None) != (first.files is None) for part in parts):
        raise DataError(f"{place.shown(names[-1])}: expected the columns of {names[0]}; got others")
    if first.files is not None:
        together: list[bytes] = [file for part in parts for file in part.files or ()]
        return Rows(first.how, np.concatenate([part.labels for part in parts]), together, None)
    pixels = [part.pixels for part in parts if part.pixels is not None]
    if len({one.shape[1:] for one in pixels}) > 1:
        raise DataError(f"{place.shown(names[-1])}: expected images of the size of {names[0]}; got others")
    return Rows(first.how, np.concatenate([part.labels for part in parts]), None, np.concatenate(pixels))


def _read_file(parquet: Any, place: Place, name: str) -> Rows:
    shown = place.shown(name)
    with place.open(name) as file:
        try:
            opened = parquet.ParquetFile(io.BytesIO(file.read()))
            metadata = opened.metadata
            size = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
            if metadata.num_rows > MOST_ROWS:
                raise DataError(f"{shown}: expected at most {MOST_ROWS:,} rows; got {metadata.num_rows:,}")
            if size > MOST_BYTES:
                raise DataError(
                    f"{shown}: expected at most {MOST_BYTES >> 30} GB, decompressed; got {size:,} bytes"
                )
            names = opened.schema_arrow.names
            label = next((key for key in names if key.lower() in LABEL_NAMES), None)
            image = next((key for key in names if key.lower() in IMAGE_NAMES), None)
            if label is None:
                got = ", ".join(names[:8])
                raise DataError(
                    f"{shown}: expected a column 'label' beside 'image' or pixels; got {got:.200}"
                )
            table = opened.read(columns=[label] if image is None else [image, label])
            labels = _labels(table.column(label), opened.schema_arrow.metadata, label, shown)
            if image is None:
                pixels = [key for key in names if key != label and key.lower() not in INDEX_NAMES]
                columns = opened.read(columns=pixels).columns
                rows = np.stack([column.to_numpy(zero_copy_only=False) for column in columns], axis=1)
                return Rows(f"Parquet with {len(pixels)} columns of pixels", labels, None, rows)
            column = table.column(image)
            files = [_bytes(value, shown, row) for row, value in enumerate(column.to_pylist())]
            return Rows(f"Parquet with columns {image!r} and {label!r}", labels, files, None)
        except DataError:
            raise
        except Exception as error:  # pyarrow raises errors of its own, Python's and NumPy's for damaged files
            got = f"{type(error).__name__}: {str(error)[:100]}".splitlines()[0]
            raise DataError(f"{shown}: not a Parquet file of images, or damaged ({got})") from None


def _bytes(value: Any, shown: str, row: int) -> bytes:
    """The file of a picture: Hugging Face's {"bytes", "path"}, or the bytes themselves."""
    data = value.get("bytes") if isinstance(value, dict) else value
    if not isinstance(data, bytes):
        raise DataError(f"{shown}: expected the bytes of a picture in row {row}; got {type(data).__name__}")
    return data


def _labels(column: Any, metadata: Any, name: str, shown: str) -> NDArray:
    """The labels; numbers that stand for names become these names, as Hugging Face's metadata has them."""
    values = column.to_pylist()
    if None in values:
        raise DataError(f"{shown}: expected a label in each row; got none in row {values.index(None)}")
    names = _class_names(metadata, name)
    if names and all(type(value) is int and 0 <= value < len(names) for value in values):
        values = [names[value] for value in values]
    return np.array(values)


def _class_names(metadata: Any, name: str) -> list[str] | None:
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
        names = features[name]["names"]
    except (KeyError, TypeError, ValueError):
        return None
    is_list = (
        isinstance(names, list) and all(isinstance(one, str) for one in names) and len({*names}) == len(names)
    )
    return names if is_list else None


def read_parquet(job: Job) -> Raw:
    """Parquet files; of several, the names say which belong to train and which to test."""
    parts: dict[str, list[str]] = {}
    for name in job.names:
        parts.setdefault(
            part_of(PurePosixPath(name).name) or part_of(str(PurePosixPath(name).parent)) or "train", []
        ).append(name)
    if "train" not in parts:
        parts = {"train": job.names}
    if "test" in parts and "validation" in parts:
        job.notes.left_out("files of the validation part", parts["validation"])
    done, how = [], ""
    for names in (parts["train"], parts.get("test") or parts.get("validation")):
        if names is None:
            continue
        rows = read_rows(job.place, names)
        how, labels = rows.how, rows.labels
        pictures: Any = rows.pixels
        if rows.files is not None:
            pictures, labels = as_asked(InMemory(rows.files, job.place.shown(names[0])), labels, job)
        done.append((pictures, labels))
    return Raw(how, *done)
