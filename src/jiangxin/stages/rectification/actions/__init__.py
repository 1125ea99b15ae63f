"""What the province and the unit do about an order to mend."""
