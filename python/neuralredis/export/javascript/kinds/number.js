kinds.number = (d, place = placer(d)) => ["a finite number", number, (v, set) => set([v, place(v)])];
