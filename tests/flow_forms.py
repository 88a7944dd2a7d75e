"""Forms of the config flow, filled in as a person does it."""

import json
from pathlib import Path
from typing import Any, Final

from custom_components.tesla_gateway import config_flow
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

TEXTS: Final = json.loads(
    Path(config_flow.__file__).with_name("translations").joinpath("en.json").read_text()
)


async def submit(
    hass: HomeAssistant, flow_id: str, typed: dict[str, Any]
) -> dict[str, Any]:
    """Submit the form; whatever comes of it has its text and shows no password."""
    result: dict[str, Any] = dict(
        await hass.config_entries.flow.async_configure(flow_id, typed)
    )
    check_texts(result)
    return result


def suggested(form: dict[str, Any]) -> dict[str, Any]:
    """Return what a form shows in its fields."""
    return {
        str(key): (key.description or {}).get("suggested_value")
        for key in form["data_schema"].schema
    }


def check_texts(result: dict[str, Any]) -> None:
    """Check what a step of the config flow came to: it is told, and keeps secrets."""
    texts = TEXTS["config"]
    match result["type"]:
        case FlowResultType.FORM:
            assert result["step_id"] in texts["step"]
            assert set((result["errors"] or {}).values()) <= set(texts["error"])
            assert suggested(result).get(CONF_PASSWORD) is None
        case FlowResultType.ABORT:
            assert result["reason"] in texts["abort"]
        case FlowResultType.CREATE_ENTRY:
            assert result["description"] in texts["create_entry"]
