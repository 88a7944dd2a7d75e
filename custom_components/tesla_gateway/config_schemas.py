"""The fields of the config flow's forms."""

from typing import Final

import probatio

from homeassistant.const import CONF_EMAIL, CONF_HOST, CONF_PASSWORD
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .const import (
    CONF_ADVANCED,
    CONF_PACE,
    CONF_PIN_CERTIFICATE,
    CONF_ROLE,
    PACE_NORMAL,
    PACES,
)
from .gateway import Role

_HOST = TextSelector(TextSelectorConfig(autocomplete="off"))
_PASSWORD = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)
_ROLE = SelectSelector(
    SelectSelectorConfig(
        options=[role.value for role in Role],
        mode=SelectSelectorMode.DROPDOWN,
        translation_key="role",
    )
)
_ANY_ROLE: Final = {probatio.Required(CONF_ROLE, default=Role.CUSTOMER.value): _ROLE}
_PINNING: Final = {
    probatio.Required(CONF_PIN_CERTIFICATE, default=True): BooleanSelector()
}
USER_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_HOST): _HOST,
        probatio.Required(CONF_PASSWORD): _PASSWORD,
        probatio.Optional(CONF_EMAIL): TextSelector(
            TextSelectorConfig(type=TextSelectorType.EMAIL)
        ),
        probatio.Optional(CONF_ADVANCED): section(
            probatio.Schema({**_ANY_ROLE, **_PINNING}), {"collapsed": True}
        ),
    }
)
DISCOVERY_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_PASSWORD): _PASSWORD,
        probatio.Optional(CONF_ADVANCED): section(
            probatio.Schema(_ANY_ROLE), {"collapsed": True}
        ),
    }
)
RECONFIGURE_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_HOST): _HOST,
        probatio.Optional(CONF_PASSWORD): _PASSWORD,
        probatio.Required(CONF_ROLE): _ROLE,
    }
)
REAUTH_SCHEMA: Final = probatio.Schema(
    {probatio.Required(CONF_PASSWORD): _PASSWORD, probatio.Optional(CONF_ROLE): _ROLE}
)
OPTIONS_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_PACE, default=PACE_NORMAL): SelectSelector(
            SelectSelectorConfig(
                options=list(PACES),
                mode=SelectSelectorMode.DROPDOWN,
                translation_key="pace",
            )
        ),
        **_PINNING,
    }
)
