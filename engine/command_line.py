"""The command line: words become an order, the order goes to a running engine or to one of our own.

Exit status 0 done, 1 the world failed, 2 a bad argument. With --json standard output is one JSON object only.
"""

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

from pydantic import ValidationError

from engine.contract.approaches import TITLES
from engine.contract.errors import BadRequest, TesseraError
from engine.contract.jsonlog import log_json, log_plainly
from engine.contract.memory import keep_heap_small
from engine.contract.misspelt import misspelt
from engine.contract.order import Order
from engine.contract.orders import MakeGrid
from engine.contract.sentence import explain, shorten, unknown
from engine.contract.settings import read
from engine.contract.training import ENDED, TrainStyle
from engine.contract.words import measured
from engine.settings import Settings

log = logging.getLogger(__name__)

_Order = TypeVar("_Order", bound=Order)


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence instead of the usage."""

    def parse_args(self, args: Sequence[str], namespace: Any = None) -> argparse.Namespace:  # type: ignore[override] # ours are always handed in
        """Raises BadRequest for an option that there is not, with the nearest that there is."""
        parsed, extras = self.parse_known_args(args, namespace)
        if extras:
            options = (option for option in self._option_string_actions if option.startswith("--"))
            raise BadRequest(unknown(extras[0].split("=")[0], options))
        return cast("argparse.Namespace", parsed)

    def error(self, message: str) -> NoReturn:
        raise BadRequest(message[0].upper() + message[1:] + ". See: python -m engine --help")


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit status."""
    try:
        settings = read(Settings)
        command = arguments[0] if arguments else "serve"
        if command in {"-h", "--help"}:
            print(_help())  # noqa: T201
            return 0
        if command not in COMMANDS:
            raise BadRequest(unknown(command, COMMANDS))
        if command == "serve":
            log_json(settings)
        else:
            log_plainly()
        for sentence in misspelt(settings):
            log.warning(sentence)
        COMMANDS[command](settings, arguments[1:])
    except TesseraError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_status
    except PermissionError as error:
        print(f"{error.filename or 'A file'} may not be opened by this user.", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _help() -> str:
    lines = [f"  {name:<9} {(run.__doc__ or '').splitlines()[0]}" for name, run in COMMANDS.items()]
    return "\n".join(["python -m engine [command] [--help]", "", *lines])


def serve(settings: Settings, arguments: list[str]) -> None:
    """Serve jobs on a socket (the default)"""
    from engine.renewal import lock

    parser = Parser("python -m engine serve", description=serve.__doc__)
    parser.add_argument("--renew", action="store_true", help="replace one started like this whose settings are others")
    with lock(settings, renew=parser.parse_args(arguments).renew):
        keep_heap_small()
        from engine.serve import serve as run

        asyncio.run(run(settings))


def grid(settings: Settings, arguments: list[str]) -> None:
    """Paint one grid, score it and write sheet, cells and recipe"""
    from engine.one_grid import one_grid

    parser = Parser("python -m engine grid", description=grid.__doc__)
    for name, field in MakeGrid.model_fields.items():
        if name != "kind":
            parser.add_argument(f"--{name}", metavar=name.upper(), help=field.description)
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to write; by default DATA_DIR/grids/ID")
    parser.add_argument("--json", action="store_true", help="print the grid as one JSON object")
    parsed, extras = parser.parse_known_args(arguments)
    if extras and not extras[0].startswith("-"):
        words = " ".join([parsed.prompt, *extras] if parsed.prompt else extras)
        raise BadRequest(f'Give the prompt with --prompt, in quotes: --prompt "{shorten(words, 60)}"')
    values = vars(parser.parse_args(arguments, parsed))
    out, as_json = values.pop("out"), values.pop("json")
    grid_json = asyncio.run(one_grid(settings, order(values), out))
    print(json.dumps(grid_json, ensure_ascii=False) if as_json else summary(grid_json))  # noqa: T201


def finetune(settings: Settings, arguments: list[str]) -> None:
    """Train a style from pictures and save it"""
    from engine.one_style import one_style

    parser = Parser("python -m engine finetune", description=finetune.__doc__)
    for name, field in TrainStyle.model_fields.items():
        if name == "resume":
            parser.add_argument("--resume", action="store_true", default=None, help=field.description)
        elif name != "kind":
            # On the command line words have hyphens: --art-style, --weight-decay.
            word = name.replace("_", "-")
            parser.add_argument(f"--{word}", dest=name, metavar=word.upper(), help=field.description)
    parser.add_argument("--json", action="store_true", help="print the style as one JSON object")
    values = vars(parser.parse_args(arguments))
    as_json = values.pop("json")
    style = asyncio.run(one_style(settings, _checked(TrainStyle, values)))
    print(json.dumps(style, ensure_ascii=False) if as_json else style_summary(style))  # noqa: T201


def evaluate(settings: Settings, arguments: list[str]) -> None:
    """Compare approaches, styles and weights over many prompts; write a report"""
    from engine.evaluate import evaluate as run
    from engine.evaluation import words
    from engine.evaluation.asked import Asked

    parser = Parser("python -m engine evaluate", description=evaluate.__doc__)
    for name, field in Asked.model_fields.items():
        aliases = ["--style"] if name == "styles" else []
        parser.add_argument(f"--{name}", *aliases, dest=name, metavar=name.upper(), help=field.description)
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where to write or continue; by default in DATA_DIR/evaluations"
    )
    parser.add_argument("--json", action="store_true", help="print report.json")
    values = vars(parser.parse_args(arguments))
    out, as_json = values.pop("out"), values.pop("json")
    evaluation, page = run(settings, _checked(Asked, values), out, arguments)
    lines = (words.table(evaluation), "", *words.verdicts(evaluation), *words.footnotes(evaluation), f"Report: {page}")
    print(evaluation.model_dump_json() if as_json else "\n".join(lines))  # noqa: T201


