"""The routers' result codes, from three standards, as one list of meanings."""

from __future__ import annotations

from probes.readings.port_mapping import MappingError, MappingFault
from probes.wire import natpmp, pcp

_F = MappingFault

NAT_PMP: dict[int, MappingFault] = {
    # RFC 6886 section 3.5
    natpmp.ResultCode.UNSUPPORTED_VERSION: _F.UNSUPPORTED_VERSION,
    natpmp.ResultCode.NOT_AUTHORIZED: _F.NOT_AUTHORISED,
    natpmp.ResultCode.NETWORK_FAILURE: _F.NETWORK_FAILURE,
    natpmp.ResultCode.OUT_OF_RESOURCES: _F.OUT_OF_RESOURCES,
    natpmp.ResultCode.UNSUPPORTED_OPCODE: _F.UNSUPPORTED_OPCODE,
}

PCP: dict[int, MappingFault] = {
    # RFC 6887 section 7.4
    pcp.ResultCode.UNSUPP_VERSION: _F.UNSUPPORTED_VERSION,
    pcp.ResultCode.NOT_AUTHORIZED: _F.NOT_AUTHORISED,
    pcp.ResultCode.MALFORMED_REQUEST: _F.MALFORMED_REQUEST,
    pcp.ResultCode.UNSUPP_OPCODE: _F.UNSUPPORTED_OPCODE,
    pcp.ResultCode.UNSUPP_OPTION: _F.UNSUPPORTED_OPTION,
    pcp.ResultCode.MALFORMED_OPTION: _F.UNSUPPORTED_OPTION,
    pcp.ResultCode.NETWORK_FAILURE: _F.NETWORK_FAILURE,
    pcp.ResultCode.NO_RESOURCES: _F.OUT_OF_RESOURCES,
    pcp.ResultCode.UNSUPP_PROTOCOL: _F.UNSUPPORTED_PROTOCOL,
    pcp.ResultCode.USER_EX_QUOTA: _F.QUOTA,
    pcp.ResultCode.CANNOT_PROVIDE_EXTERNAL: _F.CANNOT_PROVIDE_EXTERNAL,
    pcp.ResultCode.ADDRESS_MISMATCH: _F.NAT_BETWEEN,
    pcp.ResultCode.EXCESSIVE_REMOTE_PEERS: _F.TOO_MANY_PEERS,
}

UPNP: dict[int, tuple[str, MappingFault]] = {
    # UPnP Device Architecture 1.1 table 3-3; WANIPConnection:1 and :2, section on error codes
    401: ("InvalidAction", _F.INVALID_ACTION),
    402: ("InvalidArgs", _F.INVALID_ARGUMENTS),
    501: ("ActionFailed", _F.ACTION_FAILED),
    600: ("ArgumentValueInvalid", _F.INVALID_ARGUMENTS),
    601: ("ArgumentValueOutOfRange", _F.INVALID_ARGUMENTS),
    602: ("OptionalActionNotImplemented", _F.INVALID_ACTION),
    603: ("OutOfMemory", _F.OUT_OF_RESOURCES),
    604: ("HumanInterventionRequired", _F.NOT_AUTHORISED),
    606: ("ActionNotAuthorized", _F.NOT_AUTHORISED),
    713: ("SpecifiedArrayIndexInvalid", _F.NO_SUCH_ENTRY),
    714: ("NoSuchEntryInArray", _F.NO_SUCH_ENTRY),
    715: ("WildCardNotPermittedInSrcIP", _F.WILDCARD_REFUSED),
    716: ("WildCardNotPermittedInExtPort", _F.WILDCARD_REFUSED),
    718: ("ConflictInMappingEntry", _F.CONFLICT),
    724: ("SamePortValuesRequired", _F.SAME_PORT_NEEDED),
    725: ("OnlyPermanentLeasesSupported", _F.ONLY_PERMANENT),
    726: ("RemoteHostOnlySupportsWildcard", _F.WILDCARD_NEEDED),
    727: ("ExternalPortOnlySupportsWildcard", _F.WILDCARD_NEEDED),
    728: ("NoPortMapsAvailable", _F.TABLE_FULL),
    729: ("ConflictWithOtherMechanisms", _F.OTHER_MECHANISM),
    730: ("PortMappingNotFound", _F.NO_SUCH_ENTRY),
    731: ("ReadOnly", _F.READ_ONLY),
    732: ("WildCardNotPermittedInIntPort", _F.WILDCARD_REFUSED),
    733: ("InconsistentParameters", _F.INVALID_ARGUMENTS),
}


def nat_pmp(code: int) -> MappingError:
    """What a NAT-PMP result other than success says."""
    fault = NAT_PMP.get(code, _F.UNKNOWN)
    return MappingError(code, natpmp.ResultCode(code).name if code in NAT_PMP else "", fault)


def pcp_result(code: int) -> MappingError:
    """What a PCP result other than success says."""
    fault = PCP.get(code, _F.UNKNOWN)
    return MappingError(code, pcp.ResultCode(code).name if code in PCP else "", fault)


def upnp(code: int) -> MappingError:
    """What the error code of a UPnP fault says."""
    name, fault = UPNP.get(code, ("", _F.UNKNOWN))
    return MappingError(code, name, fault)
