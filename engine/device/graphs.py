"""A call recorded once and replayed: hundreds of launches become one (CUDA graphs)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.device.buckets import Run

# PyTorch asks for some runs on a side stream before recording, so that everything that is made once has been made.
WARM_UP = 3


def record(run: Run, example: Sequence[Tensor]) -> Run:
    """The same function by replay, for inputs shaped like `example`. To be called where it will be used."""
    with torch.inference_mode():
        inputs = [tensor.clone() for tensor in example]
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.inference_mode(), torch.cuda.stream(side):
        for _ in range(WARM_UP):
            run(*inputs)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    # Other threads go on copying pictures meanwhile; only this one's calls are recorded.
    with torch.inference_mode(), torch.cuda.graph(graph, capture_error_mode="thread_local"):
        output = run(*inputs)

    def replay(*arguments: Tensor) -> Tensor:
        for buffer, tensor in zip(inputs, arguments, strict=True):
            buffer.copy_(tensor)
        graph.replay()
        # The next replay writes into the same output.
        return output.clone()

    return replay