def score(settings: Settings, arguments: list[str]) -> None:
    """Say how well a picture matches a prompt, ranked among reference prompts"""
    from engine.contract.scoring import Scored, ScorePicture, in_words
    from engine.score_picture import score_picture

    parser = Parser("python -m engine score", description=score.__doc__)
    parser.add_argument("picture", type=Path, metavar="PICTURE", help="the picture's file")
    parser.add_argument("--prompt", metavar="PROMPT", help=ScorePicture.model_fields["prompt"].description)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parsed = parser.parse_args(arguments)
    order = _checked(ScorePicture, {"prompt": parsed.prompt, "picture": ""})
    score_json = score_picture(settings, parsed.picture, order.prompt)
    print(json.dumps(score_json, ensure_ascii=False) if parsed.json else in_words(Scored.model_validate(score_json)))  # noqa: T201


def demo(settings: Settings, arguments: list[str]) -> None:
    """Paint the same prompt with all three approaches"""
    from engine.demo import beside
    from engine.one_grid import several

    parser = Parser("python -m engine demo", description=demo.__doc__)
    parser.add_argument("--prompt", default="a cat wearing neon-glasses")
    parser.add_argument("--seed", default="7")
    parser.add_argument("--out", type=Path, default=Path("demo"))
    parsed = parser.parse_args(arguments)
    orders = [order({"prompt": parsed.prompt, "seed": parsed.seed, "approach": str(number)}) for number in TITLES]
    grids = asyncio.run(several(settings, orders, parsed.out))
    print("\n\n".join([*map(summary, grids), beside(grids)]))  # noqa: T201


def fetch(settings: Settings, arguments: list[str]) -> None:
    """Download models and photos ahead, with progress and resume"""
    from engine.downloads import fetch_all

    Parser("python -m engine fetch", description=fetch.__doc__).parse_args(arguments)
    fetch_all(settings)


def info(settings: Settings, arguments: list[str]) -> None:
    """Say which profile, device, models, fillers and styles there are"""
    from engine.downloads import describe

    parser = Parser("python -m engine info", description=info.__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    as_json = parser.parse_args(arguments).json
    facts = describe(settings)
    lines = (
        f"{name:<10} {json.dumps(value) if isinstance(value, list | dict) else value}" for name, value in facts.items()
    )
    print(json.dumps(facts) if as_json else "\n".join(lines))  # noqa: T201


COMMANDS = {
    "serve": serve,
    "grid": grid,
    "finetune": finetune,
    "evaluate": evaluate,
    "score": score,
    "demo": demo,
    "fetch": fetch,
    "info": info,
}


def order(words: dict[str, str | None]) -> MakeGrid:
    """The order that these words make. Raises BadRequest with one sentence."""
    values: dict[str, Any] = dict(words)
    approach = str(values.get("approach") or "").strip()
    if approach.isdecimal():
        values["approach"] = int(approach)
    return _checked(MakeGrid, values)


def _checked(kind: type[_Order], values: dict[str, Any]) -> _Order:
    """The order that these words make. Raises BadRequest with one sentence."""
    try:
        return kind.model_validate({name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        raise BadRequest(explain(error, kind)) from error


def summary(grid: dict[str, Any]) -> str:
    """A grid in a few lines for a person."""
    lines = [f"Approach {grid['approach']} ({TITLES[grid['approach']]}): {grid['sheet']}", f"  {measured(grid)}"]
    return "\n".join([*lines, *(f"  note: {warning}" for warning in grid["warnings"])])


def style_summary(style: dict[str, Any]) -> str:
    """A trained style in a few lines for a person."""
    best = next(epoch for epoch in style["epochs"] if epoch["epoch"] == style["best_epoch"])
    lines = [
        f"Style {style['name']}: {style['folder']}",
        f"  kept epoch {style['best_epoch']} of {len(style['epochs'])}: {ENDED[style['stopped']]}",
        f"  held-out loss {best['held_out_loss']:.4f}, training loss {best['train_loss']:.4f}",
        f"  card: {style['card']}",
        f"  use it: python -m engine grid --approach 2 --style {style['name']} --prompt …",
    ]
    return "\n".join([*lines, *(f"  note: {warning}" for warning in style["warnings"])])
