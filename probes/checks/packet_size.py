"""Whether packets as large as the VPN's get out: a part of the `behavior` check.

A Binding request is made large by an attribute that every server has to ignore (RFC 8489 section
14, comprehension-optional), so the answer is small: it is the way out that is tested. Large packets
count as lost only if two servers, which answered small ones a moment before, did not answer three
of them each. Where the run's allowance holds one more, a small one is answered afterwards, too.
"""

from __future__ import annotations

from probes.checks.behavior_run import AGREE, ASKED_ENOUGH, Outcome, Tests
from probes.checks.behavior_test import SOFTWARE, Testimony, ask_once, silence_s
from probes.checks.context import Context
from probes.checks.inquiry import Asker
from probes.model import Family, Reason
from probes.readings import behavior
from probes.readings.behavior import LARGE_BYTES, LargeFound
from probes.wire.stun import Attribute, AttributeType, binding_request

TRANSACTIONS = AGREE
"""A large one to each of two servers."""
_IP_AND_UDP = 28
_TRANSACTION = bytes(12)
_ATTRIBUTE_HEAD = 4
_FILL = (
    LARGE_BYTES
    - _IP_AND_UDP
    - len(binding_request(_TRANSACTION, software=SOFTWARE))
    - _ATTRIBUTE_HEAD
)
FILLED = Attribute(AttributeType.IGNORED, bytes(_FILL))
"""Makes a request as large as the VPN's largest packet."""


async def tell_size(context: Context, tests: Tests, outcome: Outcome) -> None:
    """Ask the servers that were able, one after the other; the first large answer settles it."""
    key = behavior.LARGE4
    able = outcome.able(Family.V4)[:AGREE]
    if not able:
        context.unknown(key, *outcome.why_not)
        return
    if not tests.may_begin(TRANSACTIONS):
        context.unknown(key, Reason.NO_SERVER, ASKED_ENOUGH)
        return
    asker = await tests.asker(Family.V4)
    for asked, server in enumerate(able, 1):
        if await _answered(tests, asker, server, FILLED):
            tests.give_back(TRANSACTIONS - asked)
            found = LargeFound(LARGE_BYTES, True, (server.host,))
            context.known(key, found, f"a request of {LARGE_BYTES} bytes to {server.host}")
            return
    silent = tests.may_begin(1) and not await _answered(tests, asker, able[0])
    if len(able) < AGREE or silent:
        detail = f"{len(able)} servers lost a large packet; {AGREE} that answer small ones say so"
        context.unknown(key, Reason.TOO_FEW_ANSWERS, detail)
        return
    lost = tuple(each.host for each in able)
    source = f"requests of {LARGE_BYTES} bytes to {' and '.join(lost)}"
    context.known(key, LargeFound(LARGE_BYTES, False, lost), source)


async def _answered(tests: Tests, asker: Asker, server: Testimony, *attributes: Attribute) -> bool:
    """One transaction of three tries; tried again where an ICMP error has told the system to send
    smaller pieces: the VPN's packets would be sent so, too."""
    for again in (False, True):
        await tests.turn()
        inquiry = asker.inquire(server.host, 0, (server.primary,), *attributes, software=SOFTWARE)
        await ask_once(asker, inquiry, silence_s(server.rtt_ms))
        if inquiry.answered or inquiry.error_code is not None:
            return True
        if not inquiry.refused or again or not tests.may_begin(1):
            return False
    return False
