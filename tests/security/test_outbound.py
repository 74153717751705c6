"""Addresses that people configure: only public ones, checked once and connected to as checked.

No packet leaves this machine: what would go out is noted where the socket connects.
"""

from __future__ import annotations

from typing import Any

import pytest

from portal.core.outbound import calls
from portal.core.outbound.addresses import Allowed, parse
from portal.core.outbound.calls import Answer, call
from portal.core.outbound.errors import AddressRefused, NotReached
from tests.security.outbound_scene import Network, Web, network, web

__all__ = ["network"]

NOTHING = Allowed()
LOOPBACK = parse(["127.0.0.1"])
PUBLIC, ELSEWHERE = "93.184.215.14", "127.0.0.2"


def get(url: str, allowed: Allowed = NOTHING, **bounds: Any) -> Answer:
    return call("GET", url, allowed=allowed, seconds=bounds.pop("seconds", 5), **bounds)


def refused(url: str, allowed: Allowed = NOTHING) -> str:
    with pytest.raises(AddressRefused) as caught:
        get(url, allowed)
    return caught.value.message


INSIDE = {
    "loopback": ["127.0.0.1", "127.8.9.1", "::1"],
    "private": ["10.0.0.1", "172.31.255.1", "192.168.1.1", "100.64.0.1", "fc00::1", "fd12::1", "fec0::1"],
    "link-local": ["169.254.169.254", "169.254.170.2", "fe80::1"],
    "metadata": ["fd00:ec2::254", "fd20:ce::254", "168.63.129.16", "100.100.100.200", "192.0.0.192"],
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1", "255.255.255.255"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:93.184.215.14", "::ffff:0:169.254.169.254", "::127.0.0.1"],
    "translated": ["64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::1", "2001:0:a9fe:a9fe::1"],
    "of nobody": [
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "198.18.0.1",
        "240.0.0.1",
        "2001:db8::1",
        "4000::",
    ],
}


@pytest.mark.parametrize("address", [each for found in INSIDE.values() for each in found])
@pytest.mark.parametrize("by", ["its number", "a name"])
def test_nothing_inside_is_called(network: Network, address: str, by: str) -> None:
    network.answers["inside.example.org"] = [[address]]
    literal = f"[{address}]" if ":" in address else address
    refused(f"https://{literal}/" if by == "its number" else "https://inside.example.org/")
    assert network.connected == []


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.1", "127.0.1", "0", "0x", "1.2.3.4.5"),
        *(
            "127.0.0.01",
            "127.0.0.1.",
            "017700000001",
            "example.0x7f",
            "[::1%25lo]",
            "[fe80::1%25eth0]",
            "[::]",
        ),
        *(
            "127.0.0.1%00.example.org",
            "①②⑦.⓪.⓪.①",
            "127。0。0。1",
            "example.org%2f@127.0.0.1",
            "-a.example.org",
        ),
        *("a..b", "exa mple.org", "[::ffff:7f00:1]", "[127.0.0.1]", "", "x" * 64 + ".org"),
    ],
)
def test_odd_spellings_of_a_host_are_refused(network: Network, host: str) -> None:
    refused(f"https://{host}/")
    assert (network.connected, network.asked) == ([], [])


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://hooks.example.org/",
            "file:///etc/passwd",
            "gopher://127.0.0.1:70/_x",
            "ftp://example.org/",
        ),
        *(
            "//example.org/",
            "example.org",
            "",
            "https:",
            "https://example.org:0/",
            "https://example.org:99999/",
        ),
        *("https://user:password@example.org/", "https://@example.org/", "https://example.org\\@127.0.0.1/"),
        *("https://example.org/\r\nHost: 127.0.0.1", "https://example.org/a b", "https://example.org/\0"),
        "https://example.org/" + "a" * 2000,
    ],
)
def test_what_is_no_plain_https_url_is_refused(network: Network, url: str) -> None:
    network.answers["hooks.example.org"] = [[PUBLIC]]
    refused(url)
    assert network.connected == []


def test_a_public_address_is_called(network: Network) -> None:
    network.answers["hooks.example.org"] = [[PUBLIC]]
    with pytest.raises(NotReached):
        get("https://hooks.example.org/")
    assert network.connected == [PUBLIC]


def test_one_address_inside_among_public_ones_refuses_them_all(network: Network) -> None:
    network.answers["hooks.example.org"] = [[PUBLIC, "10.0.0.1"]]
    refused("https://hooks.example.org/")
    assert network.connected == []


def test_a_name_that_leads_inside_the_second_time_is_not_asked_a_second_time(network: Network) -> None:
    """DNS rebinding: public while it is checked, loopback when it is connected to."""
    with web() as server:
        network.answers["rebinding.example.org"] = [[PUBLIC], ["127.0.0.1"]]
        with pytest.raises(NotReached):
            get(f"https://rebinding.example.org:{server.port}/")
        assert (network.asked, network.connected) == (["rebinding.example.org"], [PUBLIC])
        assert server.seen == []


