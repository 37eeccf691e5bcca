"""Network addresses."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network

#: IPv4 as a translator shows it to what has IPv6 alone (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")


def carried_ipv4(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for: mapped, of 6to4, or of a translator; None for others."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
