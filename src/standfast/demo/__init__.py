"""The demo's story and the shop it runs; talks to standfast as a user does."""
