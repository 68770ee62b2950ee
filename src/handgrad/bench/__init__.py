"""Measuring: an epoch by handgrad's engines and by every framework that is installed, in one run."""
