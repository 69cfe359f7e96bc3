"""`python -m standfast.review` prints the reference page of the rules."""

import sys

from standfast.review.catalogue import RULES
from standfast.review.rendering import reference

if __name__ == "__main__":
    sys.stdout.write(reference(RULES))
