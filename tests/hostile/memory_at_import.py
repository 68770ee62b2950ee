"""Ten gigabytes before anything else."""

import numpy as np

BLOCK = np.ones(10 * 2**30 // 8)
