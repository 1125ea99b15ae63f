// Recheck a draw record in the visitor's own browser: the same questions as verifier/verify.py asks.
// Nothing is sent anywhere. SHA-256 and SM3 are spelt out, for a page without TLS has no WebCrypto.
(function () {
  "use strict";
  const STATED = ["recusal", "unavailable", "no_reply", "suspended", "yearly_limit"];
  const VOID = ["withheld", "number_cancelled", "secret_reused", "seats_short", "interrupted"];
  const utf8 = new TextEncoder();
  const need = (holds, message) => { if (!holds) { throw new Error(message); } return holds; };
  const rotate = (x, n) => (x << n) | (x >>> (32 - n));

  // --- the two hashes: blocks of 64 bytes, words of 32 bits, most significant first

  const padded = (bytes) => {
    const size = Math.ceil((bytes.length + 9) / 64) * 64;
    const full = new Uint8Array(size);
    full.set(bytes);
    full[bytes.length] = 0x80;
    const view = new DataView(full.buffer);
    view.setUint32(size - 8, Math.floor(bytes.length / 0x20000000));
    view.setUint32(size - 4, (bytes.length << 3) >>> 0);
    return view;
  };
  const bytesOf = (state) => {
    const view = new DataView(new ArrayBuffer(32));
    state.forEach((word, at) => view.setInt32(at * 4, word));
    return new Uint8Array(view.buffer);
  };

  const fraction = (x) => Math.floor((x - Math.floor(x)) * 0x100000000) | 0;
  const primes = [];
  for (let n = 2; primes.length < 64; n++) { if (primes.every((p) => n % p)) { primes.push(n); } }
  const SHA_K = primes.map((p) => fraction(Math.cbrt(p)));
  const SHA_START = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));

  const sha256 = (bytes) => {
    const view = padded(bytes), state = SHA_START.slice(), w = new Int32Array(64);
    for (let block = 0; block < view.byteLength; block += 64) {
      for (let i = 0; i < 64; i++) {
        if (i < 16) { w[i] = view.getInt32(block + i * 4); continue; }
        const a = w[i - 15], b = w[i - 2];
        const low = rotate(a, 25) ^ rotate(a, 14) ^ (a >>> 3), high = rotate(b, 15) ^ rotate(b, 13) ^ (b >>> 10);
        w[i] = (w[i - 16] + low + w[i - 7] + high) | 0;
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < 64; i++) {
        const one = (h + (rotate(e, 26) ^ rotate(e, 21) ^ rotate(e, 7)) + ((e & f) ^ (~e & g)) + SHA_K[i] + w[i]) | 0;
        const two = ((rotate(a, 30) ^ rotate(a, 19) ^ rotate(a, 10)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
      }
      [a, b, c, d, e, f, g, h].forEach((word, at) => { state[at] = (state[at] + word) | 0; });
    }
    return bytesOf(state);
  };

  const SM3_START = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];
  const p0 = (x) => x ^ rotate(x, 9) ^ rotate(x, 17);
  const p1 = (x) => x ^ rotate(x, 15) ^ rotate(x, 23);

  const sm3 = (bytes) => {
    const view = padded(bytes), state = SM3_START.map((word) => word | 0), w = new Int32Array(68);
    for (let block = 0; block < view.byteLength; block += 64) {
      for (let i = 0; i < 68; i++) {
        w[i] = i < 16 ? view.getInt32(block + i * 4)
          : p1(w[i - 16] ^ w[i - 9] ^ rotate(w[i - 3], 15)) ^ rotate(w[i - 13], 7) ^ w[i - 6];
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < 64; i++) {
        const t = i < 16 ? 0x79cc4519 : 0x7a879d8a;
        const one = rotate((rotate(a, 12) + e + rotate(t, i % 32)) | 0, 7), two = one ^ rotate(a, 12);
        const ff = i < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
        const gg = i < 16 ? e ^ f ^ g : (e & f) | (~e & g);
        const x = (ff + d + two + (w[i] ^ w[i + 4])) | 0, y = (gg + h + one + w[i]) | 0;
        d = c; c = rotate(b, 9); b = a; a = x; h = g; g = rotate(f, 19); f = e; e = p0(y);
      }
      [a, b, c, d, e, f, g, h].forEach((word, at) => { state[at] ^= word; });
    }
    return bytesOf(state);
  };

  const HASHES = { sha256: sha256, sm3: sm3 };
  const hash = (algorithm, bytes) => need(Object.hasOwn(HASHES, algorithm) && HASHES[algorithm], "不支持的杂凑算法")(bytes);
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const unhex = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
  const joined = (...parts) => {
    const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
    parts.reduce((at, part) => { whole.set(part, at); return at + part.length; }, 0);
    return whole;
  };

  // --- canonical JSON

  const byCodePoint = (one, two) => {
    const a = Array.from(one, (c) => c.codePointAt(0)), b = Array.from(two, (c) => c.codePointAt(0));
    for (let i = 0; i < Math.min(a.length, b.length); i++) { if (a[i] !== b[i]) { return a[i] - b[i]; } }
    return a.length - b.length;
  };
  const canon = (value) => {
    if (Array.isArray(value)) { return "[" + value.map(canon).join(",") + "]"; }
    if (value !== null && typeof value === "object") {
      const keys = Object.keys(value).sort(byCodePoint);
      return "{" + keys.map((key) => JSON.stringify(key) + ":" + canon(value[key])).join(",") + "}";
    }
    need(typeof value !== "number" || Number.isSafeInteger(value), "有不能精确表示的数");
    return JSON.stringify(value);
  };
  const tagged = (algorithm, tag, value) =>
    hex(hash(algorithm, utf8.encode("jiangxin-draw/v1 " + tag + "\n" + canon(value))));
  const keys = (value, names) => {
    const wanted = names.split(" ");
    const plain = value !== null && typeof value === "object" && !Array.isArray(value);
    need(plain && canon(Object.keys(value).sort()) === canon(wanted.slice().sort()), "字段应为：" + names);
    return wanted.map((name) => value[name]);
  };
  const hexes = (values, least, most) => values.every((each) => typeof each === "string" &&
    each.length % 2 === 0 && each.length >= least * 2 && each.length <= (most || least) * 2 && /^[0-9a-f]*$/.test(each));
  const text = (value) => typeof value === "string" && value !== "";
  const same = (one, two) => canon(one) === canon(two);
  const within = (values, allowed) => values.every((each) => allowed.includes(each));

  const root = (algorithm, row) => {
    if (row.length === 1) { return row[0]; }
    let cut = 1;
    while (cut * 2 < row.length) { cut *= 2; }
    return hash(algorithm, joined([1], root(algorithm, row.slice(0, cut)), root(algorithm, row.slice(cut))));
  };
  const choicesBits = (n, k) => {
    let ways = 1n;
    for (let i = 1n; i <= BigInt(k); i++) { ways = ways * (BigInt(n) - BigInt(k) + i) / i; }
    return ways === 1n ? 0 : (ways - 1n).toString(2).length;
  };

  // --- a record

  const planOf = (sealed) => {
    const [plan, leaves, top, excluded, promised] = keys(sealed, "plan leaves root excluded commitments");
    const [session, rules, algorithm, seats, spare, parties, source, bits] = keys(plan,
      "session rule_version algorithm seats substitutes parties public_source secret_bits");
    const counts = Object.values(seats);
    need(counts.length && within([bits, spare, ...counts].map(Number.isSafeInteger), [true]), "席位、候补或位数不是整数");
    need(text(session) && text(rules) && (source === null || text(source)) && Math.min(...counts) > 0 && spare >= 0, "方案不正确");
    need(Array.isArray(leaves) && leaves.length && hexes(leaves, 32), "条目为空或写法不正确");
    need(leaves.every((leaf, at) => at === 0 || leaves[at - 1] < leaf), "条目重复或未排序");
    const made = root(algorithm, leaves.map((leaf) => hash(algorithm, joined([0], unhex(leaf)))));
    need(hex(made) === top, "名单的默克尔根不符");
    need(Array.isArray(parties) && parties.length > 1 && same(Object.keys(promised).sort(), parties.slice().sort()) &&
      hexes(Object.values(promised), 32), "参与方不足两个，或与承诺不一致");
    const known = new Set(leaves);
    need(Object.keys(excluded).every((leaf) => known.has(leaf)) && within(Object.values(excluded), STATED), "事先排除不正确");
    const drawn = Math.min(leaves.length, counts.reduce((a, b) => a + b, 0) + spare * counts.length);
    need(bits >= 128 && bits <= 512 && bits % 8 === 0 &&
      choicesBits(leaves.length, drawn) + 64 <= Math.min(bits, 256), "随机数位数不足");
    return { session, algorithm, seats, spare, parties, source, bits, leaves, excluded, promised };
  };

  const seedOf = (plan, seal, opened) => {
    const [shares, number, seed, named, steps] = keys(opened, "shares public_number seed named walk");
    need(same(Object.keys(shares).sort(), plan.parties.slice().sort()), "随机数不全");
    need(new Set(Object.values(shares)).size === plan.parties.length, "两方的随机数相同");
    for (const party of plan.parties) {
      need(hexes([shares[party]], plan.bits / 8, 64), party + " 的随机数不合格");
      const made = { party: party, secret: shares[party], session: plan.session };
      need(tagged(plan.algorithm, "commitment", made) === plan.promised[party], party + " 的承诺不符");
    }
    need(plan.source === null ? number === null : text(number) && number.trim(), "公共随机数与方案不一致");
    need(tagged(plan.algorithm, "seed", { public_number: number, seal: seal, shares: shares }) === seed, "种子不符");
    need(typeof named === "boolean" && Array.isArray(steps), "公开部分不完整");
    return { seed, named, steps };
  };

  const walk = (plan, order, named, steps) => {
    const left = new Map(Object.entries(plan.seats));
    const spare = new Map(Object.keys(plan.seats).map((name) => [name, plan.spare]));
    const open = (counts) => Array.from(counts.values()).some((count) => count > 0);
    const experts = new Set();
    steps.forEach((step, at) => {
      const here = "第 " + (at + 1) + " 步";
      const [leaf, role, reason, field, person, who] = keys(step, "leaf as reason field person opening");
      need(open(left) || open(spare), here + "多余");
      need(leaf === order[at], here + "与公开顺序不一致");
      need(left.has(field) && hexes([person], 32) &&
        tagged(plan.algorithm, "leaf", { field: field, person: person }) === leaf, here + "的专业不符");
      need((!named || reason === "field_full") === (who === null), here + "公开不当");
      if (who !== null) {
        const [expert, salt] = keys(who, "expert salt unit");
        need(hexes([salt], 16, 64) && tagged(plan.algorithm, "person", who) === person && !experts.has(expert), here + "的专家不符或重复");
        experts.add(expert);
      }
      const [counts, own] = left.get(field) ? [left, "seat"] : [spare, "substitute"];
      const held = Object.hasOwn(plan.excluded, leaf);
      const known = held ? [plan.excluded[leaf]] : STATED;
      const taken = counts.get(field) > 0 && !held && role === own && reason === null;
      const skipped = role === "skip" && (counts.get(field) ? known : ["field_full"]).includes(reason);
      need(taken || skipped, here + "的去留不符合规则");
      if (taken) { counts.set(field, counts.get(field) - 1); }
    });
    need(!open(left), "席位未满");
    need(!open(spare) || steps.length === order.length, "候补未满而提前结束");
  };

  // The checks that held, in words; throws an Error that says what does not hold.
  const verify = (written) => {
    const record = JSON.parse(written), held = [];
    need(canon(record) === written, "不是公布时的规范写法：有空格、换行、转义或顺序的改动");
    const [form, sealed, seal, opened, gone, digest] = keys(record, "format sealed seal opened void digest");
    need(form === "jiangxin-draw/v1", "不是 jiangxin-draw/v1 格式");
    const algorithm = sealed.plan.algorithm;
    need(tagged(algorithm, "seal", sealed) === seal, "封存内容与封存值不符：封存后被改动过");
    const body = { format: form, sealed: sealed, seal: seal, opened: opened, void: gone };
    need(tagged(algorithm, "record", body) === digest, "记录内容与摘要不符：公布后被改动过");
    const plan = planOf(sealed);
    held.push("封存值、摘要值与内容一致；" + plan.leaves.length + " 个条目的默克尔根一致");
    if (gone !== null) {
      const [reason, blamed] = keys(gone, "reason parties note");
      need(opened === null && VOID.includes(reason) && within(blamed, plan.parties) && typeof gone.note === "string", "作废记录不正确");
      held.push("本场已作废，作废记录完整");
    } else if (opened !== null) {
      const { seed, named, steps } = seedOf(plan, seal, opened);
      held.push(plan.parties.length + " 方公开的随机数与封存前的承诺一致" + (plan.source ? "，公共随机数：" + opened.public_number : ""));
      held.push("种子由封存值和各方随机数算出，一致");
      const before = utf8.encode("draw/v1\n" + seed + "\n");
      const placed = plan.leaves.map((leaf) => [hex(hash(algorithm, joined(before, utf8.encode(leaf)))), leaf]);
      const order = placed.sort((a, b) => (a[0] < b[0] ? -1 : 1)).map((pair) => pair[1]);
      walk(plan, order, named, steps);
      held.push("顺序由种子排定；" + steps.length + " 步取舍逐位符合规则" + (named ? "，姓名信息与条目一致" : ""));
    }
    return { session: plan.session, seal: seal, digest: digest, held: held };
  };

  globalThis.JiangxinDraw = { verify: verify, sha256: (t) => hex(sha256(utf8.encode(t))), sm3: (t) => hex(sm3(utf8.encode(t))) };

  // --- the page: a box with data-draw-check; its record comes from an address, a file or a text area

  // Byte for byte: a decoder that drops a byte order mark would let a changed file pass.
  const exactly = async (source) =>
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await source.arrayBuffer());

  const show = (box, written) => {
    const place = box.querySelector("[data-draw-result]");
    const line = (mark, words) => {
      const row = document.createElement("li");
      row.className = "jp-check-" + mark;
      row.textContent = words;
      return row;
    };
    const list = document.createElement("ul");
    list.className = "jp-checks";
    try {
      const found = verify(written);
      list.append(...found.held.map((words) => line("good", words)));
      list.append(line("good", "结论：成立（" + found.session + "）"));
      list.append(line("note", "请再与账册公布的封存值、摘要值比对：" + found.seal + "；" + found.digest));
    } catch (error) {
      list.append(line("bad", "结论：不成立。" + (error instanceof SyntaxError ? "不是抽取记录。" : error.message)));
    }
    place.replaceChildren(list);
    place.hidden = false;
  };

  document.querySelectorAll("[data-draw-check]").forEach((box) => {
    const button = box.querySelector("[data-draw-run]");
    button.hidden = false;
    button.addEventListener("click", async () => {
      const address = box.dataset.drawCheck;
      const file = document.querySelector("#file"), area = document.querySelector("#text");
      if (address) {
        const answer = await fetch(address);
        show(box, await exactly(answer));
      } else if (file && file.files.length) {
        show(box, await exactly(file.files[0]));
      } else {
        show(box, area ? area.value.trim() : "");
      }
    });
  });
})();
