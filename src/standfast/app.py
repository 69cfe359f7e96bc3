"""Settings in, running platform out; here the shell's parts meet the rooms that need them."""

from standfast.drivers.files import Files as Files
from standfast.drivers.files import Tree as Tree
