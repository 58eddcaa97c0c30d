"""Bad input is refused at the door, with a sentence that names the argument and what came."""

import keras
import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_aegan import datasets, losses, models, networks

X = np.random.default_rng(0).uniform(size=(16, 6)).astype("float32")
LABELS = np.arange(16) % 10
IMAGES = np.random.default_rng(0).uniform(size=(16, 8, 8, 1)).astype("float32")


def autoencoder(decoder_activation=None):
    return models.Autoencoder(
        networks.dense_encoder((6,), 2, (4,)),
        networks.dense_decoder(2, (6,), (4,), output_activation=decoder_activation),
    )


def compiled(decoder_activation=None, **arguments):
    model = autoencoder(decoder_activation)
    model.compile(**arguments)
    return model


def image_autoencoder():
    model = models.Autoencoder(
        networks.dense_encoder((8, 8, 1), 2, (4,)), networks.dense_decoder(2, (8, 8, 1), (4,))
    )
    model.compile()
    return model


def categorical_autoencoder():
    model = models.Autoencoder(
        networks.dense_encoder((6,), 2, (4,)),
        networks.dense_decoder(2, (6, 5), (4,), output_activation="softmax"),
    )
    model.compile(loss="sparse_categorical_crossentropy")
    return model


def with_value(value):
    x = X.copy()
    x[3, 2] = value
    return x


def two_inputs():
    inputs = [keras.Input((6,)), keras.Input((6,))]
    return keras.Model(inputs, layers.Dense(2)(layers.Add()(inputs)))


def supervised():
    return tf.data.Dataset.from_tensor_slices((X, LABELS)).batch(4)


encoder, decoder = networks.dense_encoder((6,), 2, (4,)), networks.dense_decoder(2, (6,), (4,))

