const events = S.fields.map(ready);
const read = event => values(events, event);
