"""What is known of the gateway's language: names in its answers, and words in them.

For reports of trouble: what is not known may be personal, so its value is not told. The
words are those in which a home's own name, such as "System", must not be looked for.
"""

from collections.abc import Mapping
from typing import Final


def _words(*texts: str) -> frozenset[str]:
    """Return the words of some texts."""
    return frozenset(word for text in texts for word in text.split())


KEYS: Final = _words(
    # Every answer, and refusals.
    """
    active code data email enabled error errors firstname id info lastname loginTime
    message mode name provider roles running state status timeout timestamp timezone
    token type Type username value version
    """,
    # /api/status, /api/config, /api/customer, /api/installer
    """
    backup_configuration can_reboot cellular_disabled commission_count company
    customer_id device_type din followers git_hash grid_services is_new
    is_solar_powerwall leader limited_warranty marketing phone privacy_notice registered
    run_sitemaster start_time sync_type teg_type timed_out_registration
    toggle_auth_supported up_time_seconds uptime verified_config vin
    """,
    # /api/site_info, /api/autoconfig/status
    """
    country distributor grid_availability grid_code grid_freq_setting grid_phase_setting
    grid_voltage_setting have_gridcode have_registered have_timezone
    max_site_meter_power_kW max_system_energy_kWh max_system_power_kW measured_frequency
    min_site_meter_power_kW nominal_system_energy_kWh nominal_system_power_kW
    panel_max_current region retailer retry_possible site_name utility
    """,
    # /api/meters and below
    """
    battery busway frequency generator load site solar Cached_readings ct
    ct_voltage_references ct1 ct2 ct3 cts connected connection device_serial eExp_Ws
    eImp_Ws energy_exported energy_exported_a energy_exported_b energy_exported_c
    energy_imported energy_imported_a energy_imported_b energy_imported_c f_Hz
    firmwareVersion https_conf i_A i_a_current i_b_current i_c_current
    instant_apparent_power instant_average_current instant_average_voltage instant_power
    instant_reactive_power instant_total_current inverted ip_address
    last_communication_time last_phase_energy_communication_time
    last_phase_power_communication_time last_phase_voltage_communication_time location
    mac mac_address neurio_connected num_meters_aggregated p_W port q_VAR
    reactive_power_a reactive_power_b reactive_power_c real_power_a real_power_b
    real_power_c real_power_scale_factor serial serial_number short_id v_V v_l1n v_l2n
    v_l3n valid
    """,
    # /api/system_status and below
    """
    OpSeqState PackagePartNumber PackageSerialNumber alert_is_fault alert_name alert_raw
    all_enable_lines_high auxiliary_load available_blocks backup_ready battery_blocks
    battery_target_power battery_target_reactive_power blocks_controlled
    charge_power_clamped command_source decoded_alert disabled_reasons
    ecu_package_part_number ecu_package_serial_number ecu_type energy_charged
    energy_discharged expected_energy_remaining f_out ffr_power_availability_high
    ffr_power_availability_low grid_faults grid_services_active grid_services_power
    grid_status i_out instantaneous_max_apparent_power instantaneous_max_charge_power
    instantaneous_max_discharge_power inverter_nominal_usable_power
    last_toggle_timestamp load_charge_constraint max_apparent_power max_charge_power
    max_discharge_power max_power_energy_remaining max_power_energy_to_be_charged
    max_sustained_ramp_rate nominal_energy_remaining nominal_full_pack_energy off_grid
    p_out percentage pinv_grid_state pinv_state primary q_out score site_uid
    smart_inv_delta_p smart_inv_delta_q solar_real_power_limit system_island_state units
    v_out vf_mode wobble_detected
    """,
    # /api/powerwalls
    """
    /etc/commit SYNC.git_hash alert bc_type bubble_shedding category checking_if_offgrid
    checks commissioning_diagnostic debug disruptive end_time enumerating gateway_din
    grid_code_validating grid_qualifying grid_reconnection_time_seconds grid_state
    has_sync in_config inputs is_on_grid msa on_grid_check_error
    phase_detection_last_error phase_detection_not_available powerwalls progress
    readyForFWUpdate results running_phase_detection states sync under_phase_detection
    update_diagnostic updating
    """,
    # /api/operation, /api/sitemaster, /api/solars, /api/generators
    """
    backup_reserve_percent brand connected_to_tesla disconnect_type
    freq_shift_load_shed_delta_f freq_shift_load_shed_soe generators
    max_pv_export_power_kW model power_rating_watts power_supply_mode real_mode
    """,
    # /api/networks
    """
    IP Mask dhcp dnp3 extra_ips gateway hw_address iface_network_info interface ip
    ip_networks lastInternetConnected lastTeslaConnected mask modbus netmask
    network_name security_type signal_strength state_reason
    """,
    # /api/system/update/status, /api/troubleshooting/problems
    """
    current_time estimated_bytes_per_second last_status_time offline_update_error
    offline_updating problems
    """,
    # /api/solar_powerwall
    """
    LastRxTime PVAC_alertMatrixIndex ReceivedMuxBitmask current disabled enable_output
    inv_state measured_power measured_voltage power_status_setpoint pv_power_limit
    pvac_alerts pvac_status pvs_alerts pvs_status self_test_state string_id
    string_vitals v_ll
    """,
    # /api/devices/vitals, by the names of vitals.proto
    """
    alerts assembly_id bool_value component_parent_din connection_parameters device
    device_attributes devices firmware_version first_communication_time float_value
    generator_attributes hardware_id int_value manufacturer meter_attributes
    meter_location modbus_id nameplate_apparent_power_va nameplate_real_power_w
    part_number pcba_id pv_inverter_attributes serial_baud serial_port site_label
    string_value tesla_energy_ecu_attributes usage_id vitals
    """,
)
"""Names in answers, of which some documentation or recording tells."""

