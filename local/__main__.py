"""The terminal: `./visiondrop COMMAND …` runs `python -m local COMMAND …`, which calls one module of local/commands.

A command module has three names: SUMMARY (one line), `add_arguments(parser)` and `run(arguments) -> exit code`.
One that sets a default for `passed_on` gets there what its parser does not know (as `test` does, for pytest).
Only the module that is called is imported, so that each command starts fast.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys

from local import commands


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))


def usage() -> str:
    rows = [f"  {name:<10} {importlib.import_module(f'local.commands.{name}').SUMMARY}" for name in names()]
    return "usage: ./visiondrop COMMAND [ARGUMENT …]   (COMMAND --help for its arguments)\n\n" + "\n".join(rows)


def main(argv: list[str]) -> int:
    if not argv or argv[0] in {"-h", "--help", "help"}:
        print(usage())
        return 0 if argv else 2
    name, *rest = argv
    if name not in names():
        print(f"visiondrop: there is no command {name!r}\n\n{usage()}", file=sys.stderr)
        return 2
    module = importlib.import_module(f"local.commands.{name}")
    parser = argparse.ArgumentParser(prog=f"visiondrop {name}", description=module.SUMMARY)
    module.add_arguments(parser)
    arguments, unknown = parser.parse_known_args(rest)
    if unknown and "passed_on" not in arguments:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    arguments.passed_on = unknown
    try:
        code = int(module.run(arguments))
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it ends
        return 141  # as a shell says of a program that SIGPIPE ended
    except OSError as error:
        if error.filename is None:
            raise
        print(f"visiondrop {name}: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # while a command is still being loaded; it handles a later one itself
        sys.exit(130)