def test_the_connection_goes_to_the_address_that_was_checked(network: Network) -> None:
    """The same with both ends listening: the one that was checked gets the request, under the name."""
    with web() as checked, web(ELSEWHERE, checked.port) as other:
        network.answers["hooks.internal"] = [["127.0.0.1"], [ELSEWHERE]]
        answer = get(f"http://hooks.internal:{checked.port}/x?y=1", LOOPBACK)
        assert (answer.status, answer.body) == (200, b"fine")
        assert [path for path, _ in checked.seen] == ["/x?y=1"]
        assert checked.seen[0][1]["Host"] == f"hooks.internal:{checked.port}"
        assert (other.seen, network.asked) == ([], ["hooks.internal"])


@pytest.mark.parametrize("word", ["127.0.0.0/8", "127.0.0.1", "hooks.internal", "HOOKS.internal."])
def test_what_the_administrator_names_may_be_called_in_plain_http(network: Network, word: str) -> None:
    with web() as server:
        network.answers["hooks.internal"] = [["127.0.0.1"]]
        assert get(f"http://hooks.internal:{server.port}/", parse([word])).status == 200


def test_naming_one_host_opens_no_other(network: Network) -> None:
    network.answers["other.internal"] = [["127.0.0.1"]]
    assert "SLIPWAY_OUTBOUND_ALLOWED" in refused("https://other.internal/", parse(["hooks.internal"]))


@pytest.mark.parametrize(
    "address", [*INSIDE["link-local"], *INSIDE["metadata"], *INSIDE["mapped"][:3], *INSIDE["multicast"]]
)
def test_no_list_opens_what_hands_out_credentials(network: Network, address: str) -> None:
    network.answers["hooks.internal"] = [[address]]
    refused("https://hooks.internal/", parse(["0.0.0.0/0", "::/0", "hooks.internal"]))


@pytest.mark.parametrize(
    "word", ["10.0.0.0/33", "10.1", "http://x", "*", "a b", "10.0.0.1/8", "", "ä.example"]
)
def test_a_word_that_opens_nothing_is_named(word: str) -> None:
    with pytest.raises(ValueError, match="is no network"):
        parse([word])


def test_proxies_of_the_environment_are_not_used(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    test_a_public_address_is_called(network)


# -- redirects


def redirecting(server: Any, location: str, status: int = 302) -> str:
    server.plan["/go"] = (status, {"Location": location}, [])
    return f"http://127.0.0.1:{server.port}/go"


@pytest.mark.parametrize("status", sorted(calls.REDIRECTS))
def test_a_redirect_is_an_answer_unless_asked_for(network: Network, status: int) -> None:
    with web() as server:
        assert get(redirecting(server, "/there", status), LOOPBACK).status == status
        assert len(server.seen) == 1
        answer = get(redirecting(server, "/there", status), LOOPBACK, redirects=3)
        assert (answer.status, server.seen[-1][0]) == (200, "/there")


@pytest.mark.parametrize(
    "location",
    [
        *(
            "http://169.254.169.254/latest/meta-data/",
            "http://127.0.0.2/",
            "http://localhost/",
            "file:///etc/passwd",
        ),
        *(
            "//10.0.0.1/",
            "http://0x7f.1/",
            "http://[::1]/",
            "gopher://127.0.0.1/",
            "http://a@127.0.0.1/",
            "http://[",
        ),
    ],
)
def test_each_hop_is_checked_like_the_first(network: Network, location: str) -> None:
    with web() as server:
        network.answers["localhost"] = [[ELSEWHERE]]
        with pytest.raises(AddressRefused):
            get(redirecting(server, location), LOOPBACK, redirects=3)
        assert set(network.connected) == {"127.0.0.1"}


def test_redirects_are_counted(network: Network) -> None:
    with web() as server:
        with pytest.raises(NotReached, match="more than 3 times"):
            get(redirecting(server, "/go"), LOOPBACK, redirects=3)
        assert len(server.seen) == 4


def test_a_token_does_not_follow_to_another_host(network: Network) -> None:
    with web() as first, web() as second:
        headers = {"Authorization": "Bearer secret", "X-Plain": "1"}
        url = redirecting(first, f"http://127.0.0.1:{second.port}/there")
        get(url, LOOPBACK, redirects=1, headers=headers)
        assert first.seen[0][1]["Authorization"] == "Bearer secret"
        assert "Authorization" not in second.seen[0][1]
        assert second.seen[0][1]["X-Plain"] == "1"


def test_a_post_is_never_redirected(network: Network) -> None:
    with web() as server:
        url = redirecting(server, "/there", 307)
        Web.do_POST = Web.do_GET
        assert call("POST", url, allowed=LOOPBACK, seconds=5, redirects=3, body=b"x").status == 307
