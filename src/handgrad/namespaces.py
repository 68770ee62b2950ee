"""Whose functions work on an array: NumPy's, PyTorch's, JAX's."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace as of_others
from array_api_compat import device, is_array_api_obj

__all__ = ["array_namespace", "device", "is_array_api_obj"]


def array_namespace(array: Any) -> Any:
    """The namespace of the array API standard that an array belongs to.

    NumPy is one itself since version 2.1; array_api_compat would wrap it, and take 0.15 s to be imported.
    """
    return np if type(array) is np.ndarray else of_others(array)
