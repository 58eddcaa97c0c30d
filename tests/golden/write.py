"""Writes the golden files: run in a checkout of the commit whose files must go on loading.

python tests/golden/write.py FOLDER
"""

import pathlib
import sys

import keras
import numpy as np

from keras_aegan import evaluation, models, networks


def _data(n=64):
    return np.random.default_rng(0).uniform(size=(n, 6)).astype("float32")


def _vae():
    features = networks.dense_encoder((6,), None, (8,))
    vae = models.VAE(
        networks.gaussian_encoder(features, 2), networks.dense_decoder(2, (6,), (8,)), seed=1
    )
    vae.compile("adam", jit_compile=False)
    vae.fit(_data(), batch_size=16, epochs=3, verbose=0)
    return vae


def _gan():
    gan = models.GAN(
        networks.dense_generator(3, (6,), (8,)),
        networks.dense_discriminator((6,), (8,)),
        seed=1,
    )
    gan.compile(keras.optimizers.Adam(1e-3, beta_1=0.5, use_ema=True), jit_compile=False)
    gan.fit(_data(), batch_size=16, epochs=3, verbose=0)
    return gan


def _detector():
    detector = evaluation.AnomalyDetector(_vae(), "negative_elbo", num_samples=8)
    detector.fit_threshold(_data(), contamination=0.1)
    return detector


def answers(name, model):
    """What a model says of the data: dict, a method's name to an array."""
    x = _data(8)
    if name == "gan":
        z = np.random.default_rng(1).normal(size=(8, 3)).astype("float32")
        return {"discriminate": model.discriminate(x), "predict": model.predict(z, verbose=0)}
    if name == "detector":
        return {"anomaly_scores": model.anomaly_scores(x), "threshold": model.threshold}
    return {
        "encode": model.encode(x),
        "decode": model.decode(model.encode(x)),
        "reconstruction_error": model.reconstruction_error(x),
    }


def resumed(model):
    """The weights after two more epochs: what the file keeps of optimizers and noise."""
    model.fit(_data(), batch_size=16, epochs=2, shuffle=False, verbose=0)
    return {f"weight_{i}": np.array(w) for i, w in enumerate(model.weights)}


def main(folder):
    """Writes a `.keras` file and the answers of each model."""
    for name, make in (("vae", _vae), ("gan", _gan), ("detector", _detector)):
        keras.utils.set_random_seed(0)
        model = make()
        model.save(folder / f"{name}.keras")
        said = answers(name, model)
        if name != "detector":
            said.update(resumed(model))
        np.savez_compressed(folder / f"{name}.npz", **said)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
