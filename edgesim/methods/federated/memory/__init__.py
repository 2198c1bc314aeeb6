"""What a device keeps of earlier data: features, moved along with the model that reads them."""
