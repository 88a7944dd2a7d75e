"""Devices: what stands in the home, and which belongs to which.

Three endpoints tell of the same Powerwall, and as many of the same contactor. Each
becomes one device here, which takes from each of them what it tells.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.const import CONF_HOST, CONF_MAC
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import CONF_MODEL, DOMAIN, MANUFACTURER
from .coordinator import GatewayConfigEntry, GatewayCoordinator
from .coordinator_data import Devices, Info, State
from .gateway import Component, ComponentKind, Components, PhaseMeter

_KINDS: Final = {
    ComponentKind.SOLAR_INVERTER: "Solar inverter",
    ComponentKind.SYNCHRONIZER: "Synchronizer",
    ComponentKind.BACKUP_SWITCH: "Backup Switch",
    ComponentKind.METER: "Meter",
}
"""What is presumed to be the model while only the part number is known."""
_POWERWALL: Final = "Powerwall"
_MODELS: Final = {"SolarPowerwall": "Powerwall+"}
"""By the gateway's own word for the type; all others are Powerwalls."""


def gateway_id(entry: GatewayConfigEntry) -> str:
    """Return the identifier of the gateway's device: its DIN."""
    return str(entry.unique_id)


def part_id(entry: GatewayConfigEntry, part: str) -> str:
    """Return the identifier of what a gateway has one of, or numbers itself."""
    return f"{gateway_id(entry)}_{part}"


def component_id(entry: GatewayConfigEntry, component: Component) -> str:
    """Return the identifier of a component's device."""
    match component.kind:
        case ComponentKind.GATEWAY:
            return gateway_id(entry)
        case ComponentKind.BATTERY:
            return component.id
    return part_id(entry, component.id)


def meter_id(entry: GatewayConfigEntry, meter: PhaseMeter) -> str:
    """Return the identifier of a meter's device, which may be what it is built into."""
    return part_id(entry, meter.part_of or meter.serial_number)


def is_told(entry: GatewayConfigEntry, device: dr.DeviceEntry) -> bool:
    """Return whether the gateway tells of a device right now, or is it itself."""
    runtime = entry.runtime_data
    state, devices, info = runtime.state.data, runtime.devices.data, runtime.info.data
    told = {gateway_id(entry)}
    told |= (state.system.batteries if state.system else {}).keys()
    told |= {component_id(entry, each) for each in (state.components or {}).values()}
    for meters in (state.site_meters, state.solar_meters):
        told |= {meter_id(entry, meter) for meter in (meters or {}).values()}
    if devices.powerwalls:
        told |= devices.powerwalls.units.keys()
        told |= {part_id(entry, kind) for kind in devices.powerwalls.accessories}
    generators = info.generators.units if info.generators else ()
    told |= {part_id(entry, f"generator_{n}") for n, _ in enumerate(generators, 1)}
    return any((DOMAIN, each) in device.identifiers for each in told)


