"""`brickyard verify`: does what was deployed do its work?"""
