"""A real Home Assistant in a real browser, from adding a gateway to the dashboards."""
