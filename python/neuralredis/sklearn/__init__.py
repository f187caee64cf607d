"""Estimators for scikit-learn, for its pipelines, searches and cross-validations.

They need scikit-learn 1.6 or later, which the extra ``sklearn`` installs: ``pip install 'neuralredis[sklearn]'``.
"""

try:
    from neuralredis.sklearn.classifier import NeuralClassifier
    from neuralredis.sklearn.forecaster import Forecaster
    from neuralredis.sklearn.regressor import NeuralRegressor
    from neuralredis.sklearn.sequence_classifier import SequenceClassifier
except ImportError as error:
    if not (error.name or "").startswith("sklearn"):
        raise
    raise ImportError(
        f"neuralredis.sklearn needs scikit-learn 1.6 or later ({error}): pip install 'neuralredis[sklearn]'",
        name=error.name,
        path=error.path,
    ) from error

__all__ = ["Forecaster", "NeuralClassifier", "NeuralRegressor", "SequenceClassifier"]
