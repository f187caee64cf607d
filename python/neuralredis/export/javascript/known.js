// The input of a word; unknown words share one.
const known = (d, word) => d.words.get(word) ?? d.gap + 1;
