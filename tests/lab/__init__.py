"""The lab: the installed program, measured inside network namespaces with kernel NAT."""
