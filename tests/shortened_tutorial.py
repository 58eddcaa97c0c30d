"""Runs a tutorial in a process of its own, shortened, offline: `run_in_process(path, ...)`.

A tutorial knows nothing of it. Whatever its Hyperparameters count in steps or epochs becomes a
fiftieth, at least one, and each `load_images` gives the first four batches of a split; all else
runs as it stands there, under the tutorial's own name. A warning ends it, but for those below.

The processes are forked from one that has imported the libraries alone: seconds less each.
"""

import ast
import multiprocessing
import os
import re
import socket
import sys
import types
import warnings

_FRACTION = 50
_NUM_BATCHES = 4
_EXPECTED_WARNINGS = (
    "MNIST cannot be downloaded here",
    "The posterior will collapse",  # which tutorial 07 shows on purpose
    "__array__ implementation doesn't accept a copy keyword",  # see setup.cfg
)


_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(
    ["keras_aegan.evaluation", "matplotlib.figure", "sklearn.linear_model", "tensorflow_datasets"]
)


def run_in_process(path, folder, environment, timeout):
    """Runs the shortened script in a folder, and waits.

    Args:
        path: the tutorial's `pathlib.Path`.
        folder: the working directory, a `pathlib.Path`.
        environment: dict of changes to the environment's variables; `None` deletes one.
        timeout: in seconds.

    Returns:
        `(exit code, what was printed)`; the code is `None` where time ran out.
    """
    output = folder / "output.txt"
    process = _forks.Process(target=_run_child, args=(path, folder, environment, output))
    process.start()
    process.join(timeout)
    process.kill()
    return process.exitcode, output.read_text(encoding="utf-8")


def _run_child(path, folder, environment, output):
    for descriptor in (sys.stdout.fileno(), sys.stderr.fileno()):
        os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    os.chdir(folder)
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    run(path)


def shorten(tree):
    """Shortens the script's tree in place.

    Returns:
        The names that were shortened.
    """
    names, in_hyperparameters, batch_size = [], False, 125
    for statement in tree.body:
        match statement:
            case ast.Expr(ast.Constant(str(text))) if re.search("^## ", text, re.MULTILINE):
                in_hyperparameters = "\n## Hyperparameters\n" in text
            case ast.Assign([ast.Name(name)], ast.Constant(int(number)) as constant) if (
                in_hyperparameters and ("steps" in name or "epochs" in name)
            ):
                constant.value = max(1, number // _FRACTION)
                names.append(name)
            case ast.Assign([ast.Name("batch_size")], ast.Constant(int(number))):
                batch_size = number
    # Whole batches: an uneven last one would be one more program to compile.
    num_examples = ast.keyword("num_examples", ast.Constant(_NUM_BATCHES * batch_size))
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(attr="load_images")):
                others = [keyword for keyword in node.keywords if keyword.arg != "num_examples"]
                node.keywords = [*others, num_examples]
    ast.fix_missing_locations(tree)
    return names


def run(path):
    """Executes the shortened script as `python PATH` would, without a network."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    shorten(tree)

    def no_network(*arguments, **keywords):
        raise OSError("Name or service not known")

    socket.getaddrinfo = no_network
    warnings.simplefilter("error")
    for message in _EXPECTED_WARNINGS:
        warnings.filterwarnings("default", message)
    script = sys.modules["__main__"] = types.ModuleType("__main__")
    script.__file__, sys.argv, sys.path[0] = str(path), [str(path)], str(path.parent)
    exec(compile(tree, path, "exec"), script.__dict__)
