"""The frozen pool: each expert becomes an opaque leaf that can be opened in two steps.

leaf   = H("jiangxin-draw/v1 leaf\\n"   ‖ canonical {"field", "person"})
person = H("jiangxin-draw/v1 person\\n" ‖ canonical {"expert", "salt", "unit"})

Opening `field` and `person` shows why a leaf was passed over without naming anybody. The two texts
are spelt out here, for a pool of 100,000 is frozen in a second; a test holds them to `canonical`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from json.encoder import encode_basestring as quoted  # as `canonical` writes a string

from ..kernel.errors import Invalid
from ..proof import merkle
from ..proof.hashing import Algorithm, hash_bytes

SALT_PATTERN = re.compile(r"[0-9a-f]{32,128}")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One expert of the frozen pool, in the one field for which this session may draw them.

    `expert` is the opaque id in the pool, `unit` the unit as recorded at freezing, `salt` at
    least 128 fresh random bits in lower-case hex, new for every expert and every session.
    """

    expert: str
    field: str
    unit: str
    salt: str

    def __post_init__(self) -> None:
        if not self.expert or not self.field:
            raise Invalid("专家编号和专业不能为空", field="expert")
        if not SALT_PATTERN.fullmatch(self.salt) or len(self.salt) % 2:
            raise Invalid(
                f"专家 {self.expert} 的盐值不合格：应为不少于 128 位的小写十六进制随机数",
                remedy="请为每位专家在每次抽取时重新生成盐值。",
                field="salt",
            )


def person_hash(*, expert: str, salt: str, unit: str, algorithm: Algorithm) -> str:
    """64 hex digits that hide who it is."""
    body = f'{{"expert":{quoted(expert)},"salt":{quoted(salt)},"unit":{quoted(unit)}}}'
    return hash_bytes(b"jiangxin-draw/v1 person\n" + body.encode(), algorithm).hex()


def leaf_of(*, field: str, person: str, algorithm: Algorithm) -> str:
    """64 hex digits: the leaf of a person's hash in a field."""
    body = f'{{"field":{quoted(field)},"person":{quoted(person)}}}'
    return hash_bytes(b"jiangxin-draw/v1 leaf\n" + body.encode(), algorithm).hex()


def leaf(entry: Entry, algorithm: Algorithm = Algorithm.SHA256) -> str:
    """The leaf that is published for this expert: 64 hex digits."""
    person = person_hash(expert=entry.expert, salt=entry.salt, unit=entry.unit, algorithm=algorithm)
    return leaf_of(field=entry.field, person=person, algorithm=algorithm)


def freeze(entries: Iterable[Entry], algorithm: Algorithm = Algorithm.SHA256) -> dict[str, Entry]:
    """Leaf → entry, sorted by leaf, so that the order of the pool file has no say.

    `Invalid` when the pool is empty, an expert stands in it twice or a salt is used twice.
    """
    pool = {leaf(entry, algorithm): entry for entry in entries}
    if not pool:
        raise Invalid("抽取名单为空", remedy="请先把符合条件的专家列入抽取名单。", clause="3.2")
    experts: set[str] = set()
    salts: set[str] = set()
    for entry in pool.values():
        if entry.expert in experts:
            raise Invalid(
                f"专家 {entry.expert} 在抽取名单中重复",
                remedy="每位专家每次抽取只能以一个专业列入一次。",
                clause="3.2",
                field="expert",
            )
        if entry.salt in salts:
            raise Invalid(f"专家 {entry.expert} 的盐值与他人相同", field="salt")
        experts.add(entry.expert)
        salts.add(entry.salt)
    return dict(sorted(pool.items()))


def leaves_root(leaves: Iterable[str], algorithm: Algorithm = Algorithm.SHA256) -> str:
    """The Merkle root over the sorted leaves, hex: one line that fits on a notice."""
    hashes = [merkle.leaf_hash(bytes.fromhex(each), algorithm) for each in sorted(leaves)]
    return merkle.root(hashes, algorithm).hex()
