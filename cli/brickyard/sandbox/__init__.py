"""`brickyard sandbox …`: personal copies of projects in a dev environment, made, seen and removed."""
