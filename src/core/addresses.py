"""Which addresses the server may call: global unicast only.

`ipaddress.is_global` is not used: on CPython 3.11 it calls 192.0.0.0/24 (parts), NAT64, 6to4, fec0::/10 and
3fff::/20 global. Source: IANA IPv4 and IPv6 Special-Purpose Address Registries, read 2026-11-24.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

SPECIAL_IPV4 = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
GLOBAL_UNICAST_IPV6 = ip_network("2000::/3")
SPECIAL_IPV6 = tuple(
    ip_network(text)
    for text in (
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)


def parse_literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that `host` spells in standard form, or None if it is a name (or another spelling)."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """True for global unicast addresses outside every special range."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in SPECIAL_IPV4)
    if address.scope_id or address not in GLOBAL_UNICAST_IPV6:
        return False
    return not any(address in network for network in SPECIAL_IPV6)
