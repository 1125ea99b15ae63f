"""Commands for those who run the installation."""
