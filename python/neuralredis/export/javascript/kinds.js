// For each kind of field: how a value is parsed (null is missing, undefined invalid), and which inputs it sets.
// Kinds whose inputs are all looked up name their group: texts and tags come after the others.
const kinds = {};
