"""Which IP addresses are on the public internet; everything else is somebody's private network."""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

IPAddress = IPv4Address | IPv6Address

# Written out rather than left to `is_global` alone, whose tables differ between Python releases.
_CLOSED_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # "this network": Linux takes 0.0.0.0 for the machine itself
            "10.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT; one cloud's metadata service lives here
            "127.0.0.0/8",
            "168.63.129.16/32",  # public on paper, one cloud's metadata service in fact
            "169.254.0.0/16",  # link-local, with most clouds' metadata service
            "172.16.0.0/12",
            "192.0.0.0/24",  # protocol assignments; another cloud's metadata service
            "192.0.2.0/24",
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_UNICAST_V6 = IPv6Network("2000::/3")  # all that has ever been given out for public hosts
_CLOSED_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments, with Teredo (2001::/32)
            "2001:db8::/32",
            "2002::/16",  # 6to4: the relay unwraps an IPv4 address, private ones too
            "3fff::/20",
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")  # how an IPv6-only host sees IPv4; judged by what it wraps


def is_public(address: IPAddress) -> bool:
    """Tell whether `address` is a host on the public internet.

    Forms that wrap an IPv4 address are refused (IPv4-mapped, IPv4-compatible, 6to4, Teredo, local
    NAT64), save the well-known NAT64 prefix, which stands for the public address inside it.
    """
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _CLOSED_V4)
    if address.scope_id is not None:
        return False
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    if address not in _UNICAST_V6 or not address.is_global:
        return False
    return not any(address in network for network in _CLOSED_V6)


def literal_address(host: str) -> IPAddress | None:
    """Read a host that is an address in its one plain spelling; None for anything else."""
    try:
        return ip_address(host)
    except ValueError:
        return None