class GatewayDevices:
    """Keeps the device registry up to date with what is read."""

    def __init__(self, hass: HomeAssistant, entry: GatewayConfigEntry) -> None:
        """Register the gateway itself, which all others hang on."""
        self._registry = dr.async_get(hass)
        self._entry = entry
        self._told: dict[str, dict[str, Any]] = {}
        part_number, _, serial_number = gateway_id(entry).partition("--")
        self._register(
            gateway_id(entry),
            configuration_url=f"https://{entry.data[CONF_HOST]}",
            manufacturer=MANUFACTURER,
            model=entry.data[CONF_MODEL],
            model_id=part_number,
            name=entry.title,
            serial_number=serial_number,
        )
        self._connect(entry.data.get(CONF_MAC))

    @callback
    def follow(self) -> None:
        """Register what is known, and what will be; before any entity is added."""
        runtime = self._entry.runtime_data
        self._follow(runtime.state, self._update_state)
        self._follow(runtime.devices, self._update_powerwalls)
        self._follow(runtime.devices, self._update_networks)
        self._follow(runtime.info, self._update_info)

    def _follow[DataT](
        self, coordinator: GatewayCoordinator[DataT], update: Callable[[DataT], None]
    ) -> None:
        """Register what one coordinator has read, and will read."""

        @callback
        def update_from_data() -> None:
            update(coordinator.data)

        update_from_data()
        self._entry.async_on_unload(coordinator.async_add_listener(update_from_data))

    def _update_state(self, state: State) -> None:
        """Register batteries, components and meters."""
        for battery in (state.system.batteries if state.system else {}).values():
            self._powerwall(battery.din, battery.part_number, battery.serial_number)
        components = state.components or {}
        for component in components.values():
            self._component(component, components)
        for meters in (state.site_meters, state.solar_meters):
            for meter in (meters or {}).values():
                self._meter(meter)

    def _update_powerwalls(self, devices: Devices) -> None:
        """Register Powerwalls, and what stands between them and the grid."""
        if devices.powerwalls is None:
            return
        for unit in devices.powerwalls.units.values():
            model = _MODELS.get(unit.kind or "", _POWERWALL)
            self._powerwall(unit.din, unit.part_number, unit.serial_number, model=model)
        for kind in devices.powerwalls.accessories:
            self._below(
                part_id(self._entry, kind),
                presumed={"model": _KINDS[ComponentKind(kind)]},
                translation_key=kind,
            )

    def _update_networks(self, devices: Devices) -> None:
        """Register by which MAC address the home network knows the gateway."""
        active = devices.networks.active if devices.networks else None
        self._connect(active.mac_address if active else None)

    def _update_info(self, info: Info) -> None:
        """Register the gateway's firmware, and generators."""
        if info.status:
            self._register(
                gateway_id(self._entry),
                model=info.status.model,
                sw_version=info.status.firmware,
            )
        generators = info.generators.units if info.generators else ()
        for number, unit in enumerate(generators, 1):
            self._below(
                part_id(self._entry, f"generator_{number}"),
                presumed={},
                **_numbered("generator", str(number)),
                manufacturer=unit.brand,
                model=unit.model,
            )

    def _powerwall(
        self, din: str, part_number: str | None, serial_number: str, **told: str | None
    ) -> None:
        """Register a Powerwall."""
        self._below(
            din,
            presumed={"model": _POWERWALL},
            **told,
            model_id=part_number,
            name=f"{_POWERWALL} {_ending(serial_number)}",
            serial_number=serial_number,
        )

    def _component(self, component: Component, components: Components) -> None:
        """Register a device that vitals tell of."""
        serial_number = component.serial_number or component.id
        match component.kind:
            case ComponentKind.GATEWAY:
                # Its firmware is what it says itself; this one is a part of it.
                return
            case ComponentKind.BATTERY:
                self._powerwall(
                    component.id,
                    component.part_number,
                    serial_number,
                    sw_version=component.firmware,
                )
                return
            case ComponentKind.SOLAR_INVERTER if component.serial_number:
                name = _numbered("inverter", _ending(serial_number))
            case kind:
                name = _numbered(kind.value, _ending(serial_number))
        parent = components.get(component.parent or "")
        if parent and parent.kind is ComponentKind.GATEWAY:
            parent = None
        self._below(
            component_id(self._entry, component),
            parent=component_id(self._entry, parent) if parent else None,
            **name,
            presumed={"model": _KINDS[component.kind]},
            manufacturer=component.manufacturer and component.manufacturer.title(),
            model_id=component.part_number,
            serial_number=component.serial_number,
            sw_version=component.firmware,
        )

    def _meter(self, meter: PhaseMeter) -> None:
        """Register a meter, or the contactor that it is built into."""
        kind = meter.part_of or ComponentKind.METER
        # Of a built-in meter it is the contactor's, with the meter's type behind it.
        serial_number = meter.serial_number.removesuffix(meter.kind or "")
        self._below(
            meter_id(self._entry, meter),
            presumed={"model": _KINDS[kind], "serial_number": serial_number},
            **_numbered(kind, _ending(serial_number)),
            model=None if meter.part_of else meter.kind,
        )

    def _connect(self, mac_address: str | None) -> None:
        """Register a MAC address, by which discovery finds the gateway again."""
        if mac_address:
            self._register(
                gateway_id(self._entry),
                connections={(dr.CONNECTION_NETWORK_MAC, mac_address)},
            )

    def _below(
        self,
        identifier: str,
        *,
        parent: str | None = None,
        presumed: Mapping[str, str],
        **told: Any,
    ) -> None:
        """Register what belongs to a device, which is the gateway if none is named.

        Several tell of the same device. What one only presumes, and that it knows of no
        parent, must not take away what another knows, or has known before a restart.
        """
        device = self._device(identifier)
        if device is None:
            parent = parent or gateway_id(self._entry)
        above = self._device(parent) if parent else None
        missing = {
            key: value
            for key, value in {"manufacturer": MANUFACTURER, **presumed}.items()
            if told.get(key) is None and getattr(device, key, None) is None
        }
        via = above.id if above else None
        self._register(identifier, **told | missing, via_device_id=via)

    def _device(self, identifier: str) -> dr.DeviceEntry | None:
        """Return a device that is registered."""
        return self._registry.async_get_device_by_identifier(
            (DOMAIN, identifier), self._entry.entry_id
        )

    def _register(self, identifier: str, **told: Any) -> None:
        """Register a device with all that has been told of it so far."""
        known = self._told.get(identifier, {})
        told = known | {key: value for key, value in told.items() if value is not None}
        if told != known:
            self._told[identifier] = told
            self._registry.async_get_or_create(
                config_entry_id=self._entry.entry_id,
                identifiers={(DOMAIN, identifier)},
                **told,
            )


def _numbered(name: str, number: str) -> dict[str, Any]:
    """Return a device's name in the terms of the registry."""
    return {
        "translation_key": name,
        "translation_placeholders": {"number": number},
    }


def _ending(serial_number: str) -> str:
    """Return the end of a serial number, which tells devices of a kind apart."""
    return "".join(filter(str.isalnum, serial_number))[-4:]
