"""Rows that tests need, made by the same actions as the pages call wherever there is one."""
