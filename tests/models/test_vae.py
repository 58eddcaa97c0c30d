"""Variational autoencoders against theorems, closed forms and SciPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from keras_aegan import layers, losses, models, networks
from keras_aegan.layers.gaussian_sampling import reparametrized

X = np.random.default_rng(0).uniform(size=(64, 6)).astype("float32")
LABELS = np.arange(64) % 3


def vae(latent_dim=2, **arguments):
    encoder = networks.gaussian_encoder(networks.dense_encoder((6,), None, (8,)), latent_dim)
    decoder = networks.dense_decoder(latent_dim, (6,), (8,), output_activation="sigmoid")
    return models.VAE(encoder, decoder, seed=0, **arguments)


def conditional_vae(**arguments):
    features = networks.dense_encoder((6,), None, (8,), num_classes=3)
    decoder = networks.dense_decoder(2, (6,), (8,), num_classes=3)
    return models.ConditionalVAE(networks.gaussian_encoder(features, 2), decoder, **arguments)


def test_a_linear_vae_is_probabilistic_pca():
    """Its bound is tight: the posterior of a linear Gaussian model is Gaussian."""
    x = load_digits().data.astype("float32") / 16
    x -= x.mean(axis=0)
    inputs = keras.Input((64,))
    # The true posterior's variance does not depend on x.
    z_log_var = keras.layers.Dense(8, kernel_initializer="zeros")(inputs)
    encoder = keras.Model(inputs, [keras.layers.Dense(8)(inputs), z_log_var])
    model = models.VAE(encoder, networks.dense_decoder(8, (64,), ()), seed=0)
    rate = keras.optimizers.schedules.CosineDecay(1e-2, 1500)
    model.compile(keras.optimizers.Adam(rate), steps_per_execution=50, jit_compile=True)
    model.fit(np.tile(x, (50, 1)), batch_size=len(x), epochs=30, shuffle=False, verbose=0)

    expected = PCA(8).fit(x).score(x)
    bounds = [model.evaluate(x, batch_size=len(x), verbose=0, return_dict=True) for _ in range(10)]
    assert abs(-np.mean([bound["loss"] for bound in bounds]) - expected) < 0.1
    likelihood = model.log_likelihood(x[::3], 100, seed=0, verbose=0).mean()
    exact = PCA(8).fit(x).score(x[::3])
    assert abs(likelihood - exact) < 0.05


def test_the_terms_are_what_scipy_gives():
    model = vae()
    model.compile(loss=losses.GaussianNLL(0.5))
    z_mean, z_log_var = (np.array(output, "float64") for output in model.encoder(X))
    kl = 0.5 * (np.exp(z_log_var) + z_mean**2 - 1 - z_log_var).sum(axis=1)
    terms, reconstruction = model.autoencoder_terms(X, X, training=False)
    np.testing.assert_allclose(terms["kl_loss"], kl, rtol=1e-4)
    nll = -stats.norm(np.array(reconstruction), 0.5).logpdf(X).sum(axis=1)
    np.testing.assert_allclose(terms["reconstruction_loss"], nll, rtol=1e-5)


def test_the_lectures_objective_is_the_weighted_sum():
    model = vae()
    model.compile(loss="mse", loss_weights={"reconstruction_loss": 30.0, "kl_loss": 2.0})
    logs = model.evaluate(X, verbose=0, return_dict=True)
    np.testing.assert_allclose(
        logs["loss"], 30 * logs["reconstruction_loss"] + 2 * logs["kl_loss"], rtol=1e-5
    )


def test_the_importance_weighted_bound_is_burdas():
    """Written out in NumPy for the noise that the model drew."""
    k, latent_dim = 4, 2
    model = vae(latent_dim, num_importance_samples=k)
    model.compile(loss=losses.GaussianNLL(0.5))
    z_mean, z_log_var = (np.array(output, "float64") for output in model.encoder(X))
    noise = np.random.default_rng(1).normal(size=(len(X), k, latent_dim))
    z = z_mean[:, None] + np.exp(z_log_var / 2)[:, None] * noise
    means = np.array(model.decoder(z.reshape(-1, latent_dim).astype("float32"))).reshape(-1, k, 6)
    log_weights = (
        stats.norm(means, 0.5).logpdf(X[:, None]).sum(axis=2)
        + stats.norm.logpdf(z).sum(axis=2)
        - stats.norm(z_mean[:, None], np.exp(z_log_var / 2)[:, None]).logpdf(z).sum(axis=2)
    )
    ours, _ = model._log_weights(X, X, *model.encoder(X), noise.astype("float32"))
    np.testing.assert_allclose(ours, log_weights, rtol=1e-4)
    terms, _ = model.autoencoder_terms(X, X, training=False)
    logs = model.evaluate(X, verbose=0, return_dict=True)
    assert set(terms) == {"importance_weighted_loss", "reconstruction_loss", "kl_loss"}
    np.testing.assert_allclose(logs["loss"], logs["importance_weighted_loss"], rtol=1e-6)
    # A tighter bound than the ELBO, in the mean.
    assert logs["loss"] < logs["reconstruction_loss"] + logs["kl_loss"]


def test_the_likelihood_is_the_integral_over_z():
    """In one latent dimension, by a fine grid."""
    model = vae(latent_dim=1)
    model.compile(loss=losses.GaussianNLL(0.2))
    model.fit(X, epochs=20, verbose=0)
    z = np.linspace(-8, 8, 4001)
    means = model.decode(z[:, None].astype("float32"))
    log_joint = (
        stats.norm(means[:, None], 0.2).logpdf(X[:5]).sum(axis=2) + stats.norm.logpdf(z)[:, None]
    )
    expected = special.logsumexp(log_joint, axis=0) + np.log(z[1] - z[0])
    estimate = model.log_likelihood(X[:5], num_samples=3_010, batch_size=2, seed=0, verbose=0)
    np.testing.assert_allclose(estimate, expected, atol=0.05)  # the draws' own spread
    again = model.log_likelihood(X[:5], num_samples=3_010, batch_size=2, seed=0, verbose=0)
    np.testing.assert_array_equal(estimate, again)


def test_after_training_the_optimal_scale_stays():
    model = vae()
    model.compile()
    alone, together = model.reconstruction_error(X[:1]), model.reconstruction_error(X)[:1]
    assert abs(alone - together) > 0.01  # before training there is nothing but the batch
    model.fit(X, epochs=2, verbose=0)
    np.testing.assert_allclose(
        model.reconstruction_error(X[:1]), model.reconstruction_error(X)[:1], rtol=1e-5
    )


def test_the_optimal_scale_follows_the_networks():
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(5.0, 0.2, size=(6400, 6)).astype("float32")
    decoder = networks.dense_decoder(2, (6,), (8,))
    model = models.VAE(vae().encoder, decoder, seed=0)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(x, batch_size=64, epochs=3, verbose=0)  # 300 steps, from an error of 25 down
    measured = model.reconstruction_error(x).mean()
    error = np.mean((model.decode(model.encode(x)) - x) ** 2)
    # D/2 · (log 2πσ² + error/σ²) is least at σ² = error; within a fifth of it by D/2 · 0.02.
    least = 3 * (np.log(2 * np.pi * error) + 1)
    assert 0 <= measured - least < 0.1, (measured, least, error)


def test_the_optimal_scale_is_that_of_the_weighted_examples():
    weights = np.random.default_rng(1).uniform(size=64)
    weights[0] = 0.0

    def logs(outlier):
        x = X.copy()
        x[0] = outlier
        model = vae()
        model.set_weights([np.full_like(w, 0.1) for w in model.get_weights()])
        model.compile(keras.optimizers.SGD(0.0))
        return model.fit(x, sample_weight=weights, batch_size=64, verbose=0).history

    assert logs(0.0) == logs(1.0)
    deviations = np.random.default_rng(2).normal(size=(128, 6))  # two draws of each example
    dispersion = losses.GaussianNLL("optimal").optimal_dispersion(
        np.zeros((128, 6)), deviations, weights
    )
    expected = np.average(np.square(deviations).reshape(64, -1).mean(axis=1), weights=weights)
    np.testing.assert_allclose(dispersion, expected, rtol=1e-5)


def test_a_file_keeps_the_optimal_scale(tmp_path):
    model = vae()
    model.compile()
    model.fit(X, epochs=2, verbose=0)
    model.save(tmp_path / "vae.keras")
    loaded = keras.models.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(
        loaded.reconstruction_error(X[:2]), model.reconstruction_error(X[:2])
    )


@pytest.mark.parametrize("log_var", [-50.0, 50.0])
def test_extreme_variances_give_finite_losses_and_gradients(log_var):
    inputs = keras.Input((6,))
    head = keras.layers.Dense(
        2, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(log_var)
    )
    encoder = keras.Model(inputs, [keras.layers.Dense(2)(inputs), head(inputs)])
    model = models.VAE(encoder, networks.dense_decoder(2, (6,), (8,)), seed=0)
    model.compile()
    # One step: Adam squares gradients, and the second would overflow in its own average.
    history = model.fit(X, batch_size=64, epochs=1, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


# ------------------------------------------------------------------ what compile says


class TermsOfItsOwn(models.VAE):
    default_loss_weights = {"reconstruction_loss": 1.0, "mi_loss": 1.0, "tc_loss": 6.0}


class OneMoreTerm(models.VAE):
    @property
    def default_loss_weights(self):
        return {**super().default_loss_weights, "orthogonality_loss": 0.5}


def test_compile_names_the_terms_of_a_subclass(capsys):
    def said(cls, num_importance_samples=1, **arguments):
        encoder = networks.gaussian_encoder(networks.dense_encoder((6,), None, ()), 2)
        decoder = networks.dense_decoder(2, (6,), ())
        cls(encoder, decoder, num_importance_samples).compile(**arguments)
        return capsys.readouterr().out

    assert said(TermsOfItsOwn, loss_weights={"mi_loss": 0.25}) == (
        "TermsOfItsOwn: loss = 1 · reconstruction_loss (gaussian_nll) + 0.25 · mi_loss "
        "+ 6 · tc_loss.\n"
    )
    assert said(OneMoreTerm, loss="mse", loss_weights={"reconstruction_loss": 3.0}) == (
        "OneMoreTerm: loss = 3 · reconstruction_loss (mean_squared_error) + 1 · kl_loss "
        "+ 0.5 · orthogonality_loss.\n"
    )
    assert said(models.VAE, 5, loss_weights={"kl_loss": 1.0}) == (
        "VAE: loss = 1 · importance_weighted_loss + 0 · reconstruction_loss (gaussian_nll) "
        "+ 1 · kl_loss.\n"
    )


def test_compile_states_variance_and_beta(capsys):
    model = vae()
    model.compile(loss="mse", loss_weights={"reconstruction_loss": 3.0})
    # 3 · SSE/6 = SSE/(2σ²) at σ² = 1.
    said = capsys.readouterr().out
    assert "σ² = D·β/(2α) = 1 " in said
    assert len(said.splitlines()) == 1
    model.compile(loss=losses.GaussianNLL(0.1), loss_weights={"kl_loss": 4.0})
    said = capsys.readouterr().out
    assert "σ² = 0.01" in said
    assert "effective β = 4" in said
    model.compile(loss="mae")
    assert "b = D·β/α = 6 " in capsys.readouterr().out
    model.compile(loss="binary_crossentropy")
    assert "β = D·β/α = 6" in capsys.readouterr().out
    model.compile(loss=lambda x, r: keras.ops.sum(keras.ops.square(x - r), axis=-1))
    assert "β" not in capsys.readouterr().out  # a mean or a sum: who knows
    model.compile()
    assert "the negative ELBO in nats" in capsys.readouterr().out
    vae(num_importance_samples=5).compile()
    assert "(1/5) Σ p(x, z)/q(z|x), gaussian_nll" in capsys.readouterr().out


def test_the_lectures_vae_of_weight_one_is_said_to_collapse_and_does():
    encoder, decoder = networks.lecture_vae((28, 28, 1), latent_dim=2)
    model = models.VAE(encoder, decoder)
    with pytest.warns(UserWarning, match='"reconstruction_loss": 392'):
        model.compile(loss="mse")
    model.compile(loss="mse", loss_weights={"reconstruction_loss": 392.0})  # no warning


# ------------------------------------------------------------------------- abilities


def test_samples_are_decoded_draws_from_the_prior():
    model = vae()
    model.compile()
    samples = model.sample(5, seed=3)
    z = keras.random.normal((5, 2), seed=3)
    np.testing.assert_allclose(samples, model.decode(np.array(z)), atol=1e-6)
    assert not np.array_equal(model.sample(5), model.sample(5))


def test_the_call_and_the_code_take_the_mean():
    model = vae()
    z_mean, _ = model.encoder(X)
    np.testing.assert_array_equal(model.encode(X), z_mean)
    np.testing.assert_allclose(model(X), model.decoder(z_mean), atol=1e-6)


def test_a_conditional_model_learns_what_the_label_says():
    x = np.eye(3, 6, dtype="float32")[LABELS]
    model = conditional_vae(seed=0)
    model.compile(keras.optimizers.Adam(0.01), loss=losses.GaussianNLL(0.1))
    model.fit(x, LABELS, epochs=100, batch_size=32, verbose=0)
    samples = model.sample(np.array([0, 1, 2, 1]), seed=0)
    assert samples.argmax(axis=1).tolist() == [0, 1, 2, 1]
    assert model.encode(x, LABELS).shape == (64, 2)
    assert model.log_likelihood(x[:4], LABELS[:4], 20, verbose=0).shape == (4,)


# ------------------------------------------------------------------------- refusals


def with_outputs(*sizes):
    inputs = keras.Input((6,))
    return keras.Model(inputs, [keras.layers.Dense(size)(inputs) for size in sizes])


DECODER = networks.dense_decoder(2, (6,), (8,))


def compiled(model, **arguments):
    model.compile(**arguments)
    return model


REFUSALS = {
    "one output": (
        lambda: models.VAE(networks.dense_encoder((6,), 2), DECODER),
        "`encoder` must have 1 input and 2 outputs, z_mean and z_log_var",
    ),
    "unequal outputs": (lambda: models.VAE(with_outputs(2, 3), DECODER), "must take the encoder"),
    "no labels in": (
        lambda: models.ConditionalVAE(with_outputs(2, 2), DECODER),
        "`encoder` must have 2 inputs, x and labels",
    ),
    "k": (lambda: vae(num_importance_samples=0), "`num_importance_samples` must be a positive"),
    "a bound without a likelihood": (
        lambda: vae(num_importance_samples=2).compile(loss="mse"),
        "must be given a likelihood",
    ),
    "an unknown likelihood": (lambda: vae().compile(loss="poisson_nll"), "`loss` must be one of"),
    "levels": (
        lambda: conditional_vae().compile(loss="categorical_nll"),
        "categorical_nll",
    ),
    "no samples": (lambda: compiled(vae()).sample(0), "`num_samples` must be a positive integer"),
    "no draws": (
        lambda: compiled(vae()).log_likelihood(X, num_samples=0),
        "`num_samples` must be a positive integer",
    ),
    "a likelihood of the squared error": (
        lambda: compiled(vae(), loss="mae").log_likelihood(X),
        "must be given a likelihood",
    ),
    "missing labels": (lambda: compiled(conditional_vae()).fit(X), "`y` must hold the labels"),
    "classes out of range": (
        lambda: compiled(conditional_vae()).fit(X, LABELS + 1),
        "`y` must hold classes from 0 to 2",
    ),
    "negative classes": (
        lambda: conditional_vae().sample(np.array([-1])),
        "`labels` must hold classes from 0 to 2",
    ),
    "one-hot labels": (
        lambda: compiled(conditional_vae()).fit(X, np.eye(3, dtype="int32")[LABELS]),
        "Labels are one integer per example: y.argmax(axis=1)",
    ),
    "no batch to measure on": (
        lambda: compiled(vae()).evaluate(X, batch_size=0),
        "`batch_size` must be a positive integer",
    ),
    "no steps to measure": (
        lambda: compiled(vae()).evaluate(X, steps=0),
        "`steps` must be a positive integer",
    ),
    "labels to a plain VAE": (
        lambda: compiled(vae()).fit(X, LABELS),
        "Class labels are not an auto",
    ),
    "networks that know other classes": (
        lambda: models.ConditionalVAE(
            conditional_vae().encoder, networks.dense_decoder(2, (6,), (8,), num_classes=4)
        ),
        "must know the same classes",
    ),
    "too few labels": (
        lambda: conditional_vae().encode(X, LABELS[:3]),
        "`x` and `labels` must hold the same number of examples",
    ),
    "no model to end": (lambda: networks.gaussian_encoder("dense", 2), "`network` must be a keras"),
}


@pytest.mark.parametrize(("call", "sentence"), REFUSALS.values(), ids=REFUSALS)
def test_bad_input_is_refused(call, sentence):
    with pytest.raises((ValueError, TypeError)) as refused:
        call()
    assert sentence in str(refused.value)
    assert "Received" in str(refused.value)


def test_float_labels_are_refused():
    with pytest.raises(TypeError, match="`y` must hold integers"):
        compiled(conditional_vae()).fit(X, LABELS.astype("float32"))


def test_levels_must_be_integers():
    model = models.VAE(
        with_outputs(2, 2), networks.dense_decoder(2, (6, 5), (8,), output_activation="softmax")
    )
    model.compile(loss="categorical_nll")
    with pytest.raises(TypeError, match="`y` must hold integers"):
        model.fit(X, X)


def test_a_served_model_draws_anew(tmp_path):
    model = compiled(vae())
    model.export(tmp_path / "vae")
    served = tf.saved_model.load(tmp_path / "vae")
    first, second = served.sample(tf.constant(4)), served.sample(tf.constant(4))
    assert first.shape == (4, 6)
    assert not np.array_equal(first, second)


# ---------------------------------------------------------------------- extreme variances


def test_variances_go_on_by_their_tangent():
    log_var = np.array([[-100.0, 0.0, 29.0, 31.0, 60.0, 1000.0]])
    variance = np.exp(np.minimum(log_var, 30)) * (1 + np.maximum(log_var - 30, 0))
    z = reparametrized(tf.zeros((1, 6)), tf.constant(log_var, "float32"), tf.ones((1, 6)))
    np.testing.assert_allclose(z, np.sqrt(variance), rtol=1e-4)
    kl_slope = 0.5 * (np.exp(np.minimum(log_var, 30)) - 1)  # of ½ (σ² − 1 − log σ²)
    for compile_by_xla in (False, True):

        @tf.function(jit_compile=compile_by_xla)
        def gradients(values):
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(values)
                kl = losses.gaussian_kl(tf.zeros_like(values), values)
                drawn = reparametrized(tf.zeros_like(values), values, tf.ones_like(values))
            return kl, tape.gradient(kl, values), tape.gradient(drawn, values)

        kl, of_kl, of_z = gradients(tf.constant(log_var, "float32"))
        assert np.isfinite(kl).all()
        np.testing.assert_allclose(of_kl, kl_slope, rtol=1e-4)
        assert np.isfinite(of_z).all()
        assert (np.array(of_z)[0, 1:] > 0).all()  # nothing saturates


@pytest.mark.parametrize("log_var", [15.0, 25.0, 40.0, 1000.0])
@pytest.mark.parametrize("k", [1, 3])
def test_training_in_half_precision_leads_back_from_extreme_variances(log_var, k):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        inputs = keras.Input((6,))
        bias = keras.initializers.Constant(log_var)
        head = keras.layers.Dense(2, kernel_initializer="zeros", bias_initializer=bias)
        mean = keras.layers.Dense(2, kernel_initializer="zeros")
        encoder = keras.Model(inputs, [mean(inputs), head(inputs)])
        decoder = networks.dense_decoder(2, (6,), (8,))
        model = models.VAE(encoder, decoder, num_importance_samples=k, seed=0)
    finally:
        keras.config.set_dtype_policy("float32")
    model.compile(jit_compile=False)
    history = model.fit(X, batch_size=64, epochs=40, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    # The closed form in float64, which goes on by its tangent above 30.
    at = min(log_var, 30.0)
    expected = np.exp(at) * (1 + log_var - at) - 1 - log_var
    np.testing.assert_allclose(history["kl_loss"][0], expected, rtol=1e-3)
    assert (head.bias.numpy() < log_var).all()
    assert np.isfinite(model.log_likelihood(X[:2], 10, verbose=0)).all()


def test_half_precision_changes_nothing_near_the_prior():
    mean, log_var = np.array([[-2.0, 0.5, 3.0]]), np.array([[-6.0, 1.0, 7.5]])
    half = [tf.constant(values, "float16") for values in (mean, log_var)]
    with tf.GradientTape() as tape:
        tape.watch(half)
        kl = losses.gaussian_kl(*half)
        drawn = reparametrized(*half, np.array([[1.0, -1.0, 2.0]]))
    np.testing.assert_allclose(
        kl, 0.5 * (np.exp(log_var) + mean**2 - 1 - log_var).sum(axis=1), rtol=1e-5
    )
    slopes = tape.gradient(kl, half)
    np.testing.assert_allclose(slopes[0], mean, rtol=2e-3)
    np.testing.assert_allclose(slopes[1], (np.exp(log_var) - 1) / 2, rtol=2e-3)
    expected = mean + np.exp(log_var / 2) * [[1.0, -1.0, 2.0]]
    np.testing.assert_allclose(drawn, expected, rtol=2e-3)


def test_extreme_variances_are_finite_in_half_precision():
    z = reparametrized(*(tf.constant([[0.0]], "float16"), tf.constant([[200.0]], "float16")), 3.0)
    assert z.dtype == "float16"
    assert np.isfinite(z).all()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        draw = layers.GaussianSampling(0)([tf.zeros((1, 2)), tf.fill((1, 2), 30.0)])
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.isfinite(draw).all()