# name: (what is called, the error, words of its sentence)
CASES = {
    # networks
    "no model as encoder": (
        lambda: models.Autoencoder("encoder", decoder),
        TypeError,
        "`encoder` must be a keras.Model.*str",
    ),
    "a layer as decoder": (
        lambda: models.Autoencoder(encoder, layers.Dense(6)),
        TypeError,
        "`decoder` must be a keras.Model.*Dense",
    ),
    "an encoder without inputs": (
        lambda: models.Autoencoder(keras.Sequential([layers.Dense(2)]), decoder),
        ValueError,
        "`encoder` must be a Functional model.*Received: Sequential",
    ),
    "an encoder with two inputs": (
        lambda: models.Autoencoder(two_inputs(), decoder),
        ValueError,
        "`encoder` must have 1 input and 1 output. Received: 2 inputs",
    ),
    "latent sizes that do not match": (
        lambda: models.Autoencoder(encoder, networks.dense_decoder(3, (6,), (4,))),
        ValueError,
        r"`decoder` must take the encoder's code, of shape \(2,\).*\(3,\)",
    ),
    "a decoder of another shape": (
        lambda: models.Autoencoder(encoder, networks.dense_decoder(2, (7,), (4,))),
        ValueError,
        r"`decoder` must give what the encoder takes, the shape \(6,\).*\(7,\)",
    ),
    "a decoder of another rank": (
        lambda: models.Autoencoder(encoder, networks.dense_decoder(2, (2, 3), (4,))),
        ValueError,
        r"`decoder` must give what the encoder takes.*\(2, 3\)",
    ),
    "a latent size of zero": (
        lambda: networks.dense_encoder((6,), 0),
        ValueError,
        r"`latent_dim` must be positive.*\(0,\)",
    ),
    "hidden units that are no tuple": (
        lambda: networks.dense_decoder(2, (6,), 64),
        ValueError,
        "`hidden_units` must be a tuple.*64",
    ),
    "a flat image": (
        lambda: networks.convolutional_encoder((64,), 2),
        ValueError,
        r"`input_shape` must be \(height, width, channels\).*\(64,\)",
    ),
    "an image too small to be halved": (
        lambda: networks.convolutional_decoder(2, (4, 4, 1), (8, 8, 8)),
        ValueError,
        r"at least 8.*\(4, 4, 1\)",
    ),
    # compile
    "a weight for no term": (
        lambda: compiled(loss_weights={"kl_loss": 1.0}),
        ValueError,
        r"`loss_weights` must be keyed by terms.*reconstruction_loss.*'kl_loss'",
    ),
    "weights that are no dict": (
        lambda: compiled(loss_weights=[1.0]),
        TypeError,
        r"`loss_weights` must be a dict.*\[1.0\]",
    ),
    "a negative weight": (
        lambda: compiled(loss_weights={"reconstruction_loss": -1.0}),
        ValueError,
        "`loss_weights` must hold finite numbers, zero or more.*-1.0",
    ),
    "steps per execution below one": (
        lambda: compiled(steps_per_execution=0),
        ValueError,
        '`steps_per_execution` must be a positive integer or "auto". '
        "Received: steps_per_execution=0",
    ),
    "a fractional number of steps per execution": (
        lambda: compiled(steps_per_execution=1.5),
        ValueError,
        '`steps_per_execution` must be a positive integer or "auto".*1.5',
    ),
    "steps per execution that are an array": (
        lambda: compiled(steps_per_execution=np.zeros(2)),
        ValueError,
        '`steps_per_execution` must be a positive integer or "auto".*array',
    ),
    "XLA by another word": (
        lambda: compiled(jit_compile="yes"),
        ValueError,
        "`jit_compile` must be True, False or \"auto\". Received: jit_compile='yes'",
    ),
    "a number for the weights of a sum of losses": (
        lambda: losses.WeightedSum(["mse"], 5),
        ValueError,
        "`weights` must be a positive number for each of the 1 losses. Received: weights=5",
    ),
    "an unknown loss": (
        lambda: compiled(loss="mean_squired_error"),
        ValueError,
        "`loss` must be one of.*'mean_squired_error'",
    ),
    "a loss that sums over the batch": (
        lambda: compiled(loss=keras.losses.MeanSquaredError(reduction="sum")),
        ValueError,
        "`reduction` must be.*'sum'",
    ),
    "a loss that averages over the batch": (
        lambda: compiled(loss=lambda y, p: keras.ops.mean(y - p)).fit(X, verbose=0),
        ValueError,
        "`loss` must give one value per example",
    ),
    "a cross-entropy on a linear output": (
        lambda: compiled(loss="binary_crossentropy"),
        ValueError,
        "reads the decoder's output as probabilities.*sigmoid.*'linear'",
    ),
    "a categorical loss without levels": (
        lambda: compiled(loss="sparse_categorical_crossentropy"),
        ValueError,
        "needs a decoder whose output has one more axis of levels",
    ),
    "squared error on levels": (
        lambda: models.Autoencoder(encoder, networks.dense_decoder(2, (6, 5), (4,))).compile("sgd"),
        ValueError,
        "needs a decoder whose output has the shape of x",
    ),
    "an optimizer for no player": (
        lambda: compiled(optimizer={"generator": "adam"}),
        ValueError,
        r"`optimizer` must have a key for each player, \['autoencoder'\].*generator",
    ),
    "no optimizer": (lambda: compiled(optimizer=None), ValueError, "`optimizer` must be"),
    "a scale of zero": (
        lambda: losses.GaussianNLL(scale=0.0),
        ValueError,
        "`scale` must be a positive number.*0.0",
    ),
    "shapes that would broadcast": (
        lambda: losses.GaussianNLL()(X, X[:, :1]),
        ValueError,
        r"must have the same shape.*\(16, 6\).*\(16, 1\)",
    ),
    # data
    "fit before compile": (lambda: autoencoder().fit(X), ValueError, "compile"),
    "no data": (lambda: compiled().fit(), ValueError, "`x` must be one array.*NoneType"),
    "a tuple of data": (lambda: compiled().fit((X, X)), ValueError, "`x` must be one array.*tuple"),
    "empty data": (
        lambda: compiled().fit(X[:0], verbose=0),
        ValueError,
        r"`x` must hold at least one example.*\(0, 6\)",
    ),
    "an empty dataset": (
        lambda: compiled().fit(tf.data.Dataset.from_tensor_slices(X[:0]).batch(4)),
        ValueError,
        "`x` must hold at least one batch. Received: an empty",
    ),
    "an empty generator": (
        lambda: compiled().fit(x for x in ()),
        ValueError,
        "`x` must hold at least one batch.*generator",
    ),
    "data of another shape": (
        lambda: compiled().fit(X[:, :5], verbose=0),
        ValueError,
        r"`x` must have the shape \(num_examples, 6\). Received: x.shape=\(16, 5\)",
    ),
    "images without their channel axis": (
        lambda: image_autoencoder().fit(IMAGES[..., 0], verbose=0),
        ValueError,
        r"`x` must have the shape.*Add the channel axis: x\[..., None\]",
    ),
    "one image without its batch axis": (
        lambda: image_autoencoder().encode(IMAGES[0]),
        ValueError,
        r"`x` must have the shape \(num_examples, 8, 8, 1\).*\(8, 8, 1\)",
    ),
    "8-bit images": (
        lambda: image_autoencoder().fit((IMAGES * 255).astype("uint8"), verbose=0),
        TypeError,
        r"`x` must be floating-point.*/ 255.*uint8, with values up to 25\d",
    ),
    "a dataset of 8-bit images": (
        lambda: image_autoencoder().fit(
            tf.data.Dataset.from_tensor_slices((IMAGES * 255).astype("uint8")).batch(4)
        ),
        TypeError,
        "`x` must be floating-point.*uint8",
    ),
    "NaN": (
        lambda: compiled().fit(with_value(np.nan), verbose=0),
        ValueError,
        "`x` must be finite. Received: nan in example 3",
    ),
    "infinity": (
        lambda: compiled().fit(with_value(np.inf), verbose=0),
        ValueError,
        "`x` must be finite. Received: inf in example 3",
    ),
    "NaN in validation data": (
        lambda: compiled().fit(X, validation_data=(with_value(np.nan),), verbose=0),
        ValueError,
        "`x` must be finite",
    ),
    "cross-entropy on [-1, 1]": (
        lambda: compiled("sigmoid", loss="binary_crossentropy").fit(2 * X - 1, verbose=0),
        ValueError,
        r"`x` must lie in \[0, 1\] for a cross-entropy loss.*values in \[-",
    ),
    "cross-entropy on 0 to 255": (
        lambda: compiled("sigmoid", loss="bernoulli_nll").fit(255 * X, verbose=0),
        ValueError,
        r"`x` must lie in \[0, 1\].*25\d",
    ),
    "labels as targets": (
        lambda: compiled().fit(X, LABELS, verbose=0),
        ValueError,
        r"`y` must have the shape \(num_examples, 6\).*\(16,\).*Class labels are not an auto",
    ),
    "a supervised dataset": (
        lambda: compiled().fit(supervised()),
        ValueError,
        "Class labels are not an autoencoder's targets",
    ),
    "labels in validation data": (
        lambda: compiled().fit(X, validation_data=(X, LABELS), verbose=0),
        ValueError,
        "Class labels are not an autoencoder's targets",
    ),
    "fewer targets than examples": (
        lambda: compiled().fit(X, X[:8], verbose=0),
        ValueError,
        r"`x` and `y` must hold the same number of examples.*\(16, 6\).*\(8, 6\)",
    ),
    "a categorical loss without targets": (
        lambda: categorical_autoencoder().fit(X, verbose=0),
        ValueError,
        "`y` must hold the targets of a categorical loss.*y=None",
    ),
    "float levels": (
        lambda: categorical_autoencoder().fit(X, X, verbose=0),
        TypeError,
        "`y` must hold integers.*float32",
    ),
    "levels out of range": (
        lambda: categorical_autoencoder().fit(X, np.full((16, 6), 5), verbose=0),
        ValueError,
        r"`y` must hold levels from 0 to 4.*\[5, 5\]",
    ),
    "a weight for each pixel": (
        lambda: compiled().fit(X, sample_weight=X, verbose=0),
        ValueError,
        r"`loss` must leave the axes that `sample_weight` is of.*, 6\)",
    ),
    "infinite weights": (
        lambda: compiled().fit(X, sample_weight=np.full(16, np.inf), verbose=0),
        ValueError,
        "`sample_weight` must be finite",
    ),
    "class weights": (
        lambda: compiled().fit(X, class_weight={0: 1.0}),
        ValueError,
        "`class_weight` needs class labels",
    ),
    "codes of another size": (
        lambda: compiled().decode(np.zeros((4, 3), "float32")),
        ValueError,
        r"`z` must have the shape \(num_examples, 2\).*\(4, 3\)",
    ),
    "a batch size of zero": (
        lambda: compiled().encode(X, batch_size=0),
        ValueError,
        "`batch_size` must be a positive integer.*0",
    ),
    "an error before compile": (
        lambda: autoencoder().reconstruction_error(X),
        ValueError,
        "compile",
    ),
    # files and data sets
    "a network that is none, in ONNX": (
        lambda: compiled().export("model.onnx", format="onnx"),
        ValueError,
        r"`network` must be one of \['decoder', 'encoder'\].*None",
    ),
    "an unknown data set": (
        lambda: datasets.load_images("mnits"),
        ValueError,
        "`name` must be a set of TensorFlow Datasets.*'mnits'.*mnist",
    ),
    "a set of texts": (
        lambda: datasets.load_images("imdb_reviews"),
        ValueError,
        "`name` must be a set of images of one size.*imdb_reviews",
    ),
    "an empty range": (
        lambda: datasets.load_images("mnist", value_range=(1, 0)),
        ValueError,
        r"`value_range` must be \(low, high\).*\(1, 0\)",
    ),
    "no examples": (
        lambda: datasets.load_images("mnist", num_examples=0),
        ValueError,
        "`num_examples` must be a positive integer.*0",
    ),
    "one level": (
        lambda: datasets.quantize(X, num_levels=1),
        ValueError,
        "`num_levels` must be at least 2.*1",
    ),
    "levels of data out of range": (
        lambda: datasets.quantize(X - 1, num_levels=4),
        ValueError,
        r"`x` must lie in value_range=\(0.0, 1.0\)",
    ),
}


@pytest.mark.parametrize(("call", "error", "words"), list(CASES.values()), ids=list(CASES))
def test_refused_with_a_sentence(call, error, words):
    with pytest.raises(error, match=f"(?s){words}"):
        call()


def test_a_refused_fit_leaves_the_weights_alone():
    model = compiled()
    before = model.get_weights()
    with pytest.raises(ValueError, match="finite"):
        model.fit(with_value(np.nan), verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
@pytest.mark.parametrize("kind", [tf.Tensor, np.ndarray])
def test_floats_of_other_precisions_are_taken_without_a_warning(dtype, kind):
    x = tf.cast(X, dtype) if kind is tf.Tensor else X.astype(tf.as_dtype(dtype).as_numpy_dtype)
    model = compiled(jit_compile=False)
    model.fit(x, validation_data=x, verbose=0)
    expected = model.reconstruction_error(X)
    np.testing.assert_allclose(model.reconstruction_error(x), expected, atol=0.02)


def test_floats_that_numpy_does_not_know_are_refused():
    with pytest.raises(TypeError, match="`x` must be a plain array of numbers.*float8_e4m3fn"):
        compiled(jit_compile=False).fit(X.astype(ml_dtypes.float8_e4m3fn), verbose=0)
