"""Cross-attention that computes a prompt's keys and values once a wave, as they are the same in every step."""

from typing import Any

from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

Memory = dict[int, tuple[Tensor, Tensor]]
"""Keys and values by the layer's id, each (rows, heads, tokens, channels of a head)."""


class WordsOnce:
    """diffusers' AttnProcessor2_0 for Stable Diffusion's layers, with a `memory` for the prompt's keys and values."""

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
        memory: Memory | None = None,
    ) -> Tensor:
        if attention_mask is not None or hidden_states.ndim != 3 or attn.residual_connection:  # noqa: PLR2004 - rows, tokens, channels
            from diffusers.models.attention_processor import AttnProcessor2_0

            output: Tensor = AttnProcessor2_0()(attn, hidden_states, encoder_hidden_states, attention_mask, temb)
            return output
        query = _heads(attn, attn.to_q(hidden_states))
        if encoder_hidden_states is None:
            key, value = _keys_values(attn, hidden_states)
        elif memory is None:
            key, value = _keys_values(attn, encoder_hidden_states)
        else:
            if id(attn) not in memory:
                memory[id(attn)] = _keys_values(attn, encoder_hidden_states)
            key, value = memory[id(attn)]
        context = scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        projected: Tensor = attn.to_out[0](context)
        return projected


def _keys_values(attn: Any, states: Tensor) -> tuple[Tensor, Tensor]:
    return _heads(attn, attn.to_k(states)), _heads(attn, attn.to_v(states))


def _heads(attn: Any, rows: Tensor) -> Tensor:
    return rows.view(*rows.shape[:2], attn.heads, -1).transpose(1, 2)
