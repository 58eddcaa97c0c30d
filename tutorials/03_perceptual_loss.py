"""
Title: Perceptual loss
Slides: "Perceptual loss", in the lecture "Autoencoders y GANs" (figures 3 to 5)
What to expect: one convolutional VAE trained twice, pixel by pixel and through the eyes of a
    frozen network; both reconstructions side by side, and what each loss misses; the prediction
    pathway: linear and MLP predictors of the class on the frozen codes, in one table. Three
    pictures in figures/, a SavedModel in saved_models/perceptual_vae.
Time: about 5 minutes on 2 CPU cores

Run it from the root of the repository: python tutorials/03_perceptual_loss.py
"""

"""
## Why

E = Σ f(X, a(X)) compares an image with its reconstruction pixel by pixel. Shift a texture by one
pixel and the error is large, blur it to a mean colour and the error is small: squared error
prefers the blur. A perceptual loss, E = Σ f(p(X), p(a(X))), compares what a trained network p sees
in both, and p was trained to see edges, textures and parts.

[Pihlgren et al., 2020](https://arxiv.org/abs/2001.03444) asked what that does to the *code*: is
an embedding learned this way better to predict from? Their system has two pathways, which share
the encoder: autoencoding, encoder → decoder → p, and prediction, encoder → predictor.
"""

import os

import keras
import numpy as np
import tensorflow as tf
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from keras_aegan import datasets, losses, models, networks, plotting

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

num_images = 20_000  # of CIFAR-10's 50,000: enough to see the difference, in minutes
latent_dim = 64  # 3,072 numbers per image in 64: details have to go, and the loss says which
filters = (16, 32, 64)
batch_size = 100  # divides 20,000
num_epochs = 8
learning_rate = 2e-3  # high, because it falls to zero along a cosine
stranger_nats = 10_000.0  # the cost of answering with another image; the KL has some 100 nats

# The backbone p: MobileNet with its ImageNet weights where this names their file,
# mobilenet_2_5_224_tf_no_top.h5 (keras.applications downloads it to ~/.keras/models); else an
# AlexNet-shaped network, trained below on CIFAR-10's own labels. It works offline either way.
mobilenet_weights = os.environ.get("KERAS_AEGAN_MOBILENET_WEIGHTS")
backbone_size = 64  # images are enlarged to this for MobileNet, which was trained on 224×224
backbone_epochs = 3

"""
## Data

CIFAR-10: ten classes of things, 32×32 in colour. The autoencoders never see a label. The images
are downloaded once; the package holds none of them, so without a network and without them on disk
this cell stops, and says what to do.
"""

(x_train, y_train), (x_test, y_test) = datasets.load_images("cifar10", num_examples=num_images)
print("training:", x_train.shape, "test:", x_test.shape)

"""
## The backbone

It is trained first, and then only used: frozen, in inference mode, cut at the highest layer that
is named. Early layers see edges and colours, late ones parts of things; one of each is compared.

Be fair when you read the table at the end. MobileNet learned from ImageNet and has never seen
these labels. The AlexNet has: if it is used, the perceptual codes have been told, indirectly, what
the predictors must find.
"""

image_shape = x_train.shape[1:]  # (32, 32, 3)

if mobilenet_weights:
    backbone = keras.applications.MobileNet(
        alpha=0.25,
        include_top=False,
        input_shape=(backbone_size, backbone_size, 3),
        weights=mobilenet_weights,
    )
    perceptual_loss = losses.PerceptualLoss(
        backbone, ["conv_pw_5_relu", "conv_pw_11_relu"], preprocessing="mobilenet"
    )
