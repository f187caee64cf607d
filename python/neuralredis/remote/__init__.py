"""Networks in a Redis server, and networks kept in one as plain bytes.

`commands` makes the words of a command, `replies` reads what comes back, `refusals` turns errors of the server into
ours: none of them knows a connection. `network_steps`, `database_steps` and `job` put them in order, in steps
(`neuralredis.steps`), as `sequence_steps` and `session_steps` do for networks of sequences, and `links` is all that
knows a client. On these stand two thin faces: `database`, `network` and `sequences` here, and `neuralredis.aio` for
asyncio.
"""
