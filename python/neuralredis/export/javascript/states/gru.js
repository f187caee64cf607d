const held = states => states.at(-1).flatMap((h, m) => [...h, ...mean(states, m)]);
