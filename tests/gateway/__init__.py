"""Tests of the client, which need no Home Assistant."""
