const events = S.fields.map(ready);
// An event may be the value itself, which may be a list or a Date.
const isRow = event => ({}).toString.call(event) === "[object Object]";
const read = event => values(events, isRow(event) ? event : { [S.fields[0].name]: event });
