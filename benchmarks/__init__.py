"""What this integration does beside others, measured in one run."""

# Before anything of Home Assistant, since it replaces parts of that.
from pytest_homeassistant_custom_component import plugins as plugins
