"""How much may be lost, how long may it take, and is it proven?"""