else:
    alexnet = networks.alexnet(
        image_shape,
        num_classes=10,
        filters=(16, 32, 48, 48, 32),
        dense_units=(128,),
        first_kernel_size=5,  # 11 pixels would be a third of the image
        first_strides=1,  # and a stride of 4 would leave 8×8 of it
    )
    print("\nAlexNet's shape, trained on labels")
    backbone = networks.pretrain_backbone(
        x_train, y_train, alexnet, epochs=backbone_epochs, verbose=2
    )
    perceptual_loss = losses.PerceptualLoss(backbone, ["relu_2", "relu_5"])

"""
## The autoencoding pathway

The same convolutional VAE twice; only the loss differs. α weighs it against the KL, and means
nothing without the loss's own scale: a distance of features may be a hundredth of one of pixels.
So both are scaled by the same yardstick, the loss of answering with a different image.
"""

all_losses = {"pixel-wise": losses.get("mse"), "perceptual": perceptual_loss}
some = x_train[:500]
strangers = np.roll(some, 1, axis=0)
stranger_losses = {
    name: float(np.mean(losses.per_example(loss, some, strangers)))
    for name, loss in all_losses.items()
}
print("\nloss of another image:", {name: f"{d:.4g}" for name, d in stranger_losses.items()})


def make_vae():
    features = networks.convolutional_encoder(image_shape, None, filters, batch_normalization=True)
    return models.VAE(
        networks.gaussian_encoder(features, latent_dim),
        networks.convolutional_decoder(
            latent_dim,
            image_shape,
            filters[::-1],
            batch_normalization=True,
            output_activation="sigmoid",
        ),
    )


num_steps = num_epochs * len(x_train) // batch_size
vaes = {}

for name, loss in all_losses.items():
    print(f"\n{name}")
    vae = make_vae()
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
    vae.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=loss,
        loss_weights={"reconstruction_loss": stranger_nats / stranger_losses[name]},
    )
    vae.fit(x_train, batch_size=batch_size, epochs=num_epochs, verbose=2)
    vaes[name] = vae

"""
## Look: reconstructions

Squared error asks for the right colour in the right place, and p for what it was trained to see.
Look for edges and textures that the upper row blurs, and for colours that the lower row gets
wrong.
"""

originals = x_test[:10]
rebuilt = {name: vae.predict(x_test, batch_size=500, verbose=0) for name, vae in vaes.items()}
figure = plotting.reconstruction_grid(
    {"original": originals, **{name: images[:10] for name, images in rebuilt.items()}}
)
figure.savefig("figures/03_reconstructions.png", dpi=150)

"""
Both models by both measures. Each should win by its own: that only proves that both were trained.
"""


def perceptual_distance(images):
    batches = [
        perceptual_loss.call(x_test[i : i + 500], images[i : i + 500])
        for i in range(0, len(x_test), 500)
    ]
    return np.concatenate(batches).mean()


errors = {
    name: (np.mean((images - x_test) ** 2), perceptual_distance(images))
    for name, images in rebuilt.items()
}
print(f"\n{'':<14}{'MSE':>10}{'perceptual':>14}")
for name, (mse, distance) in errors.items():
    print(f"{name:<14}{mse:>10.5f}{distance:>14.5f}")

"""
## What each loss misses

Images changed in three ways: moved by a pixel, darkened, blurred. Each number is the loss of the
change, as a share of the loss of a different image. Squared error hardly minds the blur (2 %), and
minds the darkness (9 %); for MobileNet it is the other way round, 19 % and 2 %.
"""

changes = {
    "moved by a pixel": np.roll(some, 1, axis=2),
    "darkened": 0.8 * some,
    "blurred": tf.nn.avg_pool2d(some, 3, 1, "SAME").numpy(),
}
shares = {
    name: [
        float(np.mean(losses.per_example(loss, some, changed))) / stranger_losses[name]
        for changed in changes.values()
    ]
    for name, loss in all_losses.items()
}

print(f"\n{'':<14}" + "".join(f"{change:>18}" for change in changes))
for name, values in shares.items():
    print(f"{name:<14}" + "".join(f"{value:>18.1%}" for value in values))

