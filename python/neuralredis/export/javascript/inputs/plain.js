const standardize = x => x;
