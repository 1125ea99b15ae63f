"""Chinese identifiers: 统一社会信用代码 (GB 32100-2015), 公民身份号码 (GB 11643-1999), full-width digits."""

import hashlib
import hmac
import unicodedata

from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

from .errors import Invalid


def narrow(text: str) -> str:
    """Full-width letters and digits as ASCII, outer white space gone, upper case."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def read_uscc(text: str) -> tuple[str, str]:
    """(code, warning) of a 统一社会信用代码.

    A wrong check digit only warns: lawful codes of the pilot years fail it.
    Raises `Invalid` when the length or an alphabet is wrong.
    """
    code = narrow(text)
    try:
        return uscc.validate(code), ""
    except InvalidChecksum:
        return code, "统一社会信用代码的校验位不符，请核对；早期赋码的单位可忽略。"
    except ValidationError:
        if len(code) == 18 and code.isalnum() and not set(code) & set("IOZSV"):
            return code, "统一社会信用代码的结构与国家标准不完全一致，请核对。"
        raise Invalid(
            f"“{text}”不是统一社会信用代码。",
            remedy="应为 18 位数字或大写字母（不含 I、O、Z、S、V），请对照营业执照或法人证书填写。",
            field="uscc",
        ) from None


def read_id_number(text: str) -> str:
    """A 公民身份号码 in canonical form. Raises `Invalid` when it cannot be one."""
    try:
        return str(ric.validate(narrow(text)))
    except ValidationError:
        raise Invalid(
            "公民身份号码不正确。",
            remedy="请核对 18 位号码，末位可为 X。",
            field="id_number",
        ) from None


def keyed_hash(text: str, key: bytes) -> str:
    """HMAC-SHA-256 in hex: find the same person again without keeping the number."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def mask(text: str, *, head: int = 3, tail: int = 2) -> str:
    """Keep `head` and `tail` characters, the rest as *: for screens and exports."""
    hidden = max(len(text) - head - tail, 0)
    return text[:head] + "*" * hidden + (text[len(text) - tail :] if hidden else "")
