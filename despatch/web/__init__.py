"""What is served over HTTP: signs of life and figures, and the public pages."""
