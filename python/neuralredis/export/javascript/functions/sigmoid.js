const sigmoid = x => f(1 / f(1 + exp(-x)));
