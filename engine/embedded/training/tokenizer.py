"""A small byte-level BPE in CLIP's own files. Captions become short; other words become letters."""

import json
import random
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

from tokenizers import Regex, normalizers, pre_tokenizers

from engine.embedded.drawings import caption, sample
from engine.embedded.training.workshop import Workshop

LENGTH = 32
"""Tokens of a prompt with its two marks; the longest caption has 19."""
_END = "</w>"
_LEAST = 2
"""How often a pair must come to be merged."""
_MARKS = ("<|startoftext|>", "<|endoftext|>")
# How CLIP cuts a text into words before the BPE sees them.
_WORD = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
# Words that people are likely to type. They get tokens of their own, so that a later training can teach them;
# no caption holds them, so the model does not know them.
_LATER_WORDS = (
    "the of and to in is that it for on are as with from have one by not all when two each many some three "
    "style sketch pencil drawing photo painting portrait cute happy little big small tall beautiful "
    "colorful digital art realistic highly detailed sunglasses wearing holding sitting standing lamp chair sun "
    "apple tiger horse dragon person man woman girl boy"
)


def make(workshop: Workshop, _steps: int) -> dict[str, Any]:
    from transformers import CLIPTokenizer

    merges = _merges(_texts(random.Random(workshop.seed)))  # noqa: S311 - captions, no secrets
    _write(workshop.tokenizer, merges)
    tokenizer = CLIPTokenizer.from_pretrained(workshop.tokenizer)
    tokenizer.save_pretrained(workshop.tokenizer)
    lengths = [len(tokenizer(text).input_ids) for text in _texts(random.Random(workshop.seed + 1))[:3000]]  # noqa: S311 - captions, no secrets
    return {"entries": len(tokenizer), "longest_caption": max(lengths)}


def token_ids(tokenizer: Any, texts: list[str]) -> Any:
    """(n, 32) int64, padded with the end mark, as the pipeline does it."""
    return tokenizer(texts, padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt").input_ids


def _texts(rng: random.Random) -> list[str]:
    texts = []
    for number in range(20_000):
        scene = sample(rng)
        texts.append(caption(scene, rng, "sketch" if number % 8 == 0 else "ink" if number % 16 == 1 else "colour"))
    later = _LATER_WORDS.split()
    return texts + [" ".join(rng.sample(later, 8)) for _ in range(600)]


def _merges(texts: list[str]) -> list[list[str]]:
    """The merges of byte pair encoding (Sennrich et al. 2016), the commonest pair first, of equal ones the older.

    The library's own trainer numbers the letters that end a word in the order of a hash table, which differs from run
    to run, and so does what it makes of pairs that are equally common.
    """
    words = [([*word[:-1], word[-1] + _END], count) for word, count in _words(texts).items()]
    letters = sorted(_letters())
    age = {part: number for number, part in enumerate([*letters, *(letter + _END for letter in letters)])}
    merges: list[list[str]] = []
    while pairs := _pairs(words):
        best = min(pairs, key=lambda pair: (-pairs[pair], age[pair[0]], age[pair[1]]))
        if pairs[best] < _LEAST:
            break
        merges.append([*best])
        age.setdefault("".join(best), len(age))
        for parts, _ in words:
            _merge(parts, best)
    return merges


def _words(texts: list[str]) -> Counter[str]:
    """As CLIP cuts them, in the letters of `_letters`."""
    normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    splitter = pre_tokenizers.Split(Regex(_WORD), behavior="removed", invert=True)
    to_words = pre_tokenizers.Sequence([splitter, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return Counter(word for text in texts for word, _ in to_words.pre_tokenize_str(normalizer.normalize_str(text)))


def _pairs(words: list[tuple[list[str], int]]) -> Counter[tuple[str, str]]:
    pairs: Counter[tuple[str, str]] = Counter()
    for parts, count in words:
        for pair in pairwise(parts):
            pairs[pair] += count
    return pairs


def _merge(parts: list[str], pair: tuple[str, str]) -> None:
    index = 0
    while index < len(parts) - 1:
        if (parts[index], parts[index + 1]) == pair:
            parts[index : index + 2] = ["".join(pair)]
        index += 1


def _write(folder: Path, merges: list[list[str]]) -> None:
    # The library would read an older tokenizer.json rather than what is written here.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    letters = _letters()
    # CLIP's order: the bytes, the bytes that end a word, the merges, the two marks.
    entries = [*letters, *(letter + _END for letter in letters), *map("".join, merges), *_MARKS]
    vocabulary = {entry: number for number, entry in enumerate(dict.fromkeys(entries))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
    lines = ["#version: 0.2", *(" ".join(merge) for merge in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")
    start, end = _MARKS
    names = {"bos_token": start, "eos_token": end, "unk_token": end, "pad_token": end}
    settings = {"tokenizer_class": "CLIPTokenizer", "model_max_length": LENGTH, "do_lower_case": True, **names}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")


def _letters() -> list[str]:
    """A visible character for each of the 256 bytes, as GPT-2 and CLIP choose them."""
    visible = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return [chr(byte) for byte in visible] + [chr(256 + index) for index in range(len(hidden))]
