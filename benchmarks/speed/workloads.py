"""What is compared: data, batch, optimizer and contestants of each workload, without a framework.

A contestant is a module of this folder, with a function named as in `Workload.task`, that takes
`(workload, x, **options)` and returns `(fit, num_parameters)`; `fit(num_epochs)` trains and returns
the last epoch's mean losses, by name. Networks are functions in `keras_networks` and
`torch_networks`, named as in `Workload.networks`.
"""

import dataclasses

import numpy as np

# 784-196-49-28 and back, matrix products alone: forward, and twice that backward, without the
# gradient of the data.
_VAE_WEIGHTS = 2 * (784 * 196 + 196 * 49) + 49 * 2 * 28 + 28 * 49
VAE_FLOPS = 6 * _VAE_WEIGHTS - 2 * 784 * 196

# Multiplications of one forward pass of the discriminator, its first convolution, the generator and
# its first layer. The discriminator's turn is G, and D on data and on fakes, forward and twice that
# backward, without the gradient of the images. The generator's turn is G and D forward, D backward
# to its input, and twice G backward.
_D0, _D = 16 * 16 * 64 * 48, 16 * 16 * 64 * 48 + 2 * 8 * 8 * 128 * 16 * 64 + 4096
_G0, _G = 100 * 4096, 100 * 4096 + 2 * 8 * 8 * 128 * 16 * 64 + 16 * 16 * 64 * 48
DCGAN_FLOPS = 2 * (_G + 2 * _D + 2 * (2 * _D - _D0) + _G + _D + _D + 2 * _G - _G0)

ALPHA = 392.0  # of α · mean squared error: Σ (x − x̂)² / 2, that is σ = 1

OURS = "keras_aegan"


@dataclasses.dataclass(frozen=True)
class Contestant:
    """A contestant: `family` is its name in the targets, `label` how it is written."""

    family: str
    label: str
    module: str
    options: dict = dataclasses.field(default_factory=dict)
    num_examples: int | None = None  # if a full epoch would take minutes


@dataclasses.dataclass(frozen=True)
class Workload:
    """One row of the comparison.

    `targets`: a family's name to the least ratio of examples per second, keras_aegan's to the best
    of that family. `flops`: of one example; `sgemm_share`: the least share of the machine's rate.
    """

    title: str
    contestants: tuple
    targets: dict
    task: str
    networks: str
    data: str
    num_examples: int
    batch_size: int = 64
    learning_rate: float = 1e-3  # of Adam
    betas: tuple = (0.9, 0.999)
    flops: float | None = None
    sgemm_share: float | None = None

    @property
    def is_training(self):
        """Whether contestants train rather than only run networks."""
        return self.task not in ("sample", "encode")

    def make_data(self, num_examples):
        """The array that every contestant gets."""
        return globals()[self.data](num_examples)


def digits(num_examples):
    """Like MNIST in [-1, 1]: smooth functions of few variables, `(num_examples, 784)`."""
    generator = np.random.default_rng(0)
    z = generator.standard_normal((num_examples, 10), dtype="float32")
    return np.tanh(z @ generator.standard_normal((10, 784), dtype="float32"))


def pixels(num_examples):
    """The same in [0, 1]."""
    return (digits(num_examples) + 1) / 2


def points(num_examples):
    """The lecture's third mixture, `(num_examples, 2)`."""
    generator = np.random.default_rng(0)
    means = np.array([[-10, -10], [10, 10], [10, -10]], "float32")
    noise = generator.standard_normal((num_examples, 2), dtype="float32")
    return means[generator.integers(0, 3, num_examples)] + noise


def images(num_examples):
    """Like CIFAR-10 in [-1, 1], `(num_examples, 32, 32, 3)`."""
    generator = np.random.default_rng(0)
    return generator.random((num_examples, 32, 32, 3), dtype="float32") * 2 - 1


