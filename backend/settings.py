"""Settings: made once at the start, then handed down. The environment is read here only."""

from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.errors import SettingsError

PREFIX = "CAMELID_"


class Settings(BaseSettings):
    """Everything that an operator can choose; a description is what the README's table says."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    data: Path = Field(Path("data"), description="Data folder: database, keys, downloads")
    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(7860, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^/\s]+)?$",
        description="Address that people type, behind a proxy: `https://study.example.org`",
    )
    demo: bool = Field(True, description="Put the demo study into an empty data folder")
    demo_models: bool = Field(
        True, description="Train two tiny chat models on the demo's answers, at its first start"
    )
    login_hours: int = Field(
        12, ge=1, le=720, description="Hours until a researcher or an admin has to log in again"
    )
    login_failures: int = Field(
        5, ge=1, description="Wrong passwords from one address in 15 minutes before it has to wait"
    )
    joins_per_address: int = Field(
        60, ge=1, description="New annotators from one address in an hour"
    )
    votes_per_minute: int = Field(
        60, ge=1, description="Votes that one annotator can save in a minute"
    )
    lease_minutes: int = Field(
        30, ge=1, le=1440, description="Minutes that a pair is kept for the annotator who sees it"
    )
    upload_megabytes: int = Field(
        64, ge=1, le=1024, description="Largest file that an import takes, in MB"
    )
    backup_minutes: int = Field(
        10, ge=0, le=1440, description="Minutes between backups while votes come in; 0 makes none"
    )
    low_disk_megabytes: int = Field(
        500, ge=0, description="With less free disk, in MB, imports and backups wait; votes go on"
    )
    stop_disk_megabytes: int = Field(
        100, ge=0, description="With less free disk, in MB, no further pairs are shown"
    )


def read_settings(config: Path | None = None, **given: object) -> Settings:
    """Return the settings: the command line's words, else the environment's, else the file's.

    The file has the environment's names, a `NAME=value` a line.
    Errors: SettingsError naming every setting that is wrong, its value and what it should be.
    """
    if config is not None and not config.is_file():
        raise SettingsError(f"The settings file {config} does not exist.")
    words = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(_env_file=config, **words)  # type: ignore[call-arg, arg-type]
    except ValidationError as error:
        raise SettingsError(f"Wrong settings: {explain_faults(error)}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"The settings file {config} is not UTF-8 text.") from error


def explain_faults(error: ValidationError) -> str:
    """Return all faults of a settings object in one sentence, with name and value of each."""
    faults = []
    for fault in error.errors():
        name = "_".join(str(part) for part in fault["loc"]).upper().removeprefix(PREFIX)
        faults.append(f"{PREFIX}{name} = {fault['input']!r} ({fault['msg']})")
    return "; ".join(faults)


def describe_settings() -> list[tuple[str, str, str]]:
    """Return (environment name, default, what it does) of every setting, for the README."""
    return [
        (f"{PREFIX}{name.upper()}", str(field.default), str(field.description))
        for name, field in Settings.model_fields.items()
    ]
