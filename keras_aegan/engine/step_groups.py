"""The function that `fit` calls: a group of steps as one XLA program."""

import itertools
import time

import tensorflow as tf

from keras_aegan.engine.index_groups import IndexGroup, take
from keras_aegan.engine.keras_internals import own_strategy

# Batches of a user's own pipeline are stacked for the program, and that costs memory: in bytes.
_LARGEST_STACK = 64 * 2**20
# The first groups compile, and fill the pipeline's buffers; the next ones tell whether it keeps up.
_GROUPS_TO_SETTLE, _GROUPS_TO_MEASURE = 2, 8


def can_group(model):
    """Whether groups of steps can be one program: under XLA, and on one device."""
    return bool(model.jit_compile) and not model.run_eagerly and own_strategy(model) is None


def run_in_groups(model, step, keras_function):
    """Keras's training or test function, with the loop over steps inside the program.

    Args:
        model: the model, whose `steps_per_execution` says how many steps a call makes.
        step: its `train_step` or `test_step`.
        keras_function: the function that Keras made of it, for all that is not in groups.

    Returns:
        A function from an iterator, over `IndexGroup` or over batches, to logs.
    """
    one_step = tf.function(step, reduce_retracing=True, autograph=False)
    can_loop = True

    def loop(batch_at, num_steps):
        def body(i):
            logs = step(batch_at(i))
            if set(logs) != set(model.get_metrics_result()):
                raise _OwnLogs
            return i + 1

        tf.while_loop(lambda i: i < num_steps, body, [tf.constant(0)])
        return model.get_metrics_result()

    @tf.function(jit_compile=True, autograph=False)
    def steps_by_index(arrays, indices, num_steps):
        return loop(lambda i: take(arrays, indices[i]), num_steps)

    @tf.function(jit_compile=True, autograph=False)
    def steps_of_stack(stack, num_steps):
        return loop(lambda i: tf.nest.map_structure(lambda values: values[i], stack), num_steps)

    def run(as_one_program, batches):
        nonlocal can_loop
        if can_loop:
            try:
                return as_one_program()
            except _OwnLogs:
                can_loop = False
        for batch in batches:
            logs = one_step(batch)
        return logs

    def run_index_group(group):
        logs = None
        if group.num_steps > 0:
            batches = (take(group.arrays, i) for i in group.indices[: group.num_steps])
            logs = run(
                lambda: steps_by_index(group.arrays, group.indices, group.num_steps), batches
            )
        # An uneven batch would be another program to compile, for one step an epoch.
        return one_step(take(group.arrays, group.rest)) if len(group.rest) else logs

    def run_batches(batches):
        size = min(model.steps_per_execution, _steps_a_stack(batches[0]))
        for start in range(0, len(batches), size):
            logs = run_part(batches[start : start + size], size)
        return logs

    def run_part(batches, size):
        def as_one_program():
            padded = batches + batches[-1:] * (size - len(batches))  # one shape, one program
            stack = tf.nest.map_structure(lambda *values: tf.stack(values), *padded)
            return steps_of_stack(stack, tf.constant(len(batches)))

        return run(as_one_program, batches)

    watch = InputWatch()

    def function(iterator):
        if model.steps_per_execution == 1 or not isinstance(iterator, tf.data.Iterator):
            return keras_function(iterator)
        if isinstance(iterator.element_spec, IndexGroup):
            return run_index_group(next(iterator))
        start = time.perf_counter()
        batches = list(itertools.islice(iterator, model.steps_per_execution))
        if not batches:
            raise StopIteration
        waited = time.perf_counter() - start
        for _, alike in itertools.groupby(batches, key=_shapes):
            alike = list(alike)
            logs = run_batches(alike) if len(alike) > 1 else one_step(alike[0])
        watch.note(waited, time.perf_counter() - start)
        return logs

    return function


class InputWatch:
    """Says once where a user's own pipeline takes more time than the training."""

    def __init__(self):
        self.num_groups = 0
        self.waited = self.total = 0.0

    def note(self, waited, total):
        """Counts the seconds that a group waited for its batches, and took in all."""
        self.num_groups += 1
        if self.num_groups > _GROUPS_TO_SETTLE:
            self.waited += waited
            self.total += total
        if self.num_groups == _GROUPS_TO_SETTLE + _GROUPS_TO_MEASURE:
            share = self.waited / self.total
            if share > 0.5:
                print(
                    f"The input pipeline takes {share:.0%} of the step: cache() and prefetch() "
                    "the dataset, batch() before map(), or pass arrays."
                )


class _OwnLogs(Exception):
    """A step's logs are more than the model's running means, which a loop cannot carry."""


def _shapes(batch):
    return [values.shape for values in tf.nest.flatten(batch)]


def _steps_a_stack(batch):
    size = sum(values.dtype.size * values.shape.num_elements() for values in tf.nest.flatten(batch))
    return max(1, _LARGEST_STACK // max(size, 1))