def _keras_and_torch(*torch_variants):
    return (
        Contestant(OURS, OURS, "with_keras_aegan"),
        Contestant("Keras", "plain Keras", "with_keras"),
        # Not its default on a CPU, so no target names it; shown for comparison.
        Contestant("Keras, XLA", "plain Keras, jit_compile=True", "with_keras", {"xla": True}),
        Contestant("Lightning", "Lightning", "with_lightning", {"log": True}),
        Contestant("Lightning", "Lightning, nothing logged", "with_lightning", {"log": False}),
        *(
            Contestant("PyTorch", ", ".join(["PyTorch loop", *variant]), "with_pytorch", options)
            for variant in torch_variants
            for options in [{name.replace("-", "_"): True for name in variant}]
        ),
    )


_DENSE = _keras_and_torch((), ("compiled",))
_CONVOLUTIONAL = _keras_and_torch((), ("compiled",), ("channels-last",))


def _predict(*batch_sizes):
    return (
        Contestant(OURS, OURS, "with_keras_aegan"),
        *(
            Contestant("Keras", f"predict, batch {size}", "with_keras", {"predict_batch": size})
            for size in batch_sizes
        ),
    )


_VAE = {"networks": "vae", "data": "digits", "num_examples": 60_000}
_GAN = {"task": "gan", "data": "points", "learning_rate": 2e-4, "betas": (0.5, 0.9)}

WORKLOADS = {
    "vae_64": Workload(
        "The lecture's dense VAE, batch 64",
        _DENSE,
        {"Lightning": 5.0, "Keras": 2.5, "PyTorch": 2.0},
        task="vae",
        flops=VAE_FLOPS,
        **_VAE,
    ),
    "vae_256": Workload(
        "The lecture's dense VAE, batch 256",
        _DENSE,
        {"Lightning": 2.0, "Keras": 2.0, "PyTorch": 1.4},
        task="vae",
        batch_size=256,
        flops=VAE_FLOPS,
        sgemm_share=0.55,
        **_VAE,
    ),
    "small_gan": Workload(
        "2-D GAN, nets of 64-64, batch 64",
        _DENSE,
        {"Lightning": 8.0, "Keras": 7.0, "PyTorch": 5.0},
        networks="small_gan",
        num_examples=64 * 1000,
        **_GAN,
    ),
    "lecture_gan": Workload(
        "The lecture's own 2-D GAN, 100-128-256-512-1024-2, batch 64",
        _DENSE,
        {"Lightning": 1.6, "Keras": 1.3, "PyTorch": 1.3},
        networks="lecture_gan",
        num_examples=64 * 200,
        **_GAN,
    ),
    "dcgan": Workload(
        "DCGAN, 32×32×3, batch 128",
        _CONVOLUTIONAL,
        {"Lightning": 1.3, "Keras": 2.0, "PyTorch": 1.1},
        networks="dcgan",
        num_examples=128 * 8,
        batch_size=128,
        flops=DCGAN_FLOPS,
        **{**_GAN, "data": "images", "betas": (0.5, 0.999)},
    ),
    "contractive": Workload(
        "Contractive 784-1000, exact penalty, batch 64",
        (
            Contestant(OURS, OURS, "with_keras_aegan"),
            Contestant("Keras", "batch_jacobian", "with_keras", num_examples=64 * 2),
        ),
        {"Keras": 10.0},
        task="contractive",
        networks="contractive",
        data="pixels",
        num_examples=64 * 200,
    ),
    "sample": Workload(
        "sample(10000) of the lecture's VAE",
        _predict(32, 256, 1024, 4096),
        {"Keras": 1.0},
        task="sample",
        **{**_VAE, "num_examples": 10_000},
    ),
    "encode": Workload(
        "encode(60000) of the lecture's VAE",
        _predict(32, 256, 1024, 4096),
        {"Keras": 1.0},
        task="encode",
        **_VAE,
    ),
}
