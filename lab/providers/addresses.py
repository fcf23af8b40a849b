"""Addresses of model servers, as they are configured."""

from urllib.parse import urlsplit

from lab.errors import ConfigError


def checked_address(url: str) -> str:
    """Return the address without a trailing slash; ConfigError when it is not a plain http(s) address."""
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        whole = False
        parts = urlsplit("")
    if not whole:
        raise ConfigError(
            f"The address {url!r} of a model server cannot be used. Write it like http://127.0.0.1:11434."
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            f"The address of the model server at {parts.hostname!r} holds a user name or password, which would be "
            "shown and stored. Leave it out; keys belong into the environment."
        )
    return url.rstrip("/")
