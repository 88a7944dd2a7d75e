import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DevicesWithVitals(_message.Message):
    __slots__ = ("devices",)
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    devices: _containers.RepeatedCompositeFieldContainer[SiteControllerConnectedDeviceWithVitals]
    def __init__(self, devices: _Optional[_Iterable[_Union[SiteControllerConnectedDeviceWithVitals, _Mapping]]] = ...) -> None: ...

class SiteControllerConnectedDeviceWithVitals(_message.Message):
    __slots__ = ("device", "vitals", "alerts")
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    VITALS_FIELD_NUMBER: _ClassVar[int]
    ALERTS_FIELD_NUMBER: _ClassVar[int]
    device: SiteControllerConnectedDevice
    vitals: _containers.RepeatedCompositeFieldContainer[DeviceVital]
    alerts: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, device: _Optional[_Union[SiteControllerConnectedDevice, _Mapping]] = ..., vitals: _Optional[_Iterable[_Union[DeviceVital, _Mapping]]] = ..., alerts: _Optional[_Iterable[str]] = ...) -> None: ...

class SiteControllerConnectedDevice(_message.Message):
    __slots__ = ("device",)
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    device: Device
    def __init__(self, device: _Optional[_Union[Device, _Mapping]] = ...) -> None: ...

class Device(_message.Message):
    __slots__ = ("din", "part_number", "serial_number", "manufacturer", "site_label", "component_parent_din", "firmware_version", "first_communication_time", "last_communication_time", "connection_parameters", "device_attributes")
    DIN_FIELD_NUMBER: _ClassVar[int]
    PART_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SERIAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    MANUFACTURER_FIELD_NUMBER: _ClassVar[int]
    SITE_LABEL_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_PARENT_DIN_FIELD_NUMBER: _ClassVar[int]
    FIRMWARE_VERSION_FIELD_NUMBER: _ClassVar[int]
    FIRST_COMMUNICATION_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_COMMUNICATION_TIME_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    din: StringValue
    part_number: StringValue
    serial_number: StringValue
    manufacturer: StringValue
    site_label: StringValue
    component_parent_din: StringValue
    firmware_version: StringValue
    first_communication_time: _timestamp_pb2.Timestamp
    last_communication_time: _timestamp_pb2.Timestamp
    connection_parameters: ConnectionParameters
    device_attributes: DeviceAttributes
    def __init__(self, din: _Optional[_Union[StringValue, _Mapping]] = ..., part_number: _Optional[_Union[StringValue, _Mapping]] = ..., serial_number: _Optional[_Union[StringValue, _Mapping]] = ..., manufacturer: _Optional[_Union[StringValue, _Mapping]] = ..., site_label: _Optional[_Union[StringValue, _Mapping]] = ..., component_parent_din: _Optional[_Union[StringValue, _Mapping]] = ..., firmware_version: _Optional[_Union[StringValue, _Mapping]] = ..., first_communication_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_communication_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., connection_parameters: _Optional[_Union[ConnectionParameters, _Mapping]] = ..., device_attributes: _Optional[_Union[DeviceAttributes, _Mapping]] = ...) -> None: ...

