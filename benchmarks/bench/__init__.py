"""How much work this integration makes beside core's: `scripts/bench`."""
