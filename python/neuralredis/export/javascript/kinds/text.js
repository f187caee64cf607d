// Texts: words (Unicode Standard Annex 29) and pairs of neighbouring words, hashed to buckets.
const EXTEND = "[\\p{Grapheme_Extend}\\p{Mc}\\p{Emoji_Modifier}\\u200d\\p{Cf}]*";
const COMPLEX = "\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}\\p{Script=Hiragana}\\p{Ideographic}";
const KATAKANA = "[\\p{Script=Katakana}\\u3031-\\u3035\\u309b\\u309c\\u30a0\\u30fc\\uff70]", LETTER = `(?:(?![${COMPLEX}]|${KATAKANA})[\\p{Alphabetic}\\u02c2-\\u02c5\\u02d2-\\u02d7\\u02de\\u02df\\u02e5-\\u02eb\\u02ed\\u02ef-\\u02ff\\u055a-\\u055c\\u055e\\u058a\\u05f3\\ua708-\\ua716\\ua720\\ua721\\ua789\\ua78a\\uab5b])`;
const DIGIT = "[\\p{Nd}\\u066b]", WORD = new RegExp("(?:" + [
  `(?:${LETTER}|${DIGIT}|${KATAKANA}|\\p{Pc}|(?<=${LETTER}${EXTEND})[:\\u00b7\\u0387\\u055f\\u05f4\\u2027.'\\u2018\\u2019\\u2024](?=${EXTEND}${LETTER})|(?<=\\p{Script=Hebrew}${EXTEND})(?:'|"(?=${EXTEND}\\p{Script=Hebrew}))|(?<=${DIGIT}${EXTEND})[,;\\u037e\\u0589\\u060c\\u060d\\u066c\\u07f8\\u2044.'\\u2018\\u2019\\u2024](?=${EXTEND}${DIGIT}))${EXTEND}`,
].join("|") + ")+|[\\p{Alphabetic}\\p{N}]" + EXTEND, "gu");
const FNV = (h, bytes) => bytes.reduce((h, b) => BigInt.asUintN(64, (h ^ BigInt(b)) * 0x100000001b3n), h);
const bucket = (h, n) => Number(BigInt.asUintN(64, (h ^ h >> 32n) * 0x9e3779b97f4a7c15n) * BigInt(n) >> 64n);
kinds.text = {
  expected: "a text",
  looked: 2,
  read: (v, { buckets }) => {
    const text = listed(v)?.join("\n") ?? given(v);
    if (text === null) return;
    const folded = [...text.normalize("NFKC")].map(c => c.toLowerCase()).join("").normalize("NFKC");
    const found = new Map(), half = Math.ceil(buckets / 2), add = b => found.set(b, (found.get(b) || 0) + 1);
    let before;
    for (const [word] of folded.matchAll(WORD)) {
      if (!/[\p{Alphabetic}\p{N}]/u.test(word)) continue;
      const h = FNV(0xcbf29ce484222325n, [...utf8(word)]);
      add(bucket(h, half));
      if (before !== undefined && half < buckets) add(half + bucket(FNV(before, Array.from({ length: 8 }, (_, i) => h >> BigInt(8 * i) & 255n)), buckets - half));
      before = h;
    }
    const all = [...found].sort((a, b) => a[0] - b[0]).map(([b, n]) => [b, ln(1 + n)]);
    const norm = Math.sqrt(all.reduce((sum, [, q]) => sum + q * q, 0));
    return all.length ? all.map(([b, q]) => [b, f(q / norm)]) : null;
  },
  put: (x, v, d, look) => v.forEach(([b, q]) => look(d.gap + 1 + b, q)),
};
