"""What a cloud's metadata service is asked for: the public address that it translates one to one.

Each provider's own way in: a header without which it does not answer, so that no web page can trick
a server into asking (AWS IMDSv2, Google, Azure). No I/O; the addresses asked are link-local.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address

from probes.network.seam import GET, HttpAsk, HttpReply
from probes.values import dataclass

HOST = "http://169.254.169.254"
MOST_BYTES = 2048
"""An address and a token are far shorter."""
_LONGEST_TOKEN = 512


class Provider(StrEnum):
    """Whose metadata service answered."""

    AMAZON = "Amazon EC2"
    GOOGLE = "Google Cloud"
    AZURE = "Microsoft Azure"
    ORACLE = "Oracle Cloud"
    OPENSTACK = "OpenStack"


@dataclass(frozen=True, slots=True)
class Question:
    """How one provider is asked."""

    provider: Provider
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    token_path: str = ""
    """Where a token is to be had first; "" for none."""
    token_headers: tuple[tuple[str, str], ...] = ()
    token_goes_in: str = ""
    """The header that carries the token."""
    shown_by: tuple[str, str] | None = None
    """A header of the answer that only this provider's has; None: a plain address has to do."""
    names_address: bool = True
    """It tells the public address; else its answer shows no more than that it is there."""

    def token_ask(self) -> HttpAsk:
        """The question for the token."""
        return HttpAsk("PUT", self.token_headers)

    def ask(self, token: str = "") -> HttpAsk:
        """The question itself."""
        more = ((self.token_goes_in, token),) if token else ()
        return HttpAsk(GET.method, (*self.headers, *more))


QUESTIONS = (
    # docs.aws.amazon.com/AWSEC2/latest/UserGuide, "Use the Instance Metadata Service"
    Question(
        Provider.AMAZON,
        "/latest/meta-data/public-ipv4",
        token_path="/latest/api/token",  # noqa: S106 - a place, not a secret
        token_headers=(("X-aws-ec2-metadata-token-ttl-seconds", "60"),),
        token_goes_in="X-aws-ec2-metadata-token",  # noqa: S106 - a header's name
    ),
    # docs.cloud.google.com/compute/docs/metadata, "View and query VM metadata"
    Question(
        Provider.GOOGLE,
        "/computeMetadata/v1/instance/network-interfaces/0/access-configs/0/external-ip",
        (("Metadata-Flavor", "Google"),),
        shown_by=("metadata-flavor", "Google"),
    ),
    # learn.microsoft.com/azure/virtual-machines/instance-metadata-service
    Question(
        Provider.AZURE,
        "/metadata/instance/network/interface/0/ipv4/ipAddress/0/publicIpAddress"
        "?api-version=2021-02-01&format=text",
        (("Metadata", "true"),),
    ),
    # docs.oracle.com/iaas/Content/Compute/Tasks/gettingmetadata.htm: it lists private addresses
    Question(
        Provider.ORACLE,
        "/opc/v2/vnics/",
        (("Authorization", "Bearer Oracle"),),
        names_address=False,
    ),
    # docs.openstack.org/nova, "Metadata service": EC2's paths, without a token
    Question(Provider.OPENSTACK, "/latest/meta-data/public-ipv4"),
)
_SHORT = {
    "Amazon EC2": Provider.AMAZON,
    "Google Cloud": Provider.GOOGLE,
    "Microsoft Azure": Provider.AZURE,
    "Oracle Cloud": Provider.ORACLE,
    "an OpenStack cloud": Provider.OPENSTACK,
}
"""The names that the firmware's strings lead to (`machines.cloud`)."""


def questions(cloud: str) -> tuple[Question, ...]:
    """Whom to ask in a cloud of that name; everybody where the name is "" or not among them."""
    known = _SHORT.get(cloud)
    found = tuple(each for each in QUESTIONS if each.provider is known)
    return found or QUESTIONS


def token_of(reply: HttpReply) -> str:
    """The token in an answer; "" where there is none."""
    text = reply.body.decode("ascii", "replace").strip()
    good = reply.status == 200 and 0 < len(text) <= _LONGEST_TOKEN and not reply.truncated
    return text if good and text.isprintable() and " " not in text and text.isascii() else ""


@dataclass(frozen=True, slots=True)
class Told:
    """A metadata service was there."""

    address: IPv4Address | None
    """None: it knows of no public address, or does not tell."""


def read(question: Question, reply: HttpReply) -> Told | None:
    """What an answer says; None for one that is not the provider's."""
    headers: Mapping[str, str] = dict(reply.headers)
    if question.shown_by is not None:
        name, value = question.shown_by
        if headers.get(name) != value:
            return None
    if reply.truncated:
        return None
    text = reply.body.decode("ascii", "replace").strip()
    if not question.names_address:
        return Told(None) if reply.status == 200 and text.startswith("[") else None
    if reply.status == 200:
        if not text:
            # Azure's is empty where the address belongs to a load balancer.
            return Told(None)
        try:
            return Told(IPv4Address(text))
        except AddressValueError:
            return None
    # The service is there (it gave a token, or showed its header) and has no such address.
    proven = bool(question.token_path) or question.shown_by is not None
    return Told(None) if reply.status == 404 and proven else None
