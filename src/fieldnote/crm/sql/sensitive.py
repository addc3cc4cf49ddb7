"""Columns that are never shown: passwords, hashes, tokens, keys, session ids, and personal numbers. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from math import log2
from typing import Final

_NAMES: Final = re.compile(
    r"(?<![a-z])(?:user|db|login)?pass(?:w|wd|code|phrase|word)?$|passw|passphrase|pass_phrase|(?:^|_)pw(?:$|_)|pwd|kennwort"
    r"|passwort|contrasena|mot_de_passe|wachtwoord|hash|digest|hmac|secret|token|salt|session|cookie|credential|signature"
    r"|signing|certificate|csrf|xsrf|fingerprint|(?:^|_)sid(?:$|_)"
    r"|(?:api|private|access|secret|client|consumer|licen[cs]e|activation|encryption|master|user|auth|ssh|public)_?key"
    r"|(?:reset|verification|verify|activation|invite|invitation|security|backup|confirm|confirmation|unlock)_?(?:code|answer|link)"
    r"|enc(?:rypted)?_|crypt|(?:^|_)otp|totp|mfa|2fa|recovery|nonce|magic_?link|(?:^|_)(?:pin|ssn|sin|cvv|cvc|tan)(?:$|_)"
    r"|social_?security|card_?(?:number|no)|iban|account_?number|routing|passport|auth(?:_|$)|oauth|jwt|bearer|webhook|refresh",
    re.IGNORECASE,
)
_CONTENT: Final = (
    re.compile(r"\$(?:2[abxy]?|argon2\w*|scrypt|pbkdf2\S*|1|5|6|y|P|H)\$"),
    re.compile(
        r"(?:pbkdf2_|bcrypt|argon2|scrypt|sha\d+|md5|crypt)[\w]*\$|\{(?:SSHA|SHA|MD5|CRYPT)\w*\}", re.IGNORECASE
    ),
    re.compile(r"eyJ[\w-]{8,}\.[\w-]+"),
    re.compile(r"(?:sk|pk|rk|ghp|gho|xox[a-z]|whsec|AKIA|ASIA|AIza|SG|glpat|shp\w{2})[_-]?[\w-]{8,}"),
    re.compile(r"-----BEGIN [A-Z ]+-----|ssh-(?:rsa|ed25519) "),
    re.compile(r"(?<![0-9a-f-])[0-9a-f]{24,}(?![0-9a-f-])", re.IGNORECASE),
    re.compile(r"\w+://[^/\s:@]+:[^/\s@]+@"),
    re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),
)
_LONG_WORD: Final = re.compile(r"[A-Za-z0-9+/=_.~-]{20,}")
_RANDOM: Final = 3.6
"""Bits per character above which a long word without blanks is a key, and not language."""
_LONGEST_WORD: Final = 60
_MOST_DIGITS: Final = 4
_LONGEST_CAPITALS: Final = 13


def is_sensitive(name: str, values: Iterable[object]) -> bool:
    """Whether a column's name or any of its values looks like a secret or a personal number."""
    return is_sensitive_name(name) or any(isinstance(value, str) and _is_secret(value) for value in values)


def is_sensitive_name(name: str) -> bool:
    """Whether a column's name says that it holds a secret or a personal number."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return _NAMES.search(spaced) is not None


def is_showable_word(word: str) -> bool:
    """Whether a value reads like a stage or a kind. A code, a password, an address or a random word does not."""
    if len(word) > _LONGEST_WORD or re.search(r"[@!#$^*{}\[\]<>=\\`|~]|://", word) or _is_secret(word):
        return False
    if sum(map(str.isdigit, word)) > _MOST_DIGITS or (len(word) > 1 and not re.search(r"[^\W_]", word)):
        return False
    return not any(_looks_like_a_code(part) for part in re.split(r"[\s/,;:()_.-]+", word))


def _looks_like_a_code(part: str) -> bool:
    """Digits or odd capitals in a word, or too many consonants: `t0ken`, `hunter2`, `aBQx`, `xkqzpvbn`."""
    if len(part) < 4:
        return False
    if re.search(r"[^\W\d_]\d+[^\W\d_]", part) or (re.search(r"[^\W\d_]{3}\d", part) and not _NUMBERED.match(part)):
        return True
    if re.search(r"[a-z][A-Z][a-z]?[A-Z]", part) or len(re.findall(r"(?<=[a-z])[A-Z]", part)) > 2:
        return True
    if len(part) > _LONGEST_CAPITALS and part.isupper():
        return True
    letters = part.casefold()
    return bool(re.search(r"[bcdfghjklmnpqrstvwxz]{7}", letters)) or (
        len(part) > 5 and not re.search(r"[aeiouyäöüáéíóú]", letters)
    )


_NUMBERED: Final = re.compile(
    r"(?:stage|phase|step|level|stufe|status|schritt|fase|etapa|tier|round)\d{1,2}$", re.IGNORECASE
)


def _is_secret(text: str) -> bool:
    if any(pattern.search(text) for pattern in _CONTENT):
        return True
    return any(_looks_random(word) for word in _LONG_WORD.findall(text))


def _looks_random(word: str) -> bool:
    kinds = sum(any(map(test, word)) for test in (str.islower, str.isupper, str.isdigit))
    entropy = -sum(n / len(word) * log2(n / len(word)) for n in Counter(word).values())
    return kinds >= 2 and entropy > _RANDOM and not re.fullmatch(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", word)
