"""What 1,000 features are worth to a linear classifier: logistic regression on the codes of MNIST.

Raw pixels, and plain, denoising, contractive, L1, KL and top-k autoencoders, each 784-1000-784 with
tied weights, trained without labels on the same digits, for as many steps, by the same optimizer.
The contractive and the KL one are of sigmoid units, as in their papers, the denoising and the L1
one of rectified ones: so there are two plain ones. scikit-learn's classifier is fitted to all
60,000 labels, to 1,000 and to 100.

Each row is written to the results folder as soon as it is there, model and measures: a script that
was stopped goes on where it was. Remove the folder to begin anew. `--rows` measures some only, so
that two processes can share the work.
"""

import argparse
import json
import pathlib
import time

import keras
import numpy as np
from keras import layers, regularizers
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.model_selection import StratifiedShuffleSplit, train_test_split
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from keras_aegan import datasets, models, networks
from keras_aegan.layers import MaskingNoise, TopK
from keras_aegan.regularizers import KLSparsity

NUM_UNITS = 1000
BATCH_SIZE = 125  # divides 60,000

# Chosen on 10,000 of the training digits, never on the test digits.
LEARNING_RATE = 1e-3  # falls to zero along a cosine
TOP_K_LEARNING_RATE = 5e-3  # at 1e-3 it is far from done: few units learn from each digit
MASKING_RATE = 0.5
CONTRACTION = 0.1  # λ, beside a cross-entropy summed over pixels, as in the paper
L1_WEIGHT = 0.1
KL_TARGET, KL_WEIGHT = 0.05, 0.1
NUM_ACTIVE, NUM_ACTIVE_INFERENCE = 25, 75  # the paper's k, and three times as many to encode

VALIDATION_SIZE = 10_000  # to choose C on, the inverse of the weight decay
ALL_LABELS_C = (1e-3, 1e-2, 1e-1)
FEW_LABELS_C = (1e-4, 1e-3, 1e-2, 1e-1)
NUM_DRAWS = 5
MAX_ITERATIONS = 200  # none needs as many: scikit-learn would warn


def encoder(activation, activity_regularizer=None):
    """One dense layer."""
    return networks.dense_encoder(
        (784,),
        NUM_UNITS,
        hidden_units=(),
        latent_activation=activation,
        activity_regularizer=activity_regularizer,
    )


def top_k_encoder():
    """One linear layer, of whose units the largest are kept; normalised, or most would die."""
    inputs = keras.Input((784,), name="x")
    code = layers.Dense(NUM_UNITS, use_bias=False, name="code")(inputs)
    code = layers.BatchNormalization(center=False, scale=False)(code)
    code = TopK(NUM_ACTIVE, inference_k=NUM_ACTIVE_INFERENCE)(code)
    return keras.Model(inputs, code, name="encoder")


def decoder():
    """One dense layer on the encoder's weights."""
    return networks.dense_decoder(
        NUM_UNITS, (784,), hidden_units=(), output_activation="sigmoid", tied_to="code"
    )


def plain(activation):
    """Nothing but a code and its reconstruction."""
    return models.Autoencoder(encoder(activation), decoder())


def penalised(activation, activity_regularizer):
    """A penalty on the code."""
    return models.Autoencoder(encoder(activation, activity_regularizer), decoder())


ROWS = {
    "raw pixels": None,
    "plain": lambda: plain("sigmoid"),
    "contractive": lambda: models.ContractiveAutoencoder(encoder("sigmoid"), decoder()),
    "KL": lambda: penalised("sigmoid", KLSparsity(KL_TARGET, KL_WEIGHT)),
    "plain, rectified": lambda: plain("relu"),
    "denoising": lambda: models.DenoisingAutoencoder(
        encoder("relu"), decoder(), corruption=MaskingNoise(MASKING_RATE, seed=0)
    ),
    "L1": lambda: penalised("relu", regularizers.L1(L1_WEIGHT)),
    "top-k": lambda: models.Autoencoder(top_k_encoder(), decoder()),
}
SIGMOID_ROWS = ("plain", "contractive", "KL")


def train(name):
    """The row's autoencoder, fitted to all training digits, without their labels."""
    keras.utils.set_random_seed(0)
    model = ROWS[name]()
    learning_rate = TOP_K_LEARNING_RATE if name == "top-k" else LEARNING_RATE
    num_steps = arguments.epochs * len(x_train) // BATCH_SIZE
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)),
        loss="bernoulli_nll",  # the cross-entropy, summed over pixels
        loss_weights={"contraction_loss": CONTRACTION} if name == "contractive" else None,
        # XLA on a CPU sorts all units to find the top k, and draws noise slowly.
        jit_compile=name not in ("denoising", "top-k"),
        steps_per_execution=40,
    )
    model.fit(x_train, batch_size=BATCH_SIZE, epochs=arguments.epochs, verbose=0)
    return model


