"""The SavedModel: named endpoints that answer where `keras_aegan` cannot be imported."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.table import ROWS, call_input, compiled, every_row

_CLIENT = """
import sys
sys.modules["keras_aegan"] = None  # importing it now fails
import json, pathlib, numpy as np, tensorflow as tf
folder = pathlib.Path(sys.argv[1])
for name in json.loads((folder / "rows.json").read_text()):
    served = tf.saved_model.load(str(folder / name))
    calls = np.load(folder / f"{name}.npz")
    for call in sorted({key.rsplit("/", 1)[0] for key in calls}):
        endpoint = call.split("/")[0]
        given = [calls[k] for k in sorted(calls) if k.startswith(f"{call}/in")]
        answer = getattr(served, endpoint)(*map(tf.constant, given))
        if endpoint == "sample":  # drawn anew at each call
            assert answer.shape == calls[f"{call}/out"].shape
            again = getattr(served, endpoint)(*map(tf.constant, given))
            assert not np.array_equal(answer, again)
            print("answered", name, call)
            continue
        np.testing.assert_allclose(answer, calls[f"{call}/out"], atol=1e-5, err_msg=call)
        print("answered", name, call)
assert sys.modules["keras_aegan"] is None
"""


def _endpoints(row):
    return row.endpoints if row.samples is None else {**row.endpoints, "sample": row.samples}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Every row's SavedModel, with questions and the model's own answers beside it."""
    folder = tmp_path_factory.mktemp("exported")
    for name, row in ROWS.items():
        model = compiled(row)
        model.fit(*row.data(16), verbose=0)
        model.export(folder / name)
        calls = {}
        for endpoint, arguments in _endpoints(row).items():
            for n in (1, 7, 1000):
                given = arguments(n)
                for i, array in enumerate(given):
                    calls[f"{endpoint}/{n}/in{i}"] = array
                calls[f"{endpoint}/{n}/out"] = (
                    model.predict(call_input(given), verbose=0)
                    if endpoint == "serve"
                    else getattr(model, endpoint)(*given)
                )
        np.savez(folder / f"{name}.npz", **calls)
    (folder / "rows.json").write_text(json.dumps(list(ROWS)))
    return folder


def test_endpoints_answer_without_the_package(exported):
    client = subprocess.run(
        [sys.executable, "-c", _CLIENT, str(exported)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=exported,
    )
    assert client.returncode == 0, client.stderr[-3000:]
    calls = 3 * sum(len(_endpoints(row)) for row in ROWS.values())
    assert client.stdout.count("answered") == calls


@every_row
def test_signatures_are_listed_with_a_dynamic_batch(row, exported):
    name = next(n for n, r in ROWS.items() if r is row)
    served = tf.saved_model.load(str(exported / name))
    assert set(_endpoints(row)) | {"serving_default"} == set(served.signatures)
    for signature in served.signatures.values():
        for spec in signature.structured_input_signature[1].values():
            assert spec.name == "num_samples" or spec.shape[0] is None


@every_row
def test_endpoints_take_arguments_by_the_names_in_their_signatures(row, exported):
    name = next(n for n, r in ROWS.items() if r is row)
    served = tf.saved_model.load(str(exported / name))
    for endpoint in _endpoints(row):
        signature = served.signatures[endpoint]
        arguments = {
            spec.name: tf.ones([8 if size is None else size for size in spec.shape], spec.dtype)
            for spec in signature.structured_input_signature[1].values()
        }
        (expected,) = {answer.shape for answer in signature(**arguments).values()}
        answer = getattr(served, endpoint)(**arguments)
        assert {tensor.shape for tensor in tf.nest.flatten(answer)} == {expected}


@pytest.mark.parametrize("name", [n for n, r in ROWS.items() if r.samples is not None])
def test_every_server_draws_samples_of_its_own(name, exported):
    # `compiled` sets a global seed, which must not get into the file.
    servers = [tf.saved_model.load(str(exported / name)) for _ in range(2)]
    arguments = [tf.constant(a) for a in ROWS[name].samples(5)]
    first, second = (server.sample(*arguments) for server in servers)
    assert not np.array_equal(first, second)


def test_saved_model_cli_shows_the_endpoints(exported):
    cli = pathlib.Path(sys.executable).with_name("saved_model_cli")
    shown = subprocess.run(
        [cli, "show", "--dir", exported / "dense_autoencoder", "--tag_set", "serve"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert shown.returncode == 0, shown.stderr[-3000:]
    for endpoint in ("serve", "encode", "decode", "reconstruction_error"):
        assert f'"{endpoint}"' in shown.stdout


def test_saved_model_cli_runs_an_endpoint(exported, tmp_path):
    cli = pathlib.Path(sys.executable).with_name("saved_model_cli")
    calls = np.load(exported / "conditional_vae.npz")
    inputs = []
    for i, name in enumerate(("x", "labels")):
        np.save(tmp_path / f"{name}.npy", calls[f"reconstruction_error/7/in{i}"])
        inputs.append(f"{name}={tmp_path / name}.npy")
    ran = subprocess.run(
        [cli, "run", "--dir", exported / "conditional_vae", "--tag_set", "serve"]
        + ["--signature_def", "reconstruction_error", "--inputs", ";".join(inputs)]
        + ["--outdir", tmp_path],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    answer = np.load(tmp_path / "output_0.npy")
    np.testing.assert_allclose(answer, calls["reconstruction_error/7/out"], atol=1e-5)
