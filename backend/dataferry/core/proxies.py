"""Proxies that are believed: single addresses and networks."""

from ipaddress import IPv4Network, IPv6Network, ip_network


def proxy_network(text: str) -> IPv4Network | IPv6Network:
    """An address or a network. Errors: ``ValueError``, also for one that holds everybody."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            f"{text!r} is no address and no network; write for example 127.0.0.1, 10.0.0.0/8"
        ) from None
    if network.prefixlen == 0:
        raise ValueError(f"{text} would let everybody say where they come from; name the proxies alone")
    return network
