"""The engine's settings, one line each: name, default, help. The README lists them; a test holds it to that."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from engine.contract.settings import Address, Shared, Token

FLICKR8K = "https://github.com/jbrownlee/Datasets/releases/download/Flickr8k/Flickr8k_Dataset.zip"


class Settings(Shared):
    engine_painters: Annotated[
        Literal["local", "ray", "fake"], Field(description="who paints: this machine, or every node of a Ray cluster")
    ] = "local"
    profile: Annotated[
        Literal["auto", "embedded", "full"], Field(description="which checkpoints; auto: full where a GPU is present")
    ] = "auto"
    fillers: Annotated[str | None, Field(description="a folder of pictures to use as photo fillers")] = None
    filler_pool: Annotated[
        int, Field(ge=0, le=10_000, description="fillers painted ahead while the machine is idle; 0: none")
    ] = 96
    google_api_key: Annotated[Token | None, Field(description="lets Gemini write filler prompts")] = None
    gemini_model: Annotated[str, Field(description="which Gemini model writes")] = "gemini-2.5-flash"
    gemini_api_url: Annotated[Address, Field(description="Gemini's scheme, host and port")] = (
        "https://generativelanguage.googleapis.com"
    )
    flickr8k_url: Annotated[Address, Field(description="the zip of Flickr8k's photos")] = FLICKR8K
    datasets_server_url: Annotated[
        Address, Field(description="the dataset server that WikiArt is asked from first")
    ] = "https://datasets-server.huggingface.co"
    training_share: Annotated[
        float, Field(ge=0, le=0.9, description="a training's share of the device while grids are painted")
    ] = 0.1

    @property
    def cache_dir(self) -> Path:
        return self.data_dir.absolute() / "cache"

    @property
    def stock_dir(self) -> Path:
        return self.data_dir.absolute() / "stock"

    @property
    def training_dir(self) -> Path:
        return self.data_dir.absolute() / "training"

    @property
    def styles_dir(self) -> Path:
        return self.data_dir.absolute() / "styles"
