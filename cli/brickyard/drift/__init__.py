"""`brickyard drift`: did reality leave the code?"""