"""
## The prediction pathway

The encoders are frozen; predictors learn the class from the 64 numbers of the code, on the images
that the autoencoders saw without labels. There are two, a linear one and an MLP. A tenth of the
training images chooses the linear one's C, and when the MLP stops.
"""


def accuracies(codes_train, codes_test):
    scaler = StandardScaler().fit(codes_train)
    codes_train, codes_test = scaler.transform(codes_train), scaler.transform(codes_test)
    x_fit, x_validation, y_fit, y_validation = train_test_split(
        codes_train, y_train, test_size=0.1, stratify=y_train, random_state=0
    )
    linear = max(
        (LogisticRegression(C=c, max_iter=500).fit(x_fit, y_fit) for c in (0.01, 0.1, 1.0)),
        key=lambda predictor: predictor.score(x_validation, y_validation),
    )
    mlp = MLPClassifier((256,), early_stopping=True, n_iter_no_change=5, random_state=0)
    mlp.fit(codes_train, y_train)
    return [100 * predictor.score(codes_test, y_test) for predictor in (linear, mlp)]


print(f"\n{'% of classes right':<20}{'linear':>10}{'MLP':>10}")
for name, vae in vaes.items():
    linear_accuracy, mlp_accuracy = accuracies(vae.encode(x_train), vae.encode(x_test))
    print(f"{name:<20}{linear_accuracy:>10.1f}{mlp_accuracy:>10.1f}")

"""
The paper found that a code trained to be *seen* right predicts better than one trained to be right
in every pixel. So it is here: with MobileNet as p, a linear predictor finds 58 % of the classes
from the perceptual code and 37 % from the pixel-wise code; an MLP 66 and 49 %.

## Look: neighbours

The same as a picture: for each image on the left, the four test images whose codes are nearest.
"""

queries = np.arange(4)
for name, vae in vaes.items():
    codes = StandardScaler().fit_transform(vae.encode(x_test))
    distances = np.linalg.norm(codes[queries, None] - codes[None], axis=2)  # (4, num_test)
    nearest = np.argsort(distances, axis=1)[:, :5]  # the first is the image itself
    figure = plotting.image_grid(x_test[nearest.ravel()], num_columns=5)
    figure.savefig(f"figures/03_neighbours_{name.replace('-', '_')}.png", dpi=150)

"""
## Save

One SavedModel. The backbone is not in it, nor in a `.keras` file: it was only needed to learn, and
the autoencoder works without it. So there is no endpoint `reconstruction_error`, which needs it.
"""

vaes["perceptual"].export("saved_models/perceptual_vae")

"""
## What to try next, and what to break on purpose

- Mix: `losses.WeightedSum([perceptual_loss, "mse"], [1.0, 2.0])`. Colours and textures?
- Name one layer alone, first an early one, then a late one. Which draws better, and which predicts
  better?
- `distance="mae"`. `layer_weights=[1.0, 0.1]`.
- Break it: leave the AlexNet untrained, without `pretrain_backbone`. The VAE trains all the same:
  random filters see edges and colours too. A linear predictor then finds 41 % from the perceptual
  code; it was 49 with a trained AlexNet and 37 from the pixel-wise code, so a third of the gain was
  in the architecture.
- Break it: give MobileNet images without `preprocessing="mobilenet"`. There is no error. It expects
  black at −1 and is given 0, so everything that it sees lies between grey and white.
- `latent_dim = 256`. Does pixel-wise catch up?

## Use what was saved

This cell needs only `import tensorflow as tf` and some images, here `x_test`: paste it into a
program of its own.
"""

served = tf.saved_model.load("saved_models/perceptual_vae")
images = tf.constant(x_test[:3])  # (3, 32, 32, 3)
code = served.encode(images)
print("\nserve:", served.serve(images).shape)
print("encode:", code.shape)
print("decode:", served.decode(code).shape)
print("sample:", served.sample(4).shape)
