"""
Title: Serving
Slides: none; what becomes of a model when the lecture is over
What to expect: a VAE of digits as a SavedModel in numbered versions; a program that loads it
    where keras_aegan cannot be imported; saved_model_cli on the command line; LiteRT and ONNX
    where they are installed; the requests for a TensorFlow Serving, sent if one is there. A table
    of answers that agree, a picture in figures/, SavedModels in saved_models/serving.
Time: about 1 minute on 2 CPU cores

Run it from the root of the repository: python tutorials/18_serving.py
"""

"""
## Why

A model is seldom used where it was trained: a web service uses it, a phone, a colleague with
another Python. None of them should install a training library. `export` writes what the model
*does*, each ability under a name, with the weights and without the classes.
"""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request

import keras
import numpy as np

from keras_aegan import datasets, models, networks, plotting

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

latent_dim = 16
hidden_units = 256
batch_size = 125
num_epochs = 3  # enough to recognise digits; tutorials on VAEs train longer
folder = pathlib.Path("saved_models/serving")
server = "http://localhost:8501"  # TensorFlow Serving's REST port

"""
## A model

Without a network and without MNIST on disk, it learns from 4,000 digits, and a warning says so.
"""

(x_train, _), (x_test, _) = datasets.load_images("mnist")
features = networks.dense_encoder((28, 28, 1), None, hidden_units=(hidden_units,))
vae = models.VAE(
    networks.gaussian_encoder(features, latent_dim),
    networks.dense_decoder(
        latent_dim, (28, 28, 1), hidden_units=(hidden_units,), output_activation="sigmoid"
    ),
)
vae.compile("adam", loss="bernoulli_nll")
vae.fit(x_train, batch_size=batch_size, epochs=num_epochs, verbose=2)

"""
## Versions

TensorFlow Serving watches a folder and serves the highest number in it. A new version is a new
number; a bad one is taken back by deleting its folder. `export` writes one folder at a time.
"""

vae.export(folder / "vae" / "1")
vae.fit(x_train, batch_size=batch_size, epochs=1, verbose=2)
vae.export(folder / "vae" / "2")
print("versions:", sorted(path.name for path in (folder / "vae").iterdir()))

"""
## Where the package is not installed

The program below blocks the import of keras_aegan, as if it were not installed. It calls every
endpoint, with batches of 1 and of 100: the batch size is open.
"""

client = """
import sys
sys.modules["keras_aegan"] = None  # importing it now fails
import numpy as np, tensorflow as tf
vae = tf.saved_model.load(sys.argv[1])
x = np.load(sys.argv[2])
endpoints = ("serve", "encode", "reconstruction_error")
answers = {name: getattr(vae, name)(x).numpy() for name in endpoints}
assert np.allclose(vae.encode(x[:1]), answers["encode"][:1], atol=1e-5)
np.savez(sys.argv[3], sample=vae.sample(24).numpy(), **answers)
"""
questions, answers = folder / "questions.npy", folder / "answers.npz"
np.save(questions, x_test[:100])
subprocess.run([sys.executable, "-c", client, folder / "vae" / "2", questions, answers], check=True)
answered = np.load(answers)
here = {
    "serve": vae.predict(x_test[:100], verbose=0),
    "encode": vae.encode(x_test[:100]),
    "reconstruction_error": vae.reconstruction_error(x_test[:100]),
}
print(f"\n{'endpoint':<24}{'answers':<20}{'largest difference from Keras':>30}")
for name, expected in here.items():
    gap = np.abs(answered[name] - expected).max()
    print(f"{name:<24}{answered[name].shape!s:<20}{gap:>30.1e}")

figure = plotting.image_grid(answered["sample"], num_columns=8)
figure.savefig("figures/18_served_samples.png", dpi=110)

"""
The picture shows what `sample` drew there. It differs each time: the seed of this script is not in
the file.

## On the command line

`saved_model_cli` comes with TensorFlow. `show` lists the endpoints and their named inputs and
outputs; `run` asks one.
"""

