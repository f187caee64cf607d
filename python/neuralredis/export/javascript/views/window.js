const seen = past => outputs(fields, M.fields.map(d => past.at(-1 - d.lag)?.[d.event_field] ?? null));
