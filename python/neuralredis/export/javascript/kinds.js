// The kinds of fields. `read` parses a value: null is a missing value, undefined an invalid one. `put` sets the inputs of a
// value. `looked` marks kinds without computed inputs; entries of those with 2 follow the others.
const kinds = {};
