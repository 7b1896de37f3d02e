"""What goes over the wire: plugin protocol 6 messages, msgpack values and the go-plugin handshake."""
