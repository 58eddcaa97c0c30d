"""What autoencoders are for: anomalies, and features for few labels."""

from keras_aegan.evaluation.anomaly_detector import AnomalyDetector as AnomalyDetector
from keras_aegan.evaluation.probes import linear_probe as linear_probe
from keras_aegan.evaluation.probes import mlp_probe as mlp_probe
from keras_aegan.evaluation.probes import neighbor_probe as neighbor_probe
from keras_aegan.evaluation.probes import svm_probe as svm_probe
from keras_aegan.evaluation.thresholds import quantile_threshold as quantile_threshold
from keras_aegan.evaluation.thresholds import tail_threshold as tail_threshold


def __getattr__(name):
    # Its base classes are scikit-learn's, whose import takes a second that not everyone needs.
    if name == "AutoencoderTransformer":
        from keras_aegan.evaluation.autoencoder_transformer import AutoencoderTransformer

        return AutoencoderTransformer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), "AutoencoderTransformer"])
