"""The base of every model: players, named terms, and the one method that differentiates."""

import contextlib
import inspect
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_aegan.checks.data_checks import check_how_to_run, check_path
from keras_aegan.engine import keras_internals
from keras_aegan.engine.compile_checks import check_compile_arguments, resolve_loss_weights
from keras_aegan.engine.counting import Batch, batch_known, known_batch
from keras_aegan.engine.devices import check_made_in_scope, lost_workers_named
from keras_aegan.engine.door import Door, check_compiled, refuse_class_weight
from keras_aegan.engine.file_checks import check_loadable
from keras_aegan.engine.full_disks import full_disks_survived
from keras_aegan.engine.grouping import StepGroups, choose_jit_compile
from keras_aegan.engine.objective import Objective, batch_mean, batch_size_of
from keras_aegan.engine.players_optimizer import (
    PlayersOptimizer,
    check_strategy_suits,
    computes_in_float16,
    resolve_optimizers,
    scale_loss,
)
from keras_aegan.engine.replicas import clip_sum, independent_noise, noise_states, share_of_batch
from keras_aegan.engine.saver import Saver
from keras_aegan.engine.step_constants import StepConstants, weights_of
from keras_aegan.engine.untracked import Untracked
from keras_aegan.hints import Array, Output, Tensor, Terms, Turn

Data: TypeAlias = Array | tf.data.Dataset | keras.utils.PyDataset | Iterator


