const fields = M.fields.map(d => ready({ ...S.fields[d.event_field], ...d }));
