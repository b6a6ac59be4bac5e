"""The lab's own servers. They share no code with the program: they are its independent witness."""
