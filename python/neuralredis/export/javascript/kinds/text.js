// Texts: words (Unicode Standard Annex 29) and pairs of neighbouring words, hashed to buckets.
const r = String.raw, EXTEND = r`[\p{Gr_Ext}\p{Mc}\p{EMod}\u200d\p{Cf}]*`, DIGIT = r`[\p{Nd}\u066b]`;
const KATAKANA = r`\p{sc=Kana}\u3031-\u3035\u309b\u309c\u30a0\u30fc\uff70`, HEBREW = r`\p{sc=Hebr}`;
const LETTER = r`(?:(?![\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Mymr}\p{sc=Hira}\p{Ideo}${KATAKANA}])[\p{Alpha}${
  r`\u02c2-\u02c5\u02d2-\u02d7\u02de\u02df\u02e5-\u02eb\u02ed\u02ef-\u02ff\u055a-\u055c\u055e\u058a\u05f3`}${
  r`\ua708-\ua716\ua720\ua721\ua789\ua78a\uab5b`}])`;
const QUOTES = r`.'\u2018\u2019\u2024`, after = of => `(?<=${of}${EXTEND})`;
const between = (of, marks) => `${after(of)}[${marks}](?=${EXTEND}${of})`;
const WORD = RegExp(r`(?:(?:${LETTER}|${DIGIT}|[${KATAKANA}\p{Pc}]|${after(HEBREW)}'|${between(HEBREW, '"')}|${
  between(LETTER, QUOTES + r`:\u00b7\u0387\u055f\u05f4\u2027`)}|${
  between(DIGIT, QUOTES + r`,;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044`)
})${EXTEND})+|[\p{Alpha}\p{N}]${EXTEND}`, "gu");
const FNV = (h, bytes) => bytes.reduce((h, b) => u64((h ^ BigInt(b)) * 0x100000001b3n), h);
const bucket = (h, n) => Number(u64((h ^ h >> 32n) * 0x9e3779b97f4a7c15n) * BigInt(n) >> 64n);
kinds.text = ({ buckets, gap }) => [
  "a text",
  v => {
    const text = listed(v)?.join("\n") ?? given(v);
    if (text === null) return;
    const folded = text.normalize("NFKC").replace(/./gsu, c => c.toLowerCase()).normalize("NFKC");
    const found = {}, half = Math.ceil(buckets / 2), add = b => { found[b] = (found[b] || 0) + 1; };
    let before;
    for (const [word] of folded.matchAll(WORD)) {
      if (!/[\p{Alpha}\p{N}]/u.test(word)) continue;
      const h = FNV(0xcbf29ce484222325n, utf8(word));
      add(bucket(h, half));
      if (before !== undefined && half < buckets) {
        add(half + bucket(FNV(before, new Uint8Array(BigUint64Array.of(h).buffer)), buckets - half));
      }
      before = h;
    }
    // Keys that are indices come in ascending order.
    const all = Object.entries(found).map(([b, n]) => [+b, ln(1 + n)]);
    const norm = Math.sqrt(all.reduce((sum, [, q]) => sum + q * q, 0));
    return all[0] ? all.map(([b, q]) => [b, f(q / norm)]) : null;
  },
  (v, set, look) => v.forEach(([b, q]) => look(gap + 1 + b, q)),
];
