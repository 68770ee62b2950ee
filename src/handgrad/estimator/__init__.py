"""scikit-learn's face of the network and of the baseline: TwoLayerClassifier and TemplateClassifier.

They need the extra "estimator" (scikit-learn 1.6 or newer), which nothing else in handgrad imports.
"""

from handgrad.errors import MissingExtraError

try:
    from sklearn.utils.validation import validate_data as _of_1_6  # noqa: F401  # only to see that it is there: older ones lack it
except ImportError:
    raise MissingExtraError(
        "the estimators need scikit-learn 1.6 or newer: pip install 'handgrad[estimator]'"
    ) from None

from handgrad.estimator.baseline import TemplateClassifier
from handgrad.estimator.classifier import TwoLayerClassifier

__all__ = ["TemplateClassifier", "TwoLayerClassifier"]
