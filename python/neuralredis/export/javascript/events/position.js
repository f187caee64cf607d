const events = S.fields.map(ready);
const read = event => [understood(events[0], event)];
