"""GroupNorm by channels, as a card's compiler gets it: the numbers of PyTorch's own."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import GroupNorm, Module, Sequential

from engine.device.norms import GroupNormByChannel, by_channel


def norm(groups: int, channels: int) -> GroupNorm:
    generator = torch.Generator().manual_seed(1)
    found = GroupNorm(groups, channels)
    with torch.no_grad():
        found.weight.copy_(torch.randn(channels, generator=generator))
        found.bias.copy_(torch.randn(channels, generator=generator))
    return found


def compiled(model: Module) -> Any:
    return torch.compile(model, fullgraph=True, backend="eager")


@pytest.mark.parametrize("shape", [(2, 32, 8, 8), (3, 320, 4, 4), (2, 64, 9)], ids=str)
@pytest.mark.parametrize("away", [0.0, 100.0], ids=["around zero", "far from zero"])
def test_the_numbers_are_those_of_pytorch(shape: tuple[int, ...], away: float) -> None:
    """Far from zero too, where a difference of squares would lose its digits."""
    rows = torch.randn(shape, generator=torch.Generator().manual_seed(2)) + away
    plain, ours = norm(32, shape[1]), norm(32, shape[1])
    by_channel(ours)

    exact = plain.double()(rows.double())
    error = (compiled(ours)(rows) - exact).abs().max()

    assert error <= 2 * (plain.float()(rows) - exact).abs().max() + 1e-6


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=["in planes", "side by side"])
def test_half_precision_is_computed_in_float32(layout: torch.memory_format) -> None:
    rows = torch.randn(2, 64, 16, 16, generator=torch.Generator().manual_seed(3)).half().to(memory_format=layout)
    plain, ours = norm(8, 64), norm(8, 64).half()
    by_channel(ours)

    found = compiled(ours)(rows)

    assert found.dtype is torch.float16
    torch.testing.assert_close(found.float(), plain(rows.float()), atol=4e-3, rtol=2e-3)


def test_what_is_not_compiled_stays_pytorchs_own() -> None:
    rows = torch.randn(2, 32, 8, 8, generator=torch.Generator().manual_seed(4))
    plain, ours = norm(8, 32), norm(8, 32)
    by_channel(ours)

    assert torch.equal(ours(rows), plain(rows))


def test_every_norm_of_a_model_is_exchanged_and_keeps_its_weights() -> None:
    model = Sequential(norm(8, 32), Sequential(norm(4, 32)), GroupNorm(4, 32, affine=False))
    before: dict[str, Tensor] = dict(model.state_dict())

    by_channel(model)

    assert [type(layer).__name__ for layer in model.modules() if isinstance(layer, GroupNorm)] == [
        GroupNormByChannel.__name__,
        GroupNormByChannel.__name__,
        GroupNorm.__name__,
    ]
    after = model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], tensor) for name, tensor in after.items())
