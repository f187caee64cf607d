const best = y => y.reduce((b, v, i) => v > y[b] ? i : b, 0);