class DeviceVital(_message.Message):
    __slots__ = ("name", "int_value", "float_value", "string_value", "bool_value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INT_VALUE_FIELD_NUMBER: _ClassVar[int]
    FLOAT_VALUE_FIELD_NUMBER: _ClassVar[int]
    STRING_VALUE_FIELD_NUMBER: _ClassVar[int]
    BOOL_VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    int_value: int
    float_value: float
    string_value: str
    bool_value: bool
    def __init__(self, name: _Optional[str] = ..., int_value: _Optional[int] = ..., float_value: _Optional[float] = ..., string_value: _Optional[str] = ..., bool_value: bool = ...) -> None: ...

class DeviceAttributes(_message.Message):
    __slots__ = ("tesla_energy_ecu_attributes", "generator_attributes", "pv_inverter_attributes", "meter_attributes")
    TESLA_ENERGY_ECU_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    GENERATOR_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    PV_INVERTER_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    METER_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    tesla_energy_ecu_attributes: TeslaEnergyEcuAttributes
    generator_attributes: GeneratorAttributes
    pv_inverter_attributes: PVInverterAttributes
    meter_attributes: MeterAttributes
    def __init__(self, tesla_energy_ecu_attributes: _Optional[_Union[TeslaEnergyEcuAttributes, _Mapping]] = ..., generator_attributes: _Optional[_Union[GeneratorAttributes, _Mapping]] = ..., pv_inverter_attributes: _Optional[_Union[PVInverterAttributes, _Mapping]] = ..., meter_attributes: _Optional[_Union[MeterAttributes, _Mapping]] = ...) -> None: ...

class TeslaEnergyEcuAttributes(_message.Message):
    __slots__ = ("ecu_type", "hardware_id", "pv_inverter_attributes", "meter_attributes")
    ECU_TYPE_FIELD_NUMBER: _ClassVar[int]
    HARDWARE_ID_FIELD_NUMBER: _ClassVar[int]
    PV_INVERTER_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    METER_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    ecu_type: int
    hardware_id: TeslaHardwareId
    pv_inverter_attributes: PVInverterAttributes
    meter_attributes: MeterAttributes
    def __init__(self, ecu_type: _Optional[int] = ..., hardware_id: _Optional[_Union[TeslaHardwareId, _Mapping]] = ..., pv_inverter_attributes: _Optional[_Union[PVInverterAttributes, _Mapping]] = ..., meter_attributes: _Optional[_Union[MeterAttributes, _Mapping]] = ...) -> None: ...

class TeslaHardwareId(_message.Message):
    __slots__ = ("pcba_id", "assembly_id", "usage_id")
    PCBA_ID_FIELD_NUMBER: _ClassVar[int]
    ASSEMBLY_ID_FIELD_NUMBER: _ClassVar[int]
    USAGE_ID_FIELD_NUMBER: _ClassVar[int]
    pcba_id: UInt32Value
    assembly_id: UInt32Value
    usage_id: UInt32Value
    def __init__(self, pcba_id: _Optional[_Union[UInt32Value, _Mapping]] = ..., assembly_id: _Optional[_Union[UInt32Value, _Mapping]] = ..., usage_id: _Optional[_Union[UInt32Value, _Mapping]] = ...) -> None: ...

class GeneratorAttributes(_message.Message):
    __slots__ = ("nameplate_real_power_w", "nameplate_apparent_power_va")
    NAMEPLATE_REAL_POWER_W_FIELD_NUMBER: _ClassVar[int]
    NAMEPLATE_APPARENT_POWER_VA_FIELD_NUMBER: _ClassVar[int]
    nameplate_real_power_w: int
    nameplate_apparent_power_va: int
    def __init__(self, nameplate_real_power_w: _Optional[int] = ..., nameplate_apparent_power_va: _Optional[int] = ...) -> None: ...

class PVInverterAttributes(_message.Message):
    __slots__ = ("nameplate_real_power_w",)
    NAMEPLATE_REAL_POWER_W_FIELD_NUMBER: _ClassVar[int]
    nameplate_real_power_w: int
    def __init__(self, nameplate_real_power_w: _Optional[int] = ...) -> None: ...

class MeterAttributes(_message.Message):
    __slots__ = ("meter_location",)
    METER_LOCATION_FIELD_NUMBER: _ClassVar[int]
    meter_location: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, meter_location: _Optional[_Iterable[int]] = ...) -> None: ...

class ConnectionParameters(_message.Message):
    __slots__ = ("ip_address", "serial_port", "serial_baud", "modbus_id")
    IP_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    SERIAL_PORT_FIELD_NUMBER: _ClassVar[int]
    SERIAL_BAUD_FIELD_NUMBER: _ClassVar[int]
    MODBUS_ID_FIELD_NUMBER: _ClassVar[int]
    ip_address: StringValue
    serial_port: StringValue
    serial_baud: int
    modbus_id: int
    def __init__(self, ip_address: _Optional[_Union[StringValue, _Mapping]] = ..., serial_port: _Optional[_Union[StringValue, _Mapping]] = ..., serial_baud: _Optional[int] = ..., modbus_id: _Optional[int] = ...) -> None: ...

class StringValue(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: str
    def __init__(self, value: _Optional[str] = ...) -> None: ...

class UInt32Value(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: int
    def __init__(self, value: _Optional[int] = ...) -> None: ...
