"""Networks in a Redis server, and networks stored in one as plain bytes.

`commands` builds commands, `replies` parses replies, and `refusals` maps errors of the server to exceptions; none of
them uses a connection. `network_steps`, `database_steps` and `job`, and `sequence_steps` and `session_steps` for
networks of sequences, are generators of steps (`neuralredis.steps`) that use them. Only `links` uses a client. Two thin
interfaces are built on these: `database`, `network` and `sequences` here, and `neuralredis.aio` for asyncio.
"""
