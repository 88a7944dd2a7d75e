"""What people type for an address, and paste."""

import pytest

from custom_components.tesla_gateway.gateway import normalized_host


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("powerwall", "powerwall"),
        (" Gateway.Local ", "gateway.local"),
        ("gateway.local.", "gateway.local."),
        ("my_gateway", "my_gateway"),
        ("xn--gtewy-grad.local", "xn--gtewy-grad.local"),
        ("gätewäy.local", "xn--gtewy-grad.local"),
        ("192.168.91.1", "192.168.91.1"),
        ("192.168.91.1:8443", "192.168.91.1:8443"),
        ("[fe80::1]", "[fe80::1]"),
        ("[fe80::1%25eth0]:8443", "[fe80::1%25eth0]:8443"),
        ("[2001:DB8::1]:8443", "[2001:db8::1]:8443"),
        ("https://192.168.91.1/", "192.168.91.1"),
        ("HTTPS://Powerwall", "powerwall"),
        ("https://[2001:db8::1]:8443/", "[2001:db8::1]:8443"),
        ("powerwall:443", "powerwall"),
        ("[2001:db8::1]:443", "[2001:db8::1]"),
        ("powerwall:1", "powerwall:1"),
        ("powerwall:65535", "powerwall:65535"),
        (f"{'a' * 63}.local", f"{'a' * 63}.local"),
    ],
)
def test_takes_a_host(typed: str, host: str) -> None:
    """Test a host comes out in one way, however typed, and is not changed again."""
    assert normalized_host(typed) == host
    assert normalized_host(host) == host


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "https://",
        "https:///",
        "http://powerwall",
        "ftp://powerwall",
        "https://https://powerwall",
        "//powerwall",
        "user@powerwall",
        "user:secret@powerwall",
        "powerwall/api",
        "powerwall//",
        "powerwall?a",
        "powerwall#a",
        "power wall",
        "powerwall\\a",
        "powerwall\n:80",
        "powerwall\x00",
        "powerwall%20a",
        "powerwall:",
        "powerwall:0",
        "powerwall:-1",
        "powerwall:65536",
        "powerwall:https",
        "powerwall: 443",
        "powerwall:443:443",
        "-powerwall",
        "powerwall-",
        ".powerwall",
        "powerwall,other",
        "*",
        "::1",
        "[::1",
        "[::1]:",
        "[::1]a",
        "[powerwall]",
    ],
)
def test_refuses_what_is_no_host(typed: str) -> None:
    """Test what a URL can hold besides a host, or no URL can, is refused."""
    with pytest.raises(ValueError, match=r".+"):
        normalized_host(typed)


@pytest.mark.parametrize(
    "typed",
    ["power..wall", f"{'a' * 64}.local", f"xn--{'a' * 30}.local"],
    ids=["empty label", "label of 64", "broken punycode"],
)
def test_refuses_a_name_no_resolver_takes(typed: str) -> None:
    """Test a name for which aiohttp or a resolver raises UnicodeError, no OSError."""
    with pytest.raises(ValueError, match=r".+"):
        normalized_host(typed)


def test_tells_nobody_what_was_typed() -> None:
    """Test a password pasted with the address is not in the error's text."""
    with pytest.raises(ValueError, match=r".+") as refused:
        normalized_host("https://somebody:secret@powerwall/")
    assert "secret" not in str(refused.value)
