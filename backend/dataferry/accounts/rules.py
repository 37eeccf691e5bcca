"""What may be an account: the form of an e-mail address and of a password."""

import re
import unicodedata

from dataferry.accounts.security import PASSWORD_LENGTH
from dataferry.core.errors import InvalidInput

#: This machine's operator, who acts through the CLI; nobody registers under that address.
OPERATOR = "operator@localhost"

#: Only a message that arrives proves an address, so no more than its form is asked for.
_EMAIL = re.compile(r"""[^@\s"<>(),:;\\\[\]]{1,64}@[^@\s"<>(),:;\\\[\]]{1,255}""")


def normal_email(text: str) -> str:
    """The address as it is stored and looked up: two spellings of one address are one account."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def is_email(email: str) -> bool:
    return (
        _EMAIL.fullmatch(email) is not None
        # No control, format or surrogate character: they cannot be seen, and Postgres refuses some.
        and email.isprintable()
        and ".." not in email
        and not email.endswith(".")
        and "@." not in email
    )


def check_email(text: str) -> str:
    """The address as it is stored. Errors: ``InvalidInput``."""
    email = normal_email(text)
    if not is_email(email) or email == OPERATOR:
        raise InvalidInput("email: that is not an e-mail address.", next_step="Write it as name@example.org.")
    return email


def check_password(password: str, email: str) -> None:
    """Long enough and not the address itself; what it is made of is the person's own affair.

    Errors: ``InvalidInput``.
    """
    if len(password) not in PASSWORD_LENGTH:
        raise InvalidInput(
            f"password: it has {len(password)} characters.",
            next_step=f"Use {PASSWORD_LENGTH.start} to {PASSWORD_LENGTH.stop - 1} characters.",
        )
    if any("\ud800" <= character <= "\udfff" for character in password):  # half of one, from broken JSON
        raise InvalidInput("password: it holds what is no character.", next_step="Choose another one.")
    if normal_email(password) == email:
        raise InvalidInput("password: it is the e-mail address.", next_step="Choose another one.")