PATH_WORDS: Final = _words(
    """
    Basic aggregates api auth autoconfig change client_protocols completed config
    customer devices din disconnect_types generators grid_faults grid_status installer
    islanding legal logging login logout meters mode networks operation password
    phase_usages ping_test powerwalls problems readings registration run
    run_for_commissioning site site_info site_name sitemaster soe solar solar_powerwall
    solars status stop supported system system_status tedapi toggle troubleshooting
    update v1 v1r v2 verify vitals
    """,
) | {"GET ", "POST "}
"""Parts of the paths."""

WORDS: Final = _words(
    # The state of the system, and what it is set to.
    """
    SystemGridConnected SystemIslandedActive SystemIslandedReady SystemMicroGridFaulted
    SystemTransitionToGrid SystemTransitionToIsland SystemWaitForUser StatusDown
    StatusUp Yes Configuration autonomous backup scheduler self_consumption site_control
    """,
    # Units, networks, updates.
    """
    ACPW Active BatteryExpansion Commissioning Grid_Compliant Grid_Qualifying
    Grid_Uncompliant InternalComms PINV_GridFollowing PINV_Off SolarPowerwall Standby
    acpw fail hec not_run pass running smc teg v1 v2 v2.1 DeviceStateReady
    DeviceStateReasonNone EthType GsmType WPA2_Personal WifiType
    ethernet_tesla_internal_default gsm_tesla_internal_default /clear_update_status
    /download /update_downloaded /update_failed /update_staged /update_succeeded
    /update_unknown error ignoring nonactionable not_applicable
    """,
    # Meters, grid codes, generators, users.
    """
    Phase1 Phase2 Phase3 battery busway generator load msa neurio_tcp neurio_w2_tcp site
    solar solarRGM synchrometerX synchrometerY Single Split Three DownstreamATS None
    Basic Home_Owner Kiosk_Viewer Provider_Engineer Tesla_Engineer customer installer
    """,
    # Vitals.
    """
    Backup Gateway INV_Faulted INV_Grid_Connected ISLAND_GridState_Grid_Compliant
    ISLAND_GridState_Grid_Uncompliant NEURIO NonBackup NotConfigured POD_ACTIVE
    PVAC_Active PVAC_Faulted PVAC_Init PVS_Active PVS_GridSupporting PVS_SelfTestOff
    PV_Active PV_Active_Parallel PV_Disabled PWRLIM_No_Power_Limit
    PWRLIM_POD_Power_Limit TESLA THC_STATE_AUTONOMOUSCONTROL off on TEMSA TEPINV TEPOD
    TESYNC TETHC PVAC PVS STSTSM
    """,
    # Ours: settings.
    """
    fast gateway_1 gateway_2 gentle normal other powerwall_3
    """,
)
"""Values that are words of the gateway's, or ours, and never anybody's name."""

SECRET_KEYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            *("PackageSerialNumber", "ecu_package_serial_number", "serial"),
            *("serial_number", "serialNumber", "device_serial", "short_id"),
            *("din", "gateway_din", "vin", "leader", "followers", "unique_id"),
            *("component_parent_din", "site_uid", "customer_id"),
        ),
        "serial",
    ),
    **dict.fromkeys(
        (
            *("site_name", "site_label", "network_name", "username", "company"),
            *("firstname", "lastname", "title"),
        ),
        "name",
    ),
    **dict.fromkeys(("state", "utility", "distributor", "retailer"), "place"),
    **dict.fromkeys(
        (
            *("ip", "IP", "ip_address", "gateway", "host"),
            *("hw_address", "mac", "mac_address"),
        ),
        "address",
    ),
    "email": "email",
    "phone": "phone",
    **dict.fromkeys(
        (
            *("password", "old_password", "new_password", "token", "fingerprint"),
            *("access_token", "refresh_token", "ssid", "psk", "passphrase"),
        ),
        "secret",
    ),
}
"""The kind of secret that a key has, and with it the beginning of its token.

In any spelling: `SerialNumber` is as good as `serial_number`.
"""
