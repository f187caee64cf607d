const u64 = x => BigInt.asUintN(64, x);
