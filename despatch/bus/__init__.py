"""Implementations of the Bus port: one SQLite file, or Apache Kafka. `despatch.app` picks one."""
