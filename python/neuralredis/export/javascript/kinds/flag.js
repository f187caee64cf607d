kinds.flag = () => [
  "true or false, 1 or 0, yes or no, on or off",
  v => typeof v === "object" ? undefined
    : /^(1|true|yes|on)$/i.test(v) ? 1 : /^(0|false|no|off)$/i.test(v) ? 0 : undefined,
  (v, set) => set([v]),
];
