"""`python -m engine.embedded.training --out DIR`: about two hours on two cores; run again, it goes on."""

import argparse
import sys
from pathlib import Path

from engine.embedded.training.stages import STAGES, tell_news
from engine.embedded.training.timetable import StageFailed, run
from engine.embedded.training.workshop import Workshop


def main() -> None:
    arguments = _arguments()
    tell_news()
    arguments.out.mkdir(parents=True, exist_ok=True)
    workshop = Workshop(
        out=arguments.out,
        scale=arguments.scale,
        seed=arguments.seed,
        device=arguments.device,
        processes=arguments.processes,
    )
    try:
        run(workshop, arguments.stage)
    except StageFailed as failed:
        sys.exit(str(failed))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine.embedded.training", description=__doc__)
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of this run; run again to continue after a break"
    )
    parser.add_argument("--scale", type=_scale, default=1.0, help="multiply all steps; 0.01 is a rehearsal")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stage", choices=STAGES, help="make only this stage again")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--processes", type=int, choices=(1, 2, 4, 8), default=2, help="CPU cores to use")
    return parser.parse_args()


def _scale(text: str) -> float:
    scale = float(text)
    if scale <= 0:
        raise argparse.ArgumentTypeError(f"must be more than 0, not {text}")
    return scale


if __name__ == "__main__":
    main()
