"""Doubled pixels and their convolution in one, as a card's compiler gets them: the numbers of diffusers' own layer."""

from typing import Any

import pytest
import torch
from diffusers.models.upsampling import Upsample2D
from torch import Tensor
from torch.nn import Module, Sequential

from engine.device.upsampling import UpsampleTransposed, transposed


def upsample(channels: int, out: int | None = None, **named: Any) -> Upsample2D:
    torch.manual_seed(1)
    return Upsample2D(channels, use_conv=True, out_channels=out, **named)


def rows(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(2))


def compiled(model: Module) -> Any:
    # PyTorch counts compiled forms per code, and gives up at eight.
    torch.compiler.reset()
    return torch.compile(model, fullgraph=True, backend="eager")


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=["in planes", "side by side"])
@pytest.mark.parametrize("given", [(2, 8, 4, 4), (1, 8, 1, 1), (3, 8, 5, 7)], ids=str)
@torch.inference_mode()
def test_the_numbers_are_those_of_diffusers(given: tuple[int, ...], layout: torch.memory_format) -> None:
    """At the edges too, where the convolution sees zeros."""
    plain, ours = upsample(8, 12), upsample(8, 12)
    transposed(ours)

    found = compiled(ours)(rows(*given).to(memory_format=layout))

    assert type(ours) is UpsampleTransposed
    torch.testing.assert_close(found, plain(rows(*given)), atol=2e-6, rtol=1e-5)


@torch.inference_mode()
def test_weights_that_a_style_has_changed_are_seen_at_once() -> None:
    plain, ours = upsample(8), upsample(8)
    transposed(ours)
    run = compiled(ours)
    run(rows(1, 8, 4, 4))

    for layer in (plain, ours):
        layer.conv.weight.data.mul_(-3.0)

    torch.testing.assert_close(run(rows(1, 8, 4, 4)), plain(rows(1, 8, 4, 4)), atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_in_half_precision_it_is_about_as_near_to_the_truth_as_diffusers() -> None:
    plain, ours = upsample(64).half(), upsample(64).half()
    transposed(ours)
    given = rows(2, 64, 8, 8).half()

    exact = upsample(64)(given.float())

    error = (compiled(ours)(given).float() - exact).square().mean().sqrt()
    assert error <= 2 * (plain(given).float() - exact).square().mean().sqrt()


@pytest.mark.parametrize("size", [None, (9, 9)], ids=["not compiled", "to a size of its own"])
@torch.inference_mode()
def test_anything_else_is_left_to_diffusers(size: tuple[int, int] | None) -> None:
    plain, ours = upsample(8), upsample(8)
    transposed(ours)
    run = compiled(ours) if size else ours

    assert torch.equal(run(rows(1, 8, 4, 4), size), plain(rows(1, 8, 4, 4), size))


def test_layers_of_another_kind_stay_and_all_weights_as_well() -> None:
    others = [
        Upsample2D(8),
        Upsample2D(8, use_conv_transpose=True),
        upsample(8, kernel_size=5, padding=2),
        upsample(8, norm_type="rms_norm", eps=1e-5, elementwise_affine=True),
        upsample(8, interpolate=False),
        upsample(8, name="Conv2d_0"),
    ]
    model = Sequential(*others, upsample(8))
    before = dict(model.state_dict())

    transposed(model)

    assert [type(layer) for layer in model] == [Upsample2D] * len(others) + [UpsampleTransposed]
    after = model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], tensor) for name, tensor in after.items())
