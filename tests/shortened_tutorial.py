"""Runs a tutorial in a process of its own, shortened, offline: `python shortened_tutorial.py PATH`.

A tutorial knows nothing of it. Whatever its Hyperparameters count in steps or epochs becomes a
fiftieth, at least one, and each `load_images` gives the first 500 images of a split; all else runs
as it stands there, under the tutorial's own name. A warning ends it, but for those below.
"""

import ast
import pathlib
import re
import socket
import sys
import types
import warnings

_FRACTION = 50
_NUM_EXAMPLES = 500
_EXPECTED_WARNINGS = (
    "MNIST cannot be downloaded here",
    "The posterior will collapse",  # which tutorial 07 shows on purpose
    "__array__ implementation doesn't accept a copy keyword",  # see setup.cfg
)


def shorten(tree):
    """Shortens the script's tree in place.

    Returns:
        The names that were shortened.
    """
    names, in_hyperparameters = [], False
    for statement in tree.body:
        match statement:
            case ast.Expr(ast.Constant(str(text))) if re.search("^## ", text, re.MULTILINE):
                in_hyperparameters = "\n## Hyperparameters\n" in text
            case ast.Assign([ast.Name(name)], ast.Constant(int(number)) as constant) if (
                in_hyperparameters and ("steps" in name or "epochs" in name)
            ):
                constant.value = max(1, number // _FRACTION)
                names.append(name)
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(attr="load_images")):
                others = [keyword for keyword in node.keywords if keyword.arg != "num_examples"]
                node.keywords = [*others, ast.keyword("num_examples", ast.Constant(_NUM_EXAMPLES))]
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


if __name__ == "__main__":
    run(pathlib.Path(sys.argv[1]))
