// Earlier numbers of the series count as differences from the last one.
const seen = past => outputs(fields, M.fields.map(({ lag, event_field }) => {
  const v = past.at(-1 - lag)?.[event_field] ?? null, level = last(past);
  return !lag || event_field !== S.next || v === null ? v : level === null ? null : clamp(f(v - level), FLT_MAX);
}));
