"""Rules for what leads out of a database: foreign servers, replication."""
