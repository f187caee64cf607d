const unscaled = y => y;
