"""Ten gigabytes before anything else."""

import numpy as np


class Now:
    block = np.ones(10 * 2**30 // 8)
