// Of each kind of field: how it understands a value (null is a gap, undefined no value), and which inputs a value sets.
// Kinds all of whose inputs are looked up say in which group: texts and tags come after the others.
const kinds = {};
