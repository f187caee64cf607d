const outputs = (fields, given) => answer(...encode(fields, given, M.computed, M.layout[0]));
