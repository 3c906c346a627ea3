"""What people do with the networks, as typed functions: no argument parsing, no printing."""
