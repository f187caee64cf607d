const fields = ready(M.fields), run = row => of(fields, values(fields, row));
