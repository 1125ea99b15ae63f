#!/usr/bin/env python3
"""Recheck what Jiangxin 匠心 publishes, with Python 3.9 or later and this one file alone.

    python verify.py draw FILE | receipt FILE [SIZE ROOT] | filing FOLDER_OR_ZIP
Exit code 0: holds, 1: does not hold, 2: wrong use."""

# Kept to 150 lines of code, so that it can be read in one sitting.
# fmt: off
import hashlib, json, math, pathlib, re, stat, sys, zipfile  # isort: skip # noqa: E401

STATED = {"recusal", "unavailable", "no_reply", "suspended", "yearly_limit"}
VOID = {"withheld", "number_cancelled", "secret_reused", "seats_short", "interrupted"}

def need(holds, message):
    if not holds:
        raise ValueError(message)
    return holds

def canon(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

def parse(data):
    def once(pairs):
        return need(len(dict(pairs)) == len(pairs), "JSON 中有重复的字段") and dict(pairs)
    never = {}.__getitem__  # a fraction or NaN has no exact form: KeyError
    return json.loads(data, object_pairs_hook=once, parse_float=never, parse_constant=never)

def h(algorithm, *parts):
    need(algorithm in ("sha256", "sm3"), "不支持的杂凑算法")
    return hashlib.new(algorithm, b"".join(parts)).digest()

def tagged(algorithm, tag, value):
    return h(algorithm, b"jiangxin-draw/v1 ", tag, b"\n", canon(value)).hex()

def hexes(n, values):
    return all(isinstance(v, str) and re.fullmatch(f"([0-9a-f]{{2}}){{{n}}}", v) for v in values)

def keys(value, names):
    need(isinstance(value, dict) and set(value) == set(names.split()), "字段应为：" + names)
    return [value[name] for name in names.split()]

def split(size):
    return 1 << (size - 1).bit_length() >> 1

def root(algo, row):
    cut = split(len(row))
    return row[0] if len(row) == 1 else h(algo, b"\1", root(algo, row[:cut]), root(algo, row[cut:]))

def draw(path):
    record = parse(data := pathlib.Path(path).read_bytes())
    need(canon(record) == data, "不是公布时的规范写法：有空格、换行、转义或顺序的改动")
    form, sealed, seal, opened, void, digest = keys(record, "format sealed seal opened void digest")
    plan, leaves, top, excluded, promised = keys(sealed, "plan leaves root excluded commitments")
    session, rules, algo, seats, spare, parties, source, bits = keys(plan, "session rule_version "
        "algorithm seats substitutes parties public_source secret_bits")
    need((form, tagged(algo, b"seal", sealed)) == ("jiangxin-draw/v1", seal), "格式或封存值不符")
    del record["digest"]
    need(tagged(algo, b"record", record) == digest, "记录内容与摘要不符")
    need({type(n) for n in [bits, spare, *seats.values()]} == {int}, "席位、候补或位数不是整数")
    need(session and rules and source != "" and min(seats.values()) > 0 <= spare, "方案不正确")
    need(leaves and hexes(32, leaves) and leaves == sorted(set(leaves)), "条目为空、重复或未排序")
    need(root(algo, [h(algo, b"\0", bytes.fromhex(e)) for e in leaves]).hex() == top, "根不符")
    both = sorted(promised) == sorted(parties) and len(parties) > 1
    need(both and hexes(32, promised.values()), "参与方不足两个，或与承诺不一致")
    need(set(excluded) <= set(leaves) and set(excluded.values()) <= STATED, "事先排除不正确")
    choices = math.comb(len(leaves), min(len(leaves), sum(seats.values()) + spare * len(seats)))
    lacking = (choices - 1).bit_length() + 64 - min(bits, 256)
    need(128 <= bits <= 512 and bits % 8 == 0 and lacking <= 0, "随机数位数不足")
    if void is not None:
        reason, blamed, note = keys(void, "reason parties note")
        need(opened is None and reason in VOID and set(blamed) <= set(parties), "作废记录不正确")
        return f"{session} 封存成立，本场已作废：" + reason + " " + note
    if opened is not None:
        shares, number, seed, named, steps = keys(opened, "shares public_number seed named walk")
        for party, secret in need(set(shares) == set(parties), "随机数不全") and shares.items():
            made = {"party": party, "secret": secret, "session": session}
            need(tagged(algo, b"commitment", made) == promised[party], party + " 的承诺不符")
            need(hexes(f"{bits // 8},64", [secret]), party + " 的随机数不合格")
            need([*shares.values()].count(secret) == 1, party + " 的随机数与他方相同")
        need(number is source is None or (source and number.strip()), "公共随机数与方案不一致")
        made = tagged(algo, b"seed", {"public_number": number, "seal": seal, "shares": shares})
        need(made == seed and type(named) is bool, "种子不符")
        order = sorted(leaves, key=lambda leaf: h(algo, f"draw/v1\n{seed}\n{leaf}".encode()))
        walk(algo, dict(seats), dict.fromkeys(seats, spare), steps, named, excluded, order)
    return f"{session} {'抽取' if opened else '封存'}成立。请与账本比对封存值 {seal} 和摘要 {digest}"

def walk(algo, left, spare, steps, named, excluded, order):
    experts = set()
    for at, step in enumerate(steps):
        leaf, role, reason, field, person, who = keys(step, "leaf as reason field person opening")
        need(any([*left.values(), *spare.values()]), f"第 {at + 1} 步多余")
        need(leaf == order[at], f"第 {at + 1} 步与公开顺序不一致")
        made = hexes(32, [person]) and tagged(algo, b"leaf", {"field": field, "person": person})
        need(field in left and made == leaf, f"第 {at + 1} 步的专业不符")
        need((not named or reason == "field_full") == (who is None), f"第 {at + 1} 步公开不当")
        if who is not None:
            expert, salt, _ = keys(who, "expert salt unit")
            good = hexes("16,64", [salt]) and tagged(algo, b"person", who) == person
            need(good and expert not in experts, f"第 {at + 1} 步的专家不符或重复")
            experts.add(expert)
        count, own = (left, "seat") if left[field] else (spare, "substitute")
        known = {excluded[leaf]} if leaf in excluded else STATED
        taken = count[field] > 0 and known is STATED and (role, reason) == (own, None)
        skipped = role == "skip" and reason in (known if count[field] else {"field_full"})
        need(taken or skipped, f"第 {at + 1} 步的去留不符合规则")
        count[field] -= taken
    need(not any(left.values()), "席位未满")
    need(not any(spare.values()) or len(steps) == len(order), "候补未满而提前结束")

def climb(algo, node, proof, index, low, high):
    if high - low == 1:
        return need(not proof, "包含证明过长") and node
    cut, other = low + split(high - low), bytes.fromhex(need(proof, "包含证明过短").pop())
    if index < cut:
        return h(algo, b"\1", climb(algo, node, proof, index, low, cut), other)
    return h(algo, b"\1", other, climb(algo, node, proof, index, cut, high))

def receipt(path, size=None, published=None):
    form, event, leaf, index, total, top, proof, algo = keys(parse(pathlib.Path(path).read_bytes()),
        "format event leaf index size root proof algorithm")
    need(form == "jiangxin-receipt/v1" and isinstance(event, dict), "不是 jiangxin-receipt/v1 格式")
    need(type(proof) is list and hexes(32, [leaf, top, *proof]), "杂凑值写法不正确")
    need(type(index) is type(total) is int and 0 <= index < total, "序号不正确")
    need(size is None or (int(size), published) == (total, top), "与公布的检查点不同")
    need(h(algo, b"\0", canon(event)).hex() == leaf, "事件内容与叶子杂凑值不符")
    need(climb(algo, bytes.fromhex(leaf), proof, index, 0, total).hex() == top, "包含证明不成立")
    return f"回执成立：序号 {index}。请与公布的检查点比对：共 {total} 条，根 {top}"

def contents(path):
    if path.is_dir():
        for full in path.rglob("*"):
            need(not full.is_symlink() and (full.is_file() or full.is_dir()), f"非文件：{full}")
            reader = full.read_bytes if full.is_file() else None
            yield full.relative_to(path).as_posix(), full.stat().st_size, reader
        return
    archive = zipfile.ZipFile(path)
    for info in archive.infolist():
        need(not stat.S_ISLNK(info.external_attr >> 16), f"压缩包内有链接：{info.filename}")
        reader = None if info.is_dir() else lambda info=info: archive.read(info)
        yield info.orig_filename, info.file_size, reader

def filing(path):
    files = {}
    for name, size, read in contents(pathlib.Path(path)):
        parts = set(name.removesuffix("/" if read is None else "").split("/"))
        safe = not re.search(r"[\x00-\x1f\\:]", name) and not {"", ".", ".."} & parts
        need(safe and name not in files, f"路径不安全或重复：{name!r}")
        if read is not None:
            files[name] = size, read
    manifest = parse(need(files.pop("manifest.json", None), "缺少 manifest.json")[1]())
    body = {key: manifest[key] for key in set(manifest) - {"digest", "seals"}}
    digest = hashlib.sha256(canon(body)).hexdigest()
    need(manifest["format"] == "jiangxin-filing/v1" and digest == manifest["digest"], "摘要不符")
    listed = {each["path"]: keys(each, "path size sha256")[1:] for each in manifest["files"]}
    alike = len(listed) == len(manifest["files"]) and set(listed) == set(files)
    need(alike, f"清单有重复，或与实有文件不一致：{sorted(set(listed) ^ set(files))}")
    for name, (size, read) in files.items():
        same = size == listed[name][0] and hashlib.sha256(read()).hexdigest() == listed[name][1]
        need(same, f"文件大小或内容不符：{name}")
    for who, mark in manifest.get("seals", {}).items():
        need(mark["digest"] == digest, f"{who} 确认的不是这份清单")
    return f"备案材料成立：{len(files)} 个文件，{list(manifest.get('seals', {}))} 已确认，摘要 {digest}"

def main(args):
    task = {"draw": draw, "receipt": receipt, "filing": filing}.get(args[0] if args else "")
    if task is None or len(args) not in ((2, 4) if task is receipt else (2,)):
        return print(__doc__) or 2
    try:
        print("[成立] " + task(*args[1:]))
    except Exception as wrong:  # noqa: BLE001 -- whatever goes wrong, it does not hold
        print(f"[不成立] {wrong}")
        return 1
    return 0

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
