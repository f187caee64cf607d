const relu = x => x > 0 ? x : 0;
