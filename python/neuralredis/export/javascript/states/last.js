const held = states => states.at(-1).flatMap(h => [...h]);
