const together = ([y]) => y;
