const chain = (x, cs) => cs.reduce((p, c) => fma(p, x, c)), singles = (...cs) => cs.map(f);