def classify(features_train, features_test):
    """Test error in percent with all labels, the same for every row, and the C that was chosen.

    The features are whitened: a linear classifier stays one, and lbfgs converges in some 20
    iterations instead of hundreds. C is chosen on a validation split of the training digits.
    """
    whitening = PCA(whiten=True, svd_solver="covariance_eigh").fit(features_train)
    variances = whitening.explained_variance_
    whitening.explained_variance_ = variances + 1e-3 * variances.mean()  # of pixels never inked
    features_train = whitening.transform(features_train).astype("float32")
    features_test = whitening.transform(features_test).astype("float32")
    x_fit, x_validation, y_fit, y_validation = train_test_split(
        features_train, y_train, test_size=VALIDATION_SIZE, stratify=y_train, random_state=0
    )
    scores = [
        LogisticRegression(C=c, max_iter=MAX_ITERATIONS)
        .fit(x_fit, y_fit)
        .score(x_validation, y_validation)
        for c in ALL_LABELS_C
    ]
    chosen = ALL_LABELS_C[int(np.argmax(scores))]
    classifier = LogisticRegression(C=chosen, max_iter=MAX_ITERATIONS).fit(features_train, y_train)
    return {
        "error": 100 * (1 - classifier.score(features_test, y_test)),
        "validation_error": 100 * (1 - max(scores)),
        "C": chosen,
        "iterations": int(classifier.n_iter_.max()),
    }


def classify_with_few(features_train, features_test, num_labels):
    """Test errors in percent, one a stratified draw of labelled digits; C by cross-validation."""
    scaler = StandardScaler().fit(features_train)  # takes no labels: all digits serve
    features_test = scaler.transform(features_test)
    draws = StratifiedShuffleSplit(NUM_DRAWS, train_size=num_labels, random_state=0)
    errors = []
    for labelled, _ in draws.split(features_train, y_train):
        classifier = LogisticRegressionCV(
            Cs=FEW_LABELS_C,
            cv=3,
            max_iter=MAX_ITERATIONS,
            scoring="accuracy",
            l1_ratios=(0,),
            use_legacy_attributes=False,
        )
        classifier.fit(scaler.transform(features_train[labelled]), y_train[labelled])
        errors.append(100 * (1 - classifier.score(features_test, y_test)))
    return errors


def measure(name):
    """All measures of a row."""
    start = time.perf_counter()
    measures = {}
    features_train, features_test = x_train, x_test
    if ROWS[name] is not None:
        path = arguments.results / f"{name}.keras"
        if path.exists():
            model = keras.saving.load_model(path)
        else:
            model = train(name)
            model.save(path)
        features_train, features_test = model.encode(x_train), model.encode(x_test)
        error = np.square(model.decode(features_test) - x_test).mean()
        measures["reconstruction error"] = float(error)
    is_off = np.abs(features_test) <= 0.01
    measures["off"] = 100 * float(is_off.mean())
    measures["dead"] = 100 * float(is_off.all(axis=0).mean())
    if name in SIGMOID_ROWS:
        is_saturated = (features_test < 0.05) | (features_test > 0.95)
    else:  # where its derivative is zero
        is_saturated = features_test == 0
    if name != "raw pixels":
        measures["saturated"] = 100 * float(is_saturated.mean())
    # lbfgs on two threads waits more than it computes where other programs run.
    with threadpool_limits(1):
        measures.update(classify(features_train, features_test))
        for num_labels in (1000, 100):
            measures[f"{num_labels} labels"] = classify_with_few(
                features_train, features_test, num_labels
            )
    measures["seconds"] = time.perf_counter() - start
    return measures


def line(name, measures):
    """A row of the Markdown table."""

    def share(key):
        return f"{measures[key]:.1f}" if key in measures else "–"

    few = [measures[f"{n} labels"] for n in (1000, 100)]
    mse = measures.get("reconstruction error")
    cells = [
        name,
        f"{measures['error']:.2f}",
        *(f"{np.mean(errors):.1f} ± {np.std(errors):.1f}" for errors in few),
        share("off"),
        share("dead"),
        share("saturated"),
        f"{mse:.4f}" if mse is not None else "–",
    ]
    return "| " + " | ".join(cells) + " |"


parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--results", type=pathlib.Path, default=pathlib.Path("logs/features"))
parser.add_argument("--epochs", type=int, default=12)
parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
arguments = parser.parse_args()
arguments.results.mkdir(parents=True, exist_ok=True)

(x_train, y_train), (x_test, y_test) = datasets.load_images("mnist")
x_train, x_test = x_train.reshape(-1, 784), x_test.reshape(-1, 784)

print("| features | 60,000 labels | 1,000 | 100 | off | dead | saturated | MSE |")
print("|---|---|---|---|---|---|---|---|")
for name in arguments.rows:
    path = arguments.results / f"{name}.json"
    if not path.exists():
        path.write_text(json.dumps(measure(name), indent=1))
    print(line(name, json.loads(path.read_text())), flush=True)
