"""HTTP as uvicorn speaks it, with one bound more: the head of a request comes in time, or the connection ends."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_HEAD_S = 20.0


class PunctualProtocol(H11Protocol):
    """uvicorn bounds the size of a head and the pause between requests, but not how slowly a head may drip."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head must come, too."""
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(_HEAD_S, self._give_up)

    def data_received(self, data: bytes) -> None:
        """Start the clock with the first byte of a head; stop it when the head is whole."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_clock()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(_HEAD_S, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """The clock holds no closed connection."""
        self._stop_clock()
        super().connection_lost(exc)

    def _stop_clock(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()
