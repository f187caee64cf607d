const seen = (past, states) => outputs(fields, M.fields.map(d =>
  "lag" in d ? past.at(-1 - d.lag)?.[d.event_field] ?? null : held(extended(past, states))));
