"""What is served over HTTP: signs of life and figures now, pages later."""
