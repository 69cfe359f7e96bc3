"""A reliability file in the making: what foreign sources give, written and merged, nothing invented."""
