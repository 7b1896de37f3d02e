"""`brickyard bootstrap ENV`: what must exist before the first plan, made with an administrator's own login."""
