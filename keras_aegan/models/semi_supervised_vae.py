"""The semi-supervised variational autoencoder, model M2."""

import math

import keras
import numpy as np
from keras import ops

from keras_aegan.checks import data_checks, network_checks
from keras_aegan.engine.batch_sizes import check_takes_any_batch
from keras_aegan.engine.counting import batch_known, known_batch
from keras_aegan.engine.tensor_notes import take_rows
from keras_aegan.hints import Array, Tensor, Terms
from keras_aegan.models.conditional_vae import ConditionalVAE
from keras_aegan.models.conditions import split
from keras_aegan.models.variational_model import VariationalModel
from keras_aegan.networks.conditioning import num_classes_of


@keras.saving.register_keras_serializable(package="keras_aegan")
class SemiSupervisedVAE(VariationalModel):
    """A conditional VAE and a classifier q(y|x), for data of which few have labels.

    With p(y) uniform over K classes, the bound of p(x, y) and that of p(x) are maximised,

        L(x, y) = log p(x|y, z) − KL(q(z|x, y) ‖ p(z)) − log K + α log q(y|x)   where y is known,
        U(x) = Σ_y q(y|x) (log p(x|y, z) − KL − log K) + H(q(y|x))              where it is not.

    Reference: [Kingma et al., 2014](https://arxiv.org/abs/1406.5298), M2, equations 6 to 9.

    `compile` takes a loss as `VAE` does. Logged, unweighted, are means over all examples:
    `reconstruction_loss` and `kl_loss`, under the known class or as means over q(y|x);
    `label_loss`, log K − H, H = 0 where y is known; `classification_loss`, −log q(y|x), 0 where y
    is unknown; and, over known ones alone, `accuracy`. With a likelihood, `loss` is the negative
    bound in nats plus α · `classification_loss`. The paper's 0.1 · N, of a mean over N_l known
    ones, is α = 0.1 · N / N_l for each: 50, the default, for 100 of 50,000. Those that `fit` is
    given repeatedly need a smaller `sample_weight`, to count as often as they occur.

    Args:
        encoder: Functional model from `[x, labels]` to `[z_mean, z_log_var]`.
        classifier: Functional model from x to one logit per class, without an activation.
        decoder: Functional model from `[z, labels]` to data.
        **kwargs: `seed`, `prior`, `name` and `dtype`, as in `VAE`.

    Input shape:
        x, `(batch_size, ...)`. `fit` takes `(x, labels)`: integers `(batch_size,)`, -1 if unknown.

    Output shape:
        What the decoder gives: the reconstruction from `z_mean` and the most probable label.

    Raises:
        TypeError: if a network is not a `keras.Model`.
        ValueError: unless shapes and numbers of classes match, and the classifier gives logits.

    Example:
    >>> import keras, numpy as np
    >>> from keras_aegan import models, networks
    >>> encoder = networks.gaussian_encoder(networks.dense_encoder((12,), None, num_classes=3), 2)
    >>> classifier = networks.dense_encoder((12,), 3, name="classifier")
    >>> decoder = networks.dense_decoder(2, (12,), (8,), num_classes=3)
    >>> model = models.SemiSupervisedVAE(encoder, classifier, decoder)
    >>> model.compile()
    SemiSupervisedVAE: loss = 1 · reconstruction_loss (gaussian_nll) + 1 · kl_loss + 1 · label_loss
    + 50 · classification_loss.
    >>> x, labels = keras.random.uniform((64, 12)), np.arange(64) % 4 - 1
    >>> history = model.fit(x, labels, verbose=0)
    >>> model.predict_labels(x).shape
    (64,)
    """

    default_loss_weights = {
        **dict.fromkeys(("reconstruction_loss", "kl_loss", "label_loss"), 1.0),
        "classification_loss": 50.0,
    }
    condition_names, input_names, logged_means = ("labels",), ("x",), ("accuracy",)
    decode, sample = ConditionalVAE.decode, ConditionalVAE.sample

    def __init__(
        self, encoder: keras.Model, classifier: keras.Model, decoder: keras.Model, **kwargs
    ):
        super().__init__(encoder, decoder, 1, **kwargs)
        network_checks.check_label_inputs({"encoder": encoder, "decoder": decoder}, num_classes_of)
        num_classes = num_classes_of(encoder) or num_classes_of(decoder)
        network_checks.check_classifier(classifier, self.data_shape, num_classes)
        self.classifier = classifier
        self.sampling.repeats = self.num_classes  # one ε per example, under all classes
        check_takes_any_batch(self, "a sum over classes")

    @property
    def num_classes(self) -> int:
        """How many classes the classifier knows."""
        return self.classifier.output_shape[-1]

    @property
    def players(self) -> dict[str, list[keras.Model]]:
        """One player trains all networks."""
        return {"autoencoder": [self.encoder, self.decoder, self.classifier]}

    def call(self, inputs: Tensor | list, training: bool = False) -> Tensor:
        """The reconstruction from the mean of q(z|x, y), with the most probable y."""
        x, _ = split(inputs)  # of a batch of `fit`, by which Keras builds metrics, without labels
        return super().call([x, self._predict_labels(x)], training)

    def autoencoder_terms(self, x: list, target: Tensor, training: bool) -> tuple[Terms, Tensor]:
        """The four terms, `(batch_size,)`, and the reconstruction of the known or likeliest y."""
        x, labels, k = x[0], ops.cast(x[1], "int32"), self.num_classes
        log_q = ops.log_softmax(ops.cast(self.classifier(x, training=training), "float32"))
        likeliest = ops.argmax(log_q, axis=1)
        # A known class stands there k times: no network meets an example under a wrong class.
        is_known = labels[:, None] >= 0
        classes = ops.where(is_known, labels[:, None], ops.arange(k))  # (batch_size, k)
        weights = ops.where(is_known, 1 / k, ops.exp(log_q))
        pairs = [ops.repeat(x, k, axis=0), ops.reshape(classes, (-1,))]  # (batch_size · k, ...)
        batch, targets = known_batch(), ops.repeat(target, k, axis=0)
        with batch_known(batch and batch.repeated(k, ops.reshape(weights, (-1,)))):
            terms, rebuilt = super().autoencoder_terms(pairs, targets, training)
        terms = {n: ops.sum(weights * ops.reshape(v, (-1, k)), axis=1) for n, v in terms.items()}
        entropy = -ops.sum(ops.exp(log_q) * log_q, axis=1)
        terms["label_loss"] = math.log(k) - ops.where(is_known[:, 0], 0.0, entropy)
        terms["classification_loss"] = -ops.sum(ops.one_hot(labels, k) * log_q, axis=1)
        self.log_mean("accuracy", likeliest == labels, is_known[:, 0])
        return terms, take_rows(rebuilt, ops.arange(ops.shape(x)[0]) * k + likeliest)

    def predict_labels(self, x: Array, batch_size: int = 1024) -> np.ndarray:
        """The most probable class of each example: integers, `(num_examples,)`."""
        return self._run_on_examples(self._predict_labels, x, batch_size=batch_size)

    def _predict_labels(self, x):
        return ops.argmax(self.classifier(x, training=False), axis=-1)

    def _posterior(self, inputs, training=False):
        x, labels = split(inputs)
        return super()._posterior([x, *(labels or [self._predict_labels(x)])], training)

    def endpoints(self) -> dict[str, tuple]:
        """Those of a VAE, whose `decode` and `sample` take labels, and `predict_labels`."""
        return {**super().endpoints(), "predict_labels": (self._predict_labels, self.input_specs())}

    def check_data(self, x: Array, y: Array | None = None) -> None:
        """Raises an error unless the networks can take x, and y holds classes, or -1."""
        if y is None:
            raise ValueError("`y` must hold labels, -1 for an unknown one. Received: y=None")
        self._door.check_pair(x, None)
        data_checks.check_labels("y", y, self.num_classes, lowest=-1)

    def get_config(self):
        """The networks and the prior, serialized, and the seed."""
        config = super().get_config()
        del config["num_importance_samples"]
        return {**config, "classifier": keras.saving.serialize_keras_object(self.classifier)}
