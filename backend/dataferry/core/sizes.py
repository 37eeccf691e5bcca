"""Sizes, counts and lengths of time as people read them."""

_UNITS = ("B", "kB", "MB", "GB", "TB")


def readable_bytes(count: int) -> str:
    """``24 kB``, ``1.5 GB``: powers of 1000, three digits at most but for the largest unit."""
    value, unit = float(count), _UNITS[0]
    for unit in _UNITS:
        if value < 999.5 or unit == _UNITS[-1]:
            break
        value /= 1000
    digits = 0 if unit == "B" or value >= 99.95 else 1
    return f"{value:.{digits}f}".removesuffix(".0") + f" {unit}"


def readable_count(count: int, *, more: bool = False) -> str:
    """``3,663``; ``more than 100,000`` where whoever counted stopped there."""
    return f"more than {count:,}" if more else f"{count:,}"


def readable_parameters(count: int | None) -> str:
    """How many parameters a model has: ``22M``, ``1.5B``; ``unknown``."""
    if count is None:
        return "unknown"
    for size, unit in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K")):
        if count >= size * 0.9995:
            value = count / size
            return f"{value:.0f}{unit}" if value >= 99.95 else f"{value:.1f}".removesuffix(".0") + unit
    return str(count)


def readable_duration(seconds: float) -> str:
    """``12 s``, ``3 min``, ``2 h 5 min``, ``3 d``; ``1 s`` at least."""
    whole = max(1, round(seconds))
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 120:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} d"
