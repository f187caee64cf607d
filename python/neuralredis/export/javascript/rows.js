const fields = M.fields.map(ready), run = row => outputs(fields, values(fields, row));