cli = pathlib.Path(sys.executable).with_name("saved_model_cli")
shown = subprocess.run(
    [cli, "run", "--dir", folder / "vae" / "2", "--tag_set", "serve", "--signature_def", "sample",
     "--input_exprs", "num_samples=2", "--outdir", folder, "--overwrite"],
    capture_output=True, text=True, check=True,
)  # fmt: skip
print("\nsaved_model_cli run:", shown.stdout.strip().splitlines()[-1])

"""
## Phones and other runtimes

A `.tflite` or an `.onnx` file holds one network, so each is exported by its name. The runtimes
are extras: `pip install -e ".[clients]"`.
"""

z = np.random.default_rng(0).standard_normal((5, latent_dim)).astype("float32")
decoded = vae.decode(z)
if importlib.util.find_spec("ai_edge_litert"):
    from ai_edge_litert.interpreter import Interpreter

    vae.export(folder / "decoder.tflite", format="litert", network="decoder")
    interpreter = Interpreter(str(folder / "decoder.tflite"))
    (given,), (wanted,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(given["index"], z.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], z)
    interpreter.invoke()
    gap = np.abs(interpreter.get_tensor(wanted["index"]) - decoded).max()
    print(f"\nLiteRT: {gap:.1e} from Keras")
else:
    print("\nLiteRT is not installed")

if all(importlib.util.find_spec(name) for name in ("tf2onnx", "onnxruntime")):
    import onnxruntime

    vae.export(folder / "decoder.onnx", format="onnx", network="decoder")
    session = onnxruntime.InferenceSession(str(folder / "decoder.onnx"))
    (answer,) = session.run(None, {session.get_inputs()[0].name: z})
    print(f"ONNX Runtime: {np.abs(answer - decoded).max():.1e} from Keras")
else:
    print("ONNX Runtime is not installed")

"""
## TensorFlow Serving

Start a server beside this script, and run the script again:

    docker run -p 8501:8501 -e MODEL_NAME=vae \
        -v "$PWD/saved_models/serving/vae:/models/vae" tensorflow/serving

An endpoint is a signature: `inputs` are named as `saved_model_cli show` lists them.
"""


def ask(endpoint, **inputs):
    """The server's answer, as an array."""
    body = json.dumps({"signature_name": endpoint, "inputs": inputs}).encode()
    request = urllib.request.Request(f"{server}/v1/models/vae:predict", body)
    with urllib.request.urlopen(request, timeout=10) as response:
        return np.array(json.load(response)["outputs"], "float32")


try:
    gap = np.abs(ask("encode", x=x_test[:3].tolist()) - here["encode"][:3]).max()
    print(f"\nTensorFlow Serving at {server}: encode {gap:.1e} from Keras")
    print("sample:", ask("sample", num_samples=4).shape)
except urllib.error.URLError as error:
    print(f"\nno TensorFlow Serving at {server} ({error.reason})")

"""
## What to try next, and what to break on purpose

- `/v1/models/vae/versions/1:predict` asks the older version; GET `/v1/models/vae` lists the
  versions, and `/v1/models/vae/metadata` their inputs.
- Train on and export version 3 while the server runs: when does the server use it?
- `format="litert", optimizations=[tf.lite.Optimize.DEFAULT]`: how small does the decoder get, and
  how far off are its answers?
- Break it: send images in 0 … 255. There is no error: the checks of `fit` stayed with the package,
  and a SavedModel answers everything of the right shape, with codes far from any that it was
  trained on. Scale in the client, or put the scaling into the encoder before you export.

## Use what was saved

This cell needs nothing of the above: paste it into a program of its own.
"""

import tensorflow as tf

served = tf.saved_model.load("saved_models/serving/vae/2")
print("\nsample:", served.sample(5).shape)
print("encode:", served.encode(tf.zeros((1, 28, 28, 1))).shape)
