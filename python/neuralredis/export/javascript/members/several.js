const share = f(1 / M.members.length);
const together = all => all[0].map((_, u) => all.reduce((sum, y) => f(sum + f(y[u] * share)), 0));
