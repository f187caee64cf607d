// For each kind of field, a function that returns three things of a field: what is expected of its values; how a value
// is parsed, where null is a gap and undefined invalid; and how a parsed value sets inputs of the field, the computed
// ones by set(numbers), each looked-up one by look(index, value).
const kinds = {};
