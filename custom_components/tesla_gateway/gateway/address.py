"""The address a person types, reduced to host and port."""

import re

from yarl import URL

_PASTED_SCHEME = re.compile(r"^https://", re.IGNORECASE)
_NO_PART_OF_A_HOST = re.compile(r"[\s/?#@\\]")
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME_OR_IPV4 = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")


def normalized_host(text: str) -> str:
    """Return `host`, `host:port`, `[v6]` or `[v6]:port` for what was typed.

    A pasted `https://…/` is reduced to its host, and the port left out where
    it is the usual one. Raise ValueError for anything else that a URL can
    hold: a user name, a path, a space, another scheme, a port out of range.
    """
    typed = _PASTED_SCHEME.sub("", text.strip()).removesuffix("/")
    if not typed or typed.endswith(":") or _NO_PART_OF_A_HOST.search(typed):
        raise ValueError("Not a host with an optional port")
    url = URL(f"https://{typed}")
    host = url.host_subcomponent
    # Decoding the name finds broken punycode before a resolver does.
    if not host or not url.host or url.port == 0:
        raise ValueError("Not a host with an optional port")
    if not host.startswith("[") and not _NAME_OR_IPV4.fullmatch(host):
        raise ValueError("Not a host")
    return host if url.port == 443 else f"{host}:{url.port}"
