"""What the person sees and does. Renders values; never measures."""
