"""Prints the package's folders: files, lines, the folders that each imports, and circles.

python docs/design/structure.py [the root of a checkout]
"""

import ast
import collections
import pathlib
import sys

package = pathlib.Path(*sys.argv[1:2] or [pathlib.Path(__file__).parents[2]]) / "keras_aegan"
modules = {path: path.read_text(encoding="utf-8") for path in sorted(package.glob("*/*.py"))}
folders = {path.parent.name for path in modules}
arrows = {folder: collections.Counter() for folder in folders}
for path, text in modules.items():
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}.".split(".")[1] for alias in node.names]
            arrows[path.parent.name].update({*names} & folders - {path.parent.name})
for folder in sorted(folders, key=lambda folder: (len(arrows[folder]), folder)):
    texts = [text for path, text in modules.items() if path.parent.name == folder]
    imported = ", ".join(f"{other} {count}" for other, count in sorted(arrows[folder].items()))
    num_lines = sum(len(text.splitlines()) for text in texts)
    print(f"{folder:13}{len(texts):3} files {num_lines:5} lines  → {imported}")
circles = [f"{a} and {b}" for a in sorted(folders) for b in arrows[a] if a < b and a in arrows[b]]
print("circles:", ", ".join(circles) or "none")
