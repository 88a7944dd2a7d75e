"""A gateway to talk to without owning one: for tests, demonstrations and benchmarks.

It shares no code with the integration's client: no mistake can make both agree.
"""
