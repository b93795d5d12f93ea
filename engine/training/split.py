"""Which pictures are learned from and which are held out; and the generators for everything random in a training."""

import hashlib

import torch


def chance(seed: int, *what: str | int) -> torch.Generator:
    """A generator for one purpose, a function of the seed and of what it is for."""
    words = ":".join(map(str, (seed, *what)))
    number = int.from_bytes(hashlib.blake2b(words.encode(), digest_size=7).digest())
    return torch.Generator().manual_seed(number)


def counts(n: int) -> tuple[int, int]:
    """How many of `n` pictures are learned from and how many held out: a tenth, at least one."""
    held_out = max(1, n // 10)
    return n - held_out, held_out


def split(n: int, seed: int) -> tuple[list[int], list[int]]:
    """Indices to learn from and indices held out, chosen by the seed."""
    order = torch.randperm(n, generator=chance(seed, "split")).tolist()
    _, held_out = counts(n)
    return sorted(order[held_out:]), sorted(order[:held_out])
