const head = y => y;
