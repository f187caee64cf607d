const standardize = standardizer(M.input_scaling, M.input_limit);
