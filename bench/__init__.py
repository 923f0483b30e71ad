"""Speed, as ratios to a peer or a limit that runs beside us: `python -m bench [NAME …]`."""
