const values = (fields, row) => {
  const names = fields.map(([d]) => d.name);
  for (const name of Object.keys(row)) names.includes(name) || fail(`field ${name}: expected ${names.join(", ")}`);
  return fields.map((d, i) => understood(d, Object.hasOwn(row, names[i]) ? row[names[i]] : null));
};
