"""handgrad: handwritten digits, hand-derived gradients."""

__version__ = "0.1.0"
