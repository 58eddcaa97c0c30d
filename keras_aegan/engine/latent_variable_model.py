"""The base of every model: players, named terms, and the one method that differentiates."""

import math
import numbers
import warnings

import keras
import tensorflow as tf
from keras import ops

from keras_aegan.checks.data_checks import check_how_to_run
from keras_aegan.engine.checked_model import CheckedModel
from keras_aegan.engine.counting import Batch, batch_known, known_batch
from keras_aegan.engine.devices import check_made_in_scope
from keras_aegan.engine.grouped_model import GroupedModel
from keras_aegan.engine.keras_internals import (
    layers_of,
    mask_of,
    number_collectives,
    own_weights,
    trained_by,
)
from keras_aegan.engine.objective import Objective, batch_mean, batch_size_of
from keras_aegan.engine.players_optimizer import (
    PlayersOptimizer,
    check_settings,
    check_strategy_suits,
    computes_in_float16,
    resolve_optimizers,
    scale_loss,
    settings,
    steps_all_or_none,
    was_built,
)
from keras_aegan.engine.replicas import clip_sum, independent_noise, share_of_batch
from keras_aegan.engine.servable_model import ServableModel, Untracked
from keras_aegan.hints import Output, Tensor, Terms, Turn


class LatentVariableModel(CheckedModel, GroupedModel, ServableModel):
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
    - `train_step(data)`: the turns, each a call of `minimize`; and `test_step(data)`.
    - `check_data(x, y)`: what is asked of data (see `CheckedModel`).
    - `endpoints()`: what `export` writes (see `ServableModel`).
    - `get_config()`: the constructor's arguments.

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

    @property
    def players(self) -> dict[str, list[keras.Model]]:
        """Dict, a player's name to the list of networks that it trains."""
        raise NotImplementedError(f"{type(self).__name__} must define `players`.")

    def resolve_loss(self, loss):
        """The object that the terms call, from `compile`'s `loss`; refuses what cannot be one."""
        if loss is not None:
            raise ValueError(f"{type(self).__name__} takes no `loss`. Received: loss={loss!r}")

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
        self._check_compile_arguments(loss, kwargs)
        check_how_to_run(steps_per_execution, jit_compile)
        self.loss_function = self.resolve_loss(self.default_loss if loss is None else loss)
        weights = self._resolve_loss_weights(loss_weights)
        check_made_in_scope(self._networks(), self.distribute_strategy)
        number_collectives(self.distribute_strategy)
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
            steppable = self._build_optimizers(optimizers)
            only = next(iter(optimizers.values())) if len(optimizers) == 1 else None
            self._optimizers = optimizers
            self._steppable = Untracked(steppable)
            self._traced_with, self._tested_with = Untracked(None), Untracked(None)
            self._built_with = Untracked({p: settings(o) for p, o in optimizers.items()})
            self._flat_layers = Untracked(layers_of(self))
            self._objective = Objective(weights, self._totals())
            self._check_metric_names(metrics, weighted_metrics)
            self._compile_metrics = None  # Keras would keep those of an earlier `compile`
            super().compile(
                # An optimizer for Keras and its callbacks to find: the player's own where there
                # is one player, or they would act on a phantom that never steps.
                optimizer=only or PlayersOptimizer(optimizers),
                metrics=metrics,
                weighted_metrics=weighted_metrics,
                run_eagerly=run_eagerly,
                steps_per_execution=self.group_steps(steps_per_execution),
                jit_compile=self.choose_jit_compile(jit_compile, run_eagerly),
                auto_scale_loss=False,
            )
        self._compile_arguments = Untracked(arguments)
        self.forget_endpoint_functions()
        self.state_objective(weights)

    def state_objective(self, weights: dict[str, float]) -> None:
        """Says at the end of `compile` what the objective means, where that needs saying."""

    @property
    def optimizers(self) -> dict[str, keras.Optimizer]:
        """Dict, a player's name to its optimizer."""
        self._assert_compile_called("optimizers")
        return dict(self._optimizers)

    @property
    def loss_weights(self) -> dict[str, keras.Variable]:
        """Dict, a term's name to the variable that holds its weight."""
        self._assert_compile_called("loss_weights")
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

    def _check_compile_arguments(self, loss, unknown):
        """Refuses what is no argument of `compile`, and an optimizer in the loss's place."""
        players = list(self.players)
        by_player = "{" + ", ".join(f'"{player}": …' for player in players) + "}"
        one_or_dict = f"optimizer={by_player}" if len(players) > 1 else "optimizer=…"
        if isinstance(loss, keras.optimizers.Optimizer):
            raise TypeError(
                f"`compile` takes all players' optimizers as {one_or_dict}. Received: loss={loss!r}"
            )
        if unknown:
            meant = [one_or_dict] if any("opt" in name for name in unknown) else []
            meant += ["loss=…"] if any("loss" in name for name in unknown) else []
            known = ["optimizer", "loss", "loss_weights", "metrics", "weighted_metrics"]
            known += ["run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss"]
            raise TypeError(
                f"`compile` must be given {' and '.join(meant) or 'arguments that it has'}: it "
                f"takes {', '.join(known)}. Received: {', '.join(map(str, unknown))}"
            )

    def _build_optimizers(self, optimizers):
        """Builds each player's optimizer; gives the ids of the weights that each can step."""
        steppable = {}
        for player, optimizer in optimizers.items():
            weights = self._player_weights(player)
            known = trained_by(optimizer) if was_built(optimizer) else weights
            optimizer.build(weights)
            steppable[player] = {id(w) for w in known}
            unknown = [w.path for w in weights if id(w) not in steppable[player]]
            if unknown:
                raise ValueError(
                    "`optimizer` must be a new one, or have been built for all weights that are "
                    f"trainable now. Received: for the {player} an optimizer that was built "
                    f"without {len(unknown)} of them, such as {unknown[0]!r}"
                )
        return steppable

    def _check_metric_names(self, *metrics):
        for metric in keras.tree.flatten(metrics):
            if getattr(metric, "name", None) in self._objective.trackers:
                raise ValueError(
                    "`metrics` must not be named like a term or a total, which are logged beside "
                    f"them. Received: a metric named {metric.name!r}"
                )

    def _resolve_loss_weights(self, loss_weights):
        weights = dict(self.default_loss_weights)
        if loss_weights is not None and not isinstance(loss_weights, dict):
            raise TypeError(
                f"`loss_weights` must be a dict keyed by {sorted(weights)}. "
                f"Received: loss_weights={loss_weights!r}"
            )
        for term, weight in (loss_weights or {}).items():
            if term not in weights:
                raise ValueError(
                    f"`loss_weights` must be keyed by terms of {type(self).__name__}, "
                    f"{sorted(weights)}. Received: key {term!r}"
                )
            if not isinstance(weight, numbers.Real) or not (math.isfinite(weight) and weight >= 0):
                raise ValueError(
                    "`loss_weights` must hold finite numbers, zero or more. "
                    f"Received: loss_weights[{term!r}]={weight!r}"
                )
            weights[term] = weight
        return weights

    def _networks(self):
        return [network for networks in self.players.values() for network in networks]

    def _player_weights(self, player):
        networks = self.players[player]
        return list({id(w): w for n in networks for w in n.trainable_weights}.values())

    def _totals(self):
        """A player's name to the log's name for its weighted sum."""
        players = list(self.players)
        return {p: "loss" if len(players) == 1 else f"{p}_loss" for p in players}

    # ----------------------------------------------- what is frozen, and constants of a step

    def check_ready_to_train(self) -> None:
        """Refuses weights and settings for which no optimizer was built.

        Raises:
            ValueError: if `trainable` has changed so that an optimizer cannot follow, or a setting
                of an optimizer that needs variables.
        """
        if not self.trainable_weights:
            warnings.warn("The model has no trainable weights.", stacklevel=2)  # as Keras does
        for player, optimizer in self._optimizers.items():
            with self.distribute_strategy.scope():
                check_settings(player, optimizer, self._built_with.value[player])
            trainable = {id(w): w for w in self._player_weights(player)}
            known = self._steppable.value[player]
            changed = [w.path for i, w in trainable.items() if i not in known]
            if changed:
                received = f"{len(changed)} weights that were frozen, such as {changed[0]!r}"
            elif len(trainable) < len(known) and steps_all_or_none(optimizer):
                received = (
                    f"{len(known) - len(trainable)} weights frozen since, beside an optimizer "
                    "that cannot leave out any (`use_ema`, MultiOptimizer)"
                )
            else:
                continue
            raise ValueError(
                "`trainable` must be as it was at `compile`, which makes the optimizers: call "
                f"`compile` again. Received: for the {player} {received}"
            )

    def make_train_function(self, force=False):
        """What `fit` calls; made again where `trainable` or an optimizer's setting has changed.

        Keras itself goes on with the step as it was when it was compiled.
        """
        constants, traced_with = self._step_constants(), self._traced_with.value
        if traced_with is None or constants != traced_with:
            self.check_ready_to_train()
        super().make_train_function(force or traced_with not in (None, constants))

    def make_test_function(self, force=False):
        """What `evaluate` calls; made again where `trainable` has changed: so do regularizers."""
        frozen, before = self._trainable_state(), self._tested_with.value
        self._tested_with.value = frozen
        super().make_test_function(force or before not in (None, frozen))

    def _step_constants(self):
        """What a step that is compiled once does not see change."""
        return (*self._trainable_state(), *map(settings, self._optimizers.values()))

    def _trainable_state(self):
        # Batch normalisation goes by the layer's flag, also where it has no weights.
        state = []
        for layer in self._flat_layers.value:
            state.append(layer.trainable)
            for weight in own_weights(layer):
                state += id(weight), weight.trainable
        return tuple(state)

    # ------------------------------------------------------------- one training step

    def test_step(self, data):
        """Measures the terms of a batch; gives `logs()`."""
        raise NotImplementedError(f"{type(self).__name__} must define `test_step` to be validated.")

    def unpack(self, data: Tensor | tuple) -> tuple:
        """`(what call takes, targets, sample weights)` of a batch from `fit`."""
        return keras.utils.unpack_x_y_sample_weight(data)

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
            self._independent_noise(),
            batch_known(Batch(sample_weight)),
            tf.GradientTape(persistent=len(players) > 1) as tape,
        ):
            named_terms, outputs = terms()
            for each in players:
                own_terms = named_terms if each is player else named_terms[each]
                loss = self.measure(each, own_terms, sample_weight)
                # Optimizers sum gradients over replicas: each brings its share of the global mean.
                loss *= share_of_batch(batch_size_of(own_terms), self.distribute_strategy)
                losses[each] = self._optimizers[each].scale_loss(loss)
        weights = {each: self._player_weights(each) for each in players}
        gradients = {each: tape.gradient(losses[each], weights[each]) for each in players}
        for each in players:
            optimizer = self._optimizers[each]
            optimizer.apply(
                clip_sum(gradients[each], optimizer, self.distribute_strategy), weights[each]
            )
        if tf.inside_function():  # at the end: an optimizer may count how often it is traced
            self._traced_with.value = self._step_constants()
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
            self._check_term(name, values)
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

    def term_weight(self, player: str, term: str) -> keras.Variable | float:
        """What the term weighs in this player's loss: `loss_weights`, unless a class says else."""
        return self._objective.weights[term]

    def _check_term(self, name, values):
        if name not in self._objective.weights or len(values.shape) > 1:
            raise ValueError(
                "A term must be one of `default_loss_weights` and have the shape (batch_size,), "
                "or () for a batch statistic. "
                f"Received: term {name!r} of shape {tuple(values.shape)}"
            )

    def _regularizers(self, player):
        # The model's own list counts a layer once that two networks share.
        if len(self.players) == 1:
            return self.losses
        return [loss for network in self.players[player] for loss in network.losses]

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
        mask = mask_of(y_pred)
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

    def _independent_noise(self):
        return independent_noise(self._noise_states(), self.distribute_strategy)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Lets Keras build metrics from one replica's batch.

        Keras itself averages the batch over replicas, and between workers it cannot average
        `(x, y)`.
        """
        if iterator is not None and self._distribute_strategy is not None:
            _, _, batches = next(iter(iterator))
            data_batch = keras.tree.map_structure(
                lambda values: self.distribute_strategy.experimental_local_results(values)[0],
                next(batches),
            )
            data_batch = self.unpack(data_batch)
        super()._maybe_symbolic_build(data_batch=data_batch)

    def _noise_states(self):
        """The states of all seed generators, this model's and its layers'."""
        return [v for v in self.variables if v.name == "seed_generator_state"]

    def extra_state(self) -> dict:
        """The noise's state, without which a resumed run differs, and the weights of the terms."""
        state = {f"noise_{i}": variable for i, variable in enumerate(self._noise_states())}
        if self.compiled:
            state.update({v.name: v for v in self._objective.weights.values()})
        return state
