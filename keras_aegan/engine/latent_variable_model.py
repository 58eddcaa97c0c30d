"""The base of every model: players, named terms, and the one method that differentiates."""

import contextlib
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_aegan.checks.data_checks import check_how_to_run
from keras_aegan.engine import keras_internals
from keras_aegan.engine.checked_model import CheckedModel
from keras_aegan.engine.compile_checks import check_compile_arguments, resolve_loss_weights
from keras_aegan.engine.counting import Batch, batch_known, known_batch
from keras_aegan.engine.devices import check_made_in_scope
from keras_aegan.engine.door import check_compiled
from keras_aegan.engine.grouping import StepGroups, choose_jit_compile
from keras_aegan.engine.objective import Objective, batch_mean, batch_size_of
from keras_aegan.engine.players_optimizer import (
    PlayersOptimizer,
    average_each_weight_once,
    check_strategy_suits,
    computes_in_float16,
    is_by_player,
    resolve_optimizers,
    scale_loss,
)
from keras_aegan.engine.replicas import clip_sum, independent_noise, noise_states, share_of_batch
from keras_aegan.engine.step_constants import StepConstants, weights_of
from keras_aegan.engine.untracked import Untracked
from keras_aegan.hints import Output, Tensor, Terms, Turn


class LatentVariableModel(CheckedModel):
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
    _prior = None

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

    def unpack(self, data: Tensor | tuple) -> tuple:
        """`(what call takes, targets, sample weights)` of a batch from `fit`."""
        return keras.utils.unpack_x_y_sample_weight(data)

    def test_step(self, data):
        """Measures the terms of a batch; gives `logs()`."""
        raise NotImplementedError(f"{type(self).__name__} must define `test_step` to be validated.")

    @property
    def prior(self) -> Any:
        """p(z), a `priors.Prior`; `None` for a model without one.

        Another one may be assigned at any time: samples, endpoints and steps are then of it.
        """
        return self._prior

    @prior.setter
    def prior(self, prior: Any) -> None:
        self._check_prior(prior)
        self._prior = prior
        self._saver.forget_functions()
        if getattr(self, "train_function", None) is not None:  # within `fit`, too
            self.make_train_function(force=True)

    def _check_prior(self, prior):
        """Raises ValueError unless the model can have this prior."""

    def term_weight(self, player: str, term: str) -> keras.Variable | float:
        """What a term weighs in a player's loss: `loss_weights`, unless a class says otherwise."""
        return self._objective.weights[term]

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
            jit_compile: as in `keras.Model.compile`, except that `"auto"` does not use XLA on a CPU
                for networks with convolutions, which XLA slows down.
            auto_scale_loss: as in `keras.Model.compile`: under `mixed_float16`, each player's
                optimizer scales its loss.
            **kwargs: refused, with the argument that is meant.

        Raises:
            TypeError: if an argument is unknown.
            ValueError: if a key is not a player or a term, or a value is out of its range.
        """
        check_compile_arguments(list(self.players), loss, kwargs)
        check_how_to_run(steps_per_execution, jit_compile)
        self.loss_function = self.resolve_loss(self.default_loss if loss is None else loss)
        weights = resolve_loss_weights(type(self).__name__, self.default_loss_weights, loss_weights)
        check_made_in_scope(self._networks(), self.distribute_strategy)
        keras_internals.number_collectives(self.distribute_strategy)
        with self.distribute_strategy.scope():
            optimizers = resolve_optimizers(optimizer, list(self.players))
            average_each_weight_once(
                optimizers,
                {player: weights_of(networks) for player, networks in self.players.items()},
                are_copies=not is_by_player(optimizer),
            )
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

    def _extra_state(self):
        """The noise's state, without which a resumed run differs, and the weights of the terms."""
        state = {f"noise_{i}": variable for i, variable in enumerate(noise_states(self))}
        if self.compiled:
            state.update({v.name: v for v in self._objective.weights.values()})
        return state
