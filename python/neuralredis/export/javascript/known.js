// The input of a word; those that are in no dictionary share one.
const known = (d, word) => d.words.get(word) ?? d.gap + 1;