class LatentVariableModel(keras.Model):
    """Abstract base: architecture in the constructor, objective in `compile`, data in `fit`.

    A subclass says who plays, in what turn, and on which named terms; the base weights,
    averages, scales for replicas and mixed precision, differentiates, applies, logs, saves and
    exports. The path of a batch: `fit → train_step → <player>_terms → minimize → the player's
    optimizer → logs`.

    A subclass defines:

    - `players`: dict, a player's name to the list of networks that it trains, in turn.
    - `default_loss_weights`: dict, each term's name to its weight.
    - `default_loss`, and `resolve_loss(loss)` where it takes one: `compile` stores the result
      as `loss_function`.
    - `train_step(data)`: the turns, each a call of `minimize`; and `test_step(data)`, each term
      given to `measure`. Both give `logs()`.
    - `check_data(x, y)`: raises an error unless its networks and its loss can take the data.
    - `endpoints()`: what `export` writes, and `run_in_batches` for methods that answer on arrays.
    - `get_config()`: the constructor's arguments.
    - `logged_means`, where it logs more than terms: the names that it gives to `log_mean`.

    A term is a tensor of shape `(batch_size,)`, one value per example, unweighted. Only what
    is a batch statistic by nature is a scalar.

    Args:
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Example:
    >>> import keras, keras_aegan
    >>> class MeanEstimator(keras_aegan.models.LatentVariableModel):
    ...     players = property(lambda self: {"estimator": [self.network]})
    ...     default_loss_weights = {"squared_error": 1.0}
    ...     def __init__(self, network, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.network = network
    ...         self.built = True
    ...     def estimator_terms(self, x):
    ...         error = keras.ops.mean(keras.ops.square(x - self.network(x)), axis=-1)
    ...         return {"squared_error": error}, None
    ...     def train_step(self, data):
    ...         x, _, sample_weight = self.unpack(data)
    ...         self.minimize("estimator", lambda: self.estimator_terms(x), sample_weight)
    ...         return self.logs()
    ...     def test_step(self, data):
    ...         x, _, sample_weight = self.unpack(data)
    ...         self.measure("estimator", self.estimator_terms(x)[0], sample_weight)
    ...         return self.logs()
    >>> network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    >>> model = MeanEstimator(network)
    >>> model.compile("sgd")
    >>> history = model.fit(keras.random.normal((64, 3)), validation_split=0.5, verbose=0)
    >>> sorted(history.history)
    ['loss', 'squared_error', 'val_loss', 'val_squared_error']
    """

    default_loss: object = None
    default_loss_weights: dict[str, float] = {}
    logged_means: tuple[str, ...] = ()
    _door_class = Door

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._door = self._door_class(self)
        self._saver = Saver(self, self.distribute_strategy)

    # ------------------------------------------------------------------ what a subclass says

    @property
    def players(self) -> dict[str, list[keras.Model]]:
        """Dict, a player's name to the list of networks that it trains."""
        raise NotImplementedError(f"{type(self).__name__} must define `players`.")

    def resolve_loss(self, loss):
        """The object that the terms call, from `compile`'s `loss`.

        Raises:
            ValueError: unless the model can use the loss.
        """
        if loss is not None:
            raise ValueError(f"{type(self).__name__} takes no `loss`. Received: loss={loss!r}")

    def check_data(self, x: Array, y: Array | None = None) -> None:
        """Raises an error unless the networks and the loss can take the data.

        Args:
            x: what `fit` was given: an array, `(num_examples, ...)`, or a dataset's first batch.
            y: the same of its second argument, or `None`.
        """

    def unpack(self, data: Tensor | tuple) -> tuple:
        """`(what call takes, targets, sample weights)` of a batch from `fit`."""
        return keras.utils.unpack_x_y_sample_weight(data)

    def test_step(self, data):
        """Measures the terms of a batch; gives `logs()`."""
        raise NotImplementedError(f"{type(self).__name__} must define `test_step` to be validated.")

    def term_weight(self, player: str, term: str) -> keras.Variable | float:
        """What a term weighs in a player's loss: `loss_weights`, unless a class says otherwise."""
        return self._objective.weights[term]

    def endpoints(self) -> dict[str, tuple]:
        """Dict, an endpoint's name to `(function, [input specs])`; the first is the default."""
        raise NotImplementedError(f"{type(self).__name__} must define `endpoints`.")

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The model that `get_config` describes."""
        return cls(
            **{
                name: keras.saving.deserialize_keras_object(value, custom_objects=custom_objects)
                for name, value in config.items()
            }
        )

    # ------------------------------------------------------------------ compile

    def compile(
        self,
        optimizer: str | keras.Optimizer | dict = "adam",
        loss=None,
        loss_weights: dict[str, float] | None = None,
        metrics: list | dict | None = None,
        weighted_metrics: list | dict | None = None,
        run_eagerly: bool = False,
        steps_per_execution: int | str = "auto",
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
        **kwargs,
    ) -> None:
        """Sets the objective and the optimizers.

        Args:
            optimizer: a Keras name or instance, or a dict keyed by player. With several
                players, one name or instance is copied for each; what is set on the instance
                afterwards, such as its learning rate, is set for all.
            loss: what the class's own docstring says; the class's default if `None`.
            loss_weights: dict, a term's name to its weight, over the class's defaults.
            metrics: Keras metrics on (target, model output).
            weighted_metrics: the same, weighted by `sample_weight`.
            run_eagerly: as in `keras.Model.compile`.
            steps_per_execution: as in `keras.Model.compile`; `"auto"`: up to 64 as one program
                where XLA compiles them and no callback waits for single batches, else 1.
            jit_compile: as in `keras.Model.compile`, but that `"auto"` leaves XLA out for networks
                with convolutions on a CPU, which it slows.
            auto_scale_loss: as in `keras.Model.compile`: under `mixed_float16`, each player's
                optimizer scales its loss.
            **kwargs: refused, with the argument that is meant.

        Raises:
            TypeError: if there is no such argument.
            ValueError: if a key is no player or no term, or a value is out of its range.
        """
        check_compile_arguments(list(self.players), loss, kwargs)
        check_how_to_run(steps_per_execution, jit_compile)
        self.loss_function = self.resolve_loss(self.default_loss if loss is None else loss)
        weights = resolve_loss_weights(type(self).__name__, self.default_loss_weights, loss_weights)
        check_made_in_scope(self._networks(), self.distribute_strategy)
        keras_internals.number_collectives(self.distribute_strategy)
        with self.distribute_strategy.scope():
            optimizers = resolve_optimizers(optimizer, list(self.players))
            check_strategy_suits(optimizers, self.distribute_strategy)
            arguments = {
                "optimizer": optimizers if len(optimizers) > 1 else next(iter(optimizers.values())),
                "loss": loss,
                "loss_weights": loss_weights,
                "metrics": metrics,
                "weighted_metrics": weighted_metrics,
                "run_eagerly": run_eagerly,
                "steps_per_execution": steps_per_execution,
                "jit_compile": jit_compile,
                "auto_scale_loss": auto_scale_loss,
            }
            if auto_scale_loss and computes_in_float16(self._networks()):
                optimizers = {p: scale_loss(o) for p, o in optimizers.items()}
            self._optimizers = optimizers
            self._step_constants = Untracked(StepConstants(self, optimizers))
            self._step_groups = StepGroups(steps_per_execution)
            self._objective = Objective(weights, self._totals(), self.logged_means)
            self._check_metric_names(metrics, weighted_metrics)
            keras_internals.forget_compiled_metrics(self)
            super().compile(
                # An optimizer for Keras and its callbacks to find: the player's own where there
                # is one player, or they would act on a phantom that never steps.
                optimizer=PlayersOptimizer(optimizers)
                if len(optimizers) > 1
                else next(iter(optimizers.values())),
                metrics=metrics,
                weighted_metrics=weighted_metrics,
                run_eagerly=run_eagerly,
                steps_per_execution=self._step_groups.initial_steps,
                jit_compile=choose_jit_compile(
                    self, self._models_of_a_step(), jit_compile, run_eagerly
                ),
                auto_scale_loss=False,
            )
        self._compile_arguments = Untracked(arguments)
        self._saver.forget_functions()
        self._state_objective(weights)

    @property
    def optimizers(self) -> dict[str, keras.Optimizer]:
        """Dict, a player's name to its optimizer."""
        check_compiled(self, "optimizers")
        return dict(self._optimizers)

    @property
    def loss_weights(self) -> dict[str, keras.Variable]:
        """Dict, a term's name to the variable that holds its weight."""
        check_compiled(self, "loss_weights")
        return dict(self._objective.weights)

    def get_compile_config(self):
        """The arguments of `compile`, serialized."""
        if not self.compiled:
            return {}
        return keras.saving.serialize_keras_object(self._compile_arguments.value)

    def compile_from_config(self, config):
        """Compiles as `get_compile_config` says; the optimizers are built, ready to be loaded."""
        arguments = keras.saving.deserialize_keras_object(config)
        if not isinstance(arguments, dict):
            raise TypeError(
                "The `compile_config` of a file must hold the arguments of `compile`. "
                f"Received: {arguments!r}"
            )
        self.compile(**arguments)

    def _check_metric_names(self, *metrics):
        for metric in keras.tree.flatten(metrics):
            if getattr(metric, "name", None) in self._objective.trackers:
                raise ValueError(
                    "`metrics` must not be named like a term or a total, which are logged beside "
                    f"them. Received: a metric named {metric.name!r}"
                )

    def _models_of_a_step(self):
        """The models whose layers a step runs: what XLA would have to compile."""
        return [self]

    def _state_objective(self, weights):
        """Says at the end of `compile` what the objective means, where that needs saying."""

    def _networks(self):
        return [network for networks in self.players.values() for network in networks]

    def _totals(self):
        """A player's name to the log's name for its weighted sum."""
        players = list(self.players)
        return {p: "loss" if len(players) == 1 else f"{p}_loss" for p in players}

    # ------------------------------------------------------------------ Keras's loops

    def fit(
        self,
        x: Data | None = None,
        y: Array | None = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Data | tuple | None = None,
        shuffle: bool = True,
        class_weight: None = None,
        sample_weight: Array | None = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> keras.callbacks.History:
        """Trains as `keras.Model.fit` does, after a look at the data.

        Arrays are checked whole, a dataset by its first batch: shape, dtype, NaN, and the range
        that the loss needs. Steps run in groups where that is faster (`steps_per_execution`).

        Args:
            x: an array of any library, a frame, a list of numbers; `tf.data.Dataset`,
                `keras.utils.PyDataset` or a generator of arrays or tuples.
            y: targets, where the class takes any.
            batch_size: examples per step, of arrays; if `None`, 32, or the one size that the
                networks take.
            epochs: passes over the data.
            verbose: `"auto"`, 0, 1 or 2.
            callbacks: Keras callbacks.
            validation_split: the fraction of the arrays, their end, to validate on.
            validation_data: as in Keras: `x`, `(x,)`, `(x, y)`, `(x, y, sample_weight)`, or a
                dataset.
            shuffle: whether to shuffle arrays each epoch.
            class_weight: must be `None`; use `sample_weight`.
            sample_weight: `(num_examples,)`; or of single steps, `(num_examples, steps)`, where
                the loss leaves them.
            initial_epoch: as in Keras.
            steps_per_epoch: as in Keras.
            validation_steps: as in Keras.
            validation_batch_size: as in Keras.
            validation_freq: as in Keras.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            ValueError: if the data cannot be trained on.
            TypeError: if their dtype is not what the model takes.
        """
        arguments = {name: value for name, value in locals().items() if name in _FIT_ARGUMENTS}
        arguments = self._door.admit_fit(arguments)
        with (
            lost_workers_named(self.distribute_strategy),
            full_disks_survived(arguments["callbacks"]),
            self._step_groups.of_fit(self, arguments) as arguments,
        ):
            return super().fit(**arguments)

    def evaluate(
        self,
        x: Data | None = None,
        y: Array | None = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Array | None = None,
        steps: int | None = None,
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
        return_dict: bool = False,
        **kwargs,
    ):
        """Measures as `keras.Model.evaluate` does, after a look at the data.

        Args:
            x: as in `fit`.
            y: as in `fit`.
            batch_size: examples per step, of arrays; 32 if `None`.
            verbose: `"auto"`, 0, 1 or 2.
            sample_weight: as in `fit`.
            steps: how many batches of a dataset; all if `None`.
            callbacks: Keras callbacks.
            return_dict: whether to give a dict rather than a list.
            **kwargs: what Keras's own `fit` passes on.

        Returns:
            The means of the loss, the terms and the metrics.
        """
        arguments = {
            "x": x,
            "y": y,
            "batch_size": batch_size,
            "verbose": verbose,
            "sample_weight": sample_weight,
            "steps": steps,
            "callbacks": callbacks,
            "return_dict": return_dict,
        }
        if keras_internals.is_validation_of_fit(kwargs):  # whose data have been looked at
            return super().evaluate(**arguments, **kwargs)
        arguments = self._door.admit_evaluate(arguments)
        with self._step_groups.of_evaluate(self, arguments) as arguments:
            return super().evaluate(**arguments, **kwargs)

    def predict(
        self,
        x: Data | list,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
    ):
        """What `call` gives, as `keras.Model.predict` does, after a look at the data.

        Args:
            x: what `call` takes: an array, a list of arrays where it takes several, or a dataset.
            batch_size: examples at once, of arrays; 32 if `None`.
            verbose: `"auto"`, 0, 1 or 2.
            steps: how many batches of a dataset; all if `None`.
            callbacks: Keras callbacks.

        Returns:
            A NumPy array, `(num_examples, ...)`.
        """
        x = self._door.admit_predict(x, batch_size, steps)
        return super().predict(x, batch_size, verbose, steps, callbacks)

    def train_on_batch(
        self,
        x: Array,
        y: Array | None = None,
        sample_weight: Array | None = None,
        class_weight: None = None,
        return_dict: bool = False,
    ):
        """One step on one batch, as in `keras.Model.train_on_batch`."""
        refuse_class_weight(class_weight)
        is_first = self.train_function is None  # since `compile`
        data = self._door.admit(x, y, sample_weight, trains=True, warns=is_first)
        return super().train_on_batch(*data, None, return_dict)

    def test_on_batch(
        self,
        x: Array,
        y: Array | None = None,
        sample_weight: Array | None = None,
        return_dict: bool = False,
    ):
        """The measures of one batch, as in `keras.Model.test_on_batch`."""
        return super().test_on_batch(*self._door.admit(x, y, sample_weight), return_dict)

    def predict_on_batch(self, x: Array | list):
        """What `call` gives of one batch, as in `keras.Model.predict_on_batch`."""
        return super().predict_on_batch(self._door.admit_inputs(x))

    def make_train_function(self, force=False):
        """What `fit` calls for each group of steps; made again where a constant has changed."""
        force = self._step_constants.value.has_changed_in_training() or force
        if self.train_function is None or force:
            super().make_train_function(force)
            self.train_function = self._step_groups.function(
                self, self.train_step, self.train_function
            )

    def make_test_function(self, force=False):
        """What `evaluate` calls for each group of steps; made again as that of `fit` is."""
        force = self._step_constants.value.has_changed_in_test() or force
        if self.test_function is None or force:
            super().make_test_function(force)
            self.test_function = self._step_groups.function(
                self, self.test_step, self.test_function
            )

    _maybe_symbolic_build = keras_internals.build_from_one_replica

    # ------------------------------------------------------------------ one training step

    def minimize(
        self, player: str | tuple, terms: Turn[Output], sample_weight: Tensor | None = None
    ) -> Output:
        """Steps one player down its weighted terms, or several from one pass; gives `outputs`.

        Args:
            player: a key of `players`; or a tuple of keys, who all move from where they stand.
            terms: a function that runs the networks and gives `(terms, outputs)`: a dict of
                tensors `(batch_size,)`, or each player's dict; and what the caller wants back.
            sample_weight: `(batch_size,)`, or `None`; `(batch_size, steps)` where a term weighs
                steps, as `reconstruction_loss` does: an example then weighs as its largest step.

        Raises:
            ValueError: if there are weights of steps, and no term that takes them.
        """
        players, losses = (player,) if isinstance(player, str) else player, {}
        with (
            self._step_on(sample_weight),
            tf.GradientTape(persistent=len(players) > 1) as tape,
        ):
            named_terms, outputs = terms()
            for each in players:
                own_terms = named_terms if each is player else named_terms[each]
                loss = self.measure(each, own_terms, sample_weight)
                # Optimizers sum gradients over replicas: each brings its share of the global mean.
                loss *= share_of_batch(batch_size_of(own_terms), self.distribute_strategy)
                losses[each] = self._optimizers[each].scale_loss(loss)
        weights = {each: weights_of(self.players[each]) for each in players}
        gradients = {each: tape.gradient(losses[each], weights[each]) for each in players}
        for each in players:
            optimizer = self._optimizers[each]
            optimizer.apply(
                clip_sum(gradients[each], optimizer, self.distribute_strategy), weights[each]
            )
        if tf.inside_function():  # at the end: an optimizer may count how often it is traced
            self._step_constants.value.note_traced()
        return outputs

    def measure(self, player: str, terms: Terms, sample_weight: Tensor | None = None) -> Tensor:
        """The weighted sum of a player's terms, averaged over the batch; the logs remember it.

        Args:
            player: a key of `players`.
            terms: dict of tensors of shape `(batch_size,)`.
            sample_weight: as in `minimize`.

        Returns:
            Σ weight × mean of the term + what the player's networks' regularizers add; `()`.
        """
        trackers, batch_size = self._objective.trackers, batch_size_of(terms)
        batch = Batch(None) if sample_weight is None else known_batch() or Batch(sample_weight)
        example_weight = batch.checked_example_weight()
        loss = ops.zeros((), "float32")
        for name, values in terms.items():
            self._objective.check_term(name, values)
            mean = batch_mean(values, example_weight)  # ()
            trackers[name].update_state(mean, sample_weight=batch_size)
            loss += self.term_weight(player, name) * mean
        regularizers = self._regularizers(player)
        if regularizers:
            regularization_loss = sum(ops.cast(ops.sum(r), "float32") for r in regularizers)
            self._objective.regularization_tracker(player).update_state(
                regularization_loss, sample_weight=batch_size
            )
            loss += regularization_loss
        if self._totals()[player] not in terms:
            trackers[self._totals()[player]].update_state(loss, sample_weight=batch_size)
        return loss

    def log_mean(self, name: str, values: Tensor, counts: Tensor | None = None) -> None:
        """Has the mean of values logged, of all steps of an epoch.

        Args:
            name: one of `logged_means`.
            values: `(batch_size,)`.
            counts: how much each counts, `(batch_size,)`; `None` for 1.
        """
        self._objective.trackers[name].update_state(values, sample_weight=counts)

    def logs(
        self,
        x: Tensor | list | None = None,
        target: Tensor | None = None,
        output: Tensor | None = None,
        sample_weight: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """What a step gives to `fit`: the running means, and `compile`'s metrics.

        Args:
            x: the model's input.
            target: what the metrics compare with.
            output: the model's output.
            sample_weight: `(batch_size,)`, or `None`.

        Returns:
            Dict, a name to a scalar.
        """
        logs = self.compute_metrics(x, target, output, sample_weight)
        if isinstance(self.distribute_strategy, tf.distribute.MultiWorkerMirroredStrategy):
            # Between workers, Keras reduces logs along axis 0, and a scalar has none.
            logs = {name: ops.reshape(value, (1,)) for name, value in logs.items()}
        return logs

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Updates `compile`'s metrics; without targets they compare with x itself."""
        mask = keras_internals.mask_of(y_pred)
        if mask is not None and sample_weight is not None and len(sample_weight.shape) == 1:
            # Keras multiplies the two as they are.
            sample_weight = ops.reshape(sample_weight, (-1, *[1] * (len(mask.shape) - 1)))
        return super().compute_metrics(x, x if y is None else y, y_pred, sample_weight)

    @property
    def metrics(self):
        """The means of the terms, then Keras's own list less its loss tracker, which is ours."""
        if not self.compiled:
            return super().metrics
        return self._objective.metrics + [m for m in super().metrics if m.name != "loss"]

    @contextlib.contextmanager
    def _step_on(self, sample_weight):
        """For a step: each replica draws noise of its own, and losses know the batch's weights."""
        with independent_noise(self), batch_known(Batch(sample_weight)):
            yield

    def _regularizers(self, player):
        # The model's own list counts a layer once that two networks share.
        if len(self.players) == 1:
            return self.losses
        return [loss for network in self.players[player] for loss in network.losses]

    # ------------------------------------------------------------------ files and servers

    def run_in_batches(
        self, function: Callable, *arrays: Array, batch_size: int
    ) -> np.ndarray | Any:
        """A method of this model run on arrays of any length, a batch at a time.

        Args:
            function: a bound method that takes and gives tensors, batch axis first.
            *arrays: its inputs, `(num_examples, ...)` each.
            batch_size: examples run at once; where the networks take batches of one size only,
                theirs.

        Returns:
            A NumPy array `(num_examples, ...)`, or a structure of them.
        """
        return self._saver.run(function, *arrays, batch_size=batch_size)

    def save(
        self,
        filepath: str | os.PathLike,
        overwrite: bool = True,
        zipped: bool | None = None,
        **kwargs,
    ) -> None:
        """Saves as `keras.Model.save` does, but whole or not at all.

        A process that is killed, or a disk that fills, leaves the file that was there before.
        Under several workers the chief alone writes.

        Raises:
            ValueError: if `filepath` does not end in `.keras`, unless `zipped=False`, which
                writes a folder. Keras's older `.h5` holds no model of several networks.
        """
        save = super().save
        self._saver.save(
            filepath,
            overwrite,
            zipped,
            lambda path: save(path, overwrite=overwrite, zipped=zipped, **kwargs),
        )

    def save_weights(
        self,
        filepath: str | os.PathLike,
        overwrite: bool = True,
        max_shard_size: float | None = None,
    ) -> None:
        """Saves as `keras.Model.save_weights` does, in the manner of `save`.

        Raises:
            ValueError: if `filepath` does not end in `.weights.h5`.
        """
        save_weights = super().save_weights
        self._saver.save_weights(
            filepath,
            overwrite,
            max_shard_size,
            lambda path: save_weights(path, overwrite, max_shard_size),
        )

    def load_weights(
        self, filepath: str | os.PathLike, skip_mismatch: bool = False, **kwargs
    ) -> None:
        """Loads as `keras.Model.load_weights` does, from what `save_weights` or `save` wrote.

        Raises:
            ValueError: if `filepath` ends otherwise.
        """
        check_path("filepath", filepath)
        check_loadable("filepath", filepath)
        super().load_weights(filepath, skip_mismatch=skip_mismatch, **kwargs)

    def export(
        self,
        filepath: str | os.PathLike,
        format: str = "tf_saved_model",
        network: str | None = None,
        verbose: bool | None = None,
        **kwargs,
    ) -> None:
        """Writes one SavedModel with a named endpoint for each thing that the model does.

        The batch size is dynamic. The SavedModel loads and runs where `keras_aegan` is not
        installed: `served = tf.saved_model.load(filepath)`, then `served.encode(x)`. TensorFlow
        Serving takes it from a folder of versions: `export("models/vae/1")`. Under several
        workers the chief alone writes.

        An older SavedModel is replaced by a whole new one, or stays: whoever opens the folder
        finds one of the two. An endpoint that is asked for a number of samples, such as `sample`,
        refuses one below 0 or above 2,147,483,647.

        Args:
            filepath: the folder to write: a new one, an empty one, or a SavedModel's; for
                `"onnx"` and `"litert"`, the file.
            format: `"tf_saved_model"`; or `"onnx"` or `"litert"`, which hold one network.
            network: for those two, which: the name of an attribute, such as `"encoder"`.
            verbose: whether to print what was written.
            **kwargs: passed to Keras's own export.

        Raises:
            TypeError: if `filepath` is not a path.
            ValueError: if `network` names none, or `filepath` is a file where a folder is to be
                written or the reverse, or a folder that holds something else or cannot be
                replaced: a mount point, the working directory, one in a read-only folder.
        """
        if format == "tf_saved_model" and network is None:
            self._saver.export(filepath, verbose, **kwargs)
        else:
            self._saver.export_network(
                network, self._networks(), filepath, format, verbose, **kwargs
            )

    def save_own_variables(self, store):
        """Saves what Keras saves, and what it leaves out of a model's file."""
        super().save_own_variables(store)
        for name, variable in self._extra_state().items():
            store[name] = variable

    def load_own_variables(self, store):
        """Loads what `save_own_variables` wrote."""
        names = set(store.keys())
        super().load_own_variables({name: store[name] for name in names if name.isdigit()})
        for name, variable in self._extra_state().items():
            if name in names:  # not in a file of weights from before `compile`
                variable.assign(store[name])

    def get_config(self):
        """Keras's own part of the config."""
        # By `keras.saving.save_model`, which does not ask `save`.
        if keras_internals.is_written_as_hdf5():
            raise ValueError(
                "`filepath` must end in `.keras`: Keras's older format holds no model of several "
                f"networks. Received: a {type(self).__name__} for a file that ends in `.h5`"
            )
        return super().get_config()

    def _extra_state(self):
        """The noise's state, without which a resumed run differs, and the weights of the terms."""
        state = {f"noise_{i}": variable for i, variable in enumerate(noise_states(self))}
        if self.compiled:
            state.update({v.name: v for v in self._objective.weights.values()})
        return state


_FIT_ARGUMENTS = (*inspect.signature(LatentVariableModel.fit).parameters,)[1:]
