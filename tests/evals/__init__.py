"""How good the answers are: ``make eval``.

``data`` is a development set of invented datasets at both hubs: queries with graded datasets, pairs of the
same data and of look-alikes, and requests as people write them, with what must and must not happen.
``score.py`` scores a run of the product against it, and says what its files hold. It is to tune on; another
set of the same form, which nobody tunes on, decides.
"""
