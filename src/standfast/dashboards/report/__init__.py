"""The service level report of a month or a quarter: did we keep what we promised, and how is it known?"""
