"""The benchmark harness behind `tools/bench`: measures labs, peers and programs, and writes the report.

The way of the data: options -> sections (what is measured) -> schedule (in which order) -> raw runs -> figures ->
report, comparison. Everything that is measured happens inside isolation.py's namespaces.
"""
