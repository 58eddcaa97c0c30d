"""The classifier of digits by whose features samples of MNIST are judged."""

import keras
from keras import layers

IMAGE_SHAPE, NUM_CLASSES = (28, 28, 1), 10


def train_classifier(train, test, num_epochs=6):
    """A classifier of digits, and the model of its last hidden layer."""
    images = keras.Input(IMAGE_SHAPE)
    hidden = images
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, use_bias=False)(hidden)
        hidden = layers.ReLU()(layers.BatchNormalization()(hidden))
        hidden = layers.MaxPooling2D()(hidden)
    features = layers.Dense(64, activation="relu")(layers.Flatten()(hidden))
    logits = layers.Dense(NUM_CLASSES)(layers.Dropout(0.3)(features))
    classifier = keras.Model(images, logits)
    num_steps = num_epochs * len(train[0]) // 128
    classifier.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, num_steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,  # XLA slows convolutions on a CPU
    )
    classifier.fit(*train, batch_size=128, epochs=num_epochs, verbose=0)
    print(f"classifier: {classifier.evaluate(*test, verbose=0)[1]:.2%} of test digits right")
    return classifier, keras.Model(images, features)
