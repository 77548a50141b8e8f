"""Addresses: one form for each, and only CoinGecko's own count as CoinGecko's."""

from __future__ import annotations

import socket

import pytest

from plugin.addresses import Address, is_metadata
from plugin.serving import InvalidParameter


def at(text):
    return Address.parse("options.base_url", text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("HTTPS://API.CoinGecko.com:443/api/v3/", "https://api.coingecko.com/api/v3"),
        ("http://market:80", "http://market"),
        ("http://market:8080/", "http://market:8080"),
        ("http://my_market-1.local:443/a/B%20c", "http://my_market-1.local:443/a/B%20c"),
        ("http://10.0.0.1/api", "http://10.0.0.1/api"),
        ("http://[0:0:0:0:0:0:0:1]:8/x", "http://[::1]:8/x"),
        ("http://[::FFFF:10.0.0.1]", "http://[::ffff:a00:1]"),
    ],
)
def test_an_address_has_one_form(text, url):
    assert at(text).url == url
    assert at(url) == at(text)


NOT_COINGECKO = [
    "http://api.coingecko.com/api/v3",
    "https://api.coingecko.com:8443/api/v3",
    "https://coingecko.com.evil.example/api/v3",
    "https://evilcoingecko.com/api/v3",
    "https://evil-coingecko.com",
    "https://api.coingecko.com-evil.example",
    "https://api_coingecko.com",
    "https://evil.example/api.coingecko.com",
    "https://evil.example/https://api.coingecko.com/api/v3",
    "https://evil.example:443/.coingecko.com",
    "https://xn--coingecko-x9g.com",
    "https://[::ffff:104.22.78.164]",
    "https://104.22.78.164",
]


@pytest.mark.parametrize("text", NOT_COINGECKO)
def test_what_only_looks_like_coingecko_is_not(text):
    assert not at(text).is_coingecko


@pytest.mark.parametrize(
    "text", ["https://api.coingecko.com/api/v3", "https://PRO-API.CoinGecko.com", "https://coingecko.com:443"]
)
def test_coingeckos_own_servers(text):
    assert at(text).is_coingecko


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://",
        "https:///api.coingecko.com",
        "//api.coingecko.com",
        "ftp://api.coingecko.com",
        "https://api.coingecko.com@evil.example/",
        "https://api.coingecko.com:443@evil.example/",
        "https://me:word@api.coingecko.com/",
        "https://evil.example/@api.coingecko.com",
        "https://evil.example\\.coingecko.com/",
        "https://evil.example\\@api.coingecko.com/",
        "https://evil.example#.coingecko.com",
        "https://evil.example?.coingecko.com",
        "https://evil.example;.coingecko.com",
        "https://evil.example%2f.coingecko.com",
        "https://evil.example%00.coingecko.com",
        "https://evil.example\t.coingecko.com",
        "https://evil.example\n.coingecko.com",
        "https://api.coingecko.com\n",
        "https://api.coingecko.com.",
        "https://api..coingecko.com",
        "https://.coingecko.com",
        "https://-a.coingecko.com",
        "https://api.coingec\u212ao.com",  # the Kelvin sign, which is k in lower case
        "https://api.coin\u0261ecko.com",
        "https://api\u3002coingecko.com",  # a full stop of another script
        "https://\uff41pi.coingecko.com",
        "http\u017f://api.coingecko.com",
        "https://api.coingecko.com:0",
        "https://api.coingecko.com:65536",
        "https://api.coingecko.com:",
        "https://api.coingecko.com:44 3",
        "https://api.coingecko.com:\u0664\u0664\u0663",
        "https://[api.coingecko.com]",
        "https://[::1",
        "https://[::1].coingecko.com",
        "https://[fe80::1%25eth0]",
        "https://[1.2.3.4]",
        "https://a" + "a" * 63 + ".coingecko.com",
        "https://" + "a." * 130 + "coingecko.com",
    ],
)
def test_what_programs_could_read_differently_is_refused(text):
    with pytest.raises(InvalidParameter, match=r"options\.base_url") as caught:
        at(text)
    assert "word" not in str(caught.value)
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0xA9.254.0xa9fe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "169.254.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fe80::1",
        "fe80::1%1",
        "febf:ffff::1",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "::169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
    ],
)
def test_every_form_of_a_metadata_address(host):
    found = socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)
    assert all(is_metadata(where[0]) for *_, where in found)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "172.17.0.1", "192.168.0.1", "::1", "fd12::1", "1.1.1.1", "2606::1"]
)
def test_a_private_network_is_none(address):
    """The sandbox's price source is on one."""
    assert not is_metadata(address)
