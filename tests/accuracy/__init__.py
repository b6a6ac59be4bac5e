"""The figure of merit: right causes found out of those expected, and causes that are not there.

``python -m tests.accuracy`` prints it, over every practice network and every run that a file asks
for besides; again under loss; and with each single check left out or broken. Then the same of the
installed program among the lab's real routers, where the lab can be built.
"""
