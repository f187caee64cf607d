const listed = v => Array.isArray(v) ? v.filter(w => w != null && w === w).map(given) : undefined;
