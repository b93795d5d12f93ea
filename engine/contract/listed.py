"""Several values in one option: 1,2,3 as a person types it, checked one by one."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from engine.contract.approaches import Number
from engine.contract.order import STYLE_NAME

StyleName = Annotated[str, Field(pattern=STYLE_NAME)]
Weight = Annotated[float, Field(ge=0, le=2)]


def _listed(text: Any) -> Any:
    return [part.strip() for part in text.split(",") if part.strip()] if isinstance(text, str) else text


def _numbered(text: Any) -> Any:
    parts = _listed(text)
    if not isinstance(parts, list):
        return parts
    return [int(part) if isinstance(part, str) and part.isdecimal() else part for part in parts]


Numbers = Annotated[tuple[Number, ...], BeforeValidator(_numbered)]
StyleNames = Annotated[tuple[StyleName, ...], BeforeValidator(_listed), Field(max_length=8)]
Weights = Annotated[tuple[Weight, ...], BeforeValidator(_listed), Field(max_length=16)]
