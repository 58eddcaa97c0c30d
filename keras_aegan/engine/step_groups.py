"""The function that `fit` calls: a group of steps as one XLA program."""

import itertools
import time

import tensorflow as tf

from keras_aegan.engine.index_groups import IndexGroup, take

# Batches of a user's own pipeline are stacked for the program, and that costs memory: in bytes.
_LARGEST_STACK = 64 * 2**20
# The first groups compile, and fill the pipeline's buffers; the next ones tell whether it keeps up.
_GROUPS_TO_SETTLE, _GROUPS_TO_MEASURE = 2, 8


class GroupedFunction:
    """Keras's training or test function, with the loop over steps inside one XLA program.

    Args:
        model: the model, whose `steps_per_execution` says how many steps a call makes.
        step: its `train_step` or `test_step`.
        keras_function: the function that Keras made of it, for all that is not in groups.
    """

    def __init__(self, model, step, keras_function):
        self.model = model
        self.step = step
        self.keras_function = keras_function
        self.one_step = tf.function(step, reduce_retracing=True, autograph=False)
        self.by_index = self._program(lambda group, i: take(group[0], group[1][i]))
        self.of_stack = self._program(
            lambda stack, i: tf.nest.map_structure(lambda values: values[i], stack)
        )
        # A loop carries no logs: they are read from the running means after it. A step that gives
        # others is found when it is traced, and then runs by itself.
        self.logs_are_metrics = None
        self.input_watch = InputWatch()

    def __call__(self, iterator):
        """From an iterator, over `IndexGroup` or over batches, to the logs of the last step."""
        if self.model.steps_per_execution == 1 or not isinstance(iterator, tf.data.Iterator):
            return self.keras_function(iterator)
        start = time.perf_counter()
        parts = self._next_parts(iterator)
        waited = time.perf_counter() - start
        for program, data, num_steps, batches in parts:
            if program is not None and self.logs_are_metrics is None:
                program.get_concrete_function(data, num_steps)
            if program is not None and self.logs_are_metrics:
                logs = program(data, num_steps)
            else:
                for batch in batches:
                    logs = self.one_step(batch)
        if not isinstance(iterator.element_spec, IndexGroup):  # a user's own pipeline
            self.input_watch.note(waited, time.perf_counter() - start)
        return logs

    def _program(self, batch_at):
        """A function that runs `num_steps` steps, the i-th on what `batch_at` gives for it."""

        def steps(data, num_steps):
            def body(i):
                logs = self.step(batch_at(data, i))
                self.logs_are_metrics = set(logs) == set(self.model.get_metrics_result())
                return i + 1

            tf.while_loop(lambda i: i < num_steps, body, [tf.constant(0)])
            return self.model.get_metrics_result()

        return tf.function(steps, jit_compile=True, autograph=False)

    def _next_parts(self, iterator):
        """What the next call works off: `(program or None, its data, num_steps, the batches)`."""
        if isinstance(iterator.element_spec, IndexGroup):
            return self._parts_of_index_group(next(iterator))
        batches = list(itertools.islice(iterator, self.model.steps_per_execution))
        if not batches:
            raise StopIteration
        return self._parts_of_batches(batches)

    def _parts_of_index_group(self, group):
        arrays, indices, num_steps, rest = group
        if num_steps > 0:
            batches = (take(arrays, i) for i in indices[:num_steps])
            yield self.by_index, (arrays, indices), num_steps, batches
        if len(rest):
            # An uneven batch would be another program to compile, for one step per epoch.
            yield None, None, 1, [take(arrays, rest)]

    def _parts_of_batches(self, batches):
        for _, alike in itertools.groupby(batches, key=_shapes):
            alike = list(alike)
            if len(alike) == 1:
                yield None, None, 1, alike
                continue
            size = min(self.model.steps_per_execution, _steps_per_stack(alike[0]))
            for start in range(0, len(alike), size):
                part = alike[start : start + size]
                padded = part + part[-1:] * (size - len(part))  # one shape, one program
                stack = tf.nest.map_structure(lambda *values: tf.stack(values), *padded)
                yield self.of_stack, stack, tf.constant(len(part)), part


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


def _shapes(batch):
    return [values.shape for values in tf.nest.flatten(batch)]


def _steps_per_stack(batch):
    size = sum(values.dtype.size * values.shape.num_elements() for values in tf.nest.flatten(batch))
    return max(1, _LARGEST_STACK // max(size, 1))
