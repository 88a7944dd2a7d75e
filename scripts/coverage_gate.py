"""Hold a run of the whole suite to its coverage.

Reads the report of `coverage json` from standard input. coverage's own threshold counts
lines and branches together; branches alone have to reach it too, and the config flow,
where a user meets the integration first, is covered whole.
"""

import json
import sys

BRANCHES_PERCENT = 95
CONFIG_FLOW = "custom_components/tesla_gateway/config_flow.py"


def main() -> int:
    """Print both figures; return 1 when one is too low."""
    report = json.load(sys.stdin)
    totals = report["totals"]
    branches = 100 * totals["covered_branches"] / totals["num_branches"]
    config_flow = report["files"][CONFIG_FLOW]["summary"]["percent_covered"]
    print(f"branches {branches:.1f} %, at least {BRANCHES_PERCENT} %")
    print(f"config_flow.py {config_flow:.1f} %, at least 100 %")
    return int(branches < BRANCHES_PERCENT or config_flow < 100)


if __name__ == "__main__":
    sys.exit(main())
