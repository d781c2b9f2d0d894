"""What the command lines of the tools for fuzzing have in common."""

import argparse
import sys
import typing


def positive(text: str) -> float:
    """A number of seconds."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return value


def at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def refuse(complaint: str) -> typing.NoReturn:
    """Ends the tool as argparse does where a command line is wrong."""
    print(complaint, file=sys.stderr)
    sys.exit(2)
