"""The folder Home Assistant loads from; a package so that tests can import it."""
