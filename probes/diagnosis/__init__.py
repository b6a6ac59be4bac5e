"""From readings to the truth a person can act on. A pure function of the report."""
