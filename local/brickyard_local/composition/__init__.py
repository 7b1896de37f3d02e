"""How the services of the local account are built: who there is, then the data they have, then the work on it.

Only here do service folders meet: where one needs another, it is handed it as a Protocol of its own.
"""
