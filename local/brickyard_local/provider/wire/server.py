"""The gRPC server of the plugin: one method of the servicer per call of the protocol."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from brickyard_local.certificates import Certificate
from brickyard_local.provider.wire.handshake import (
    CLIENT_CERTIFICATE,
    handshake_line,
    server_certificate,
)
from brickyard_local.provider.wire.messages import SERVICE, message
from brickyard_local.sockets import socket_folder

_WORKERS = 16
_MAX_BYTES = 256 << 20
_REQUESTS: Mapping[str, str] = {
    "GetMetadata": "Empty",
    "GetProviderSchema": "Empty",
    "StopProvider": "Empty",
    "ValidateDataResourceConfig": "ValidateResourceConfigRequest",
}

Call = Callable[[Any], Any]
"""A request message -> a response message, or the response's bytes."""


def serve(calls: Mapping[str, Call]) -> None:
    """Serve until Terraform says stop. Prints the handshake line."""
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    server = grpc.server(
        ThreadPoolExecutor(_WORKERS),
        options=[("grpc.max_receive_message_length", _MAX_BYTES), ("grpc.max_send_message_length", _MAX_BYTES)],
    )
    server.add_generic_rpc_handlers(
        (_provider_handler(calls), _controller_handler(done), _stdio_handler()),
    )
    certificate = server_certificate() if CLIENT_CERTIFICATE in os.environ else None
    folder = socket_folder("provider")
    socket = str(folder.path / "s")
    _bind(server, socket, certificate)
    server.start()
    print(handshake_line(socket, certificate), flush=True)  # noqa: T201  the protocol's own channel
    done.wait()
    server.stop(grace=0.2).wait()
    folder.remove()


def _bind(server: grpc.Server, socket: str, certificate: Certificate | None) -> None:
    if certificate is None:
        server.add_insecure_port(f"unix://{socket}")
        return
    # Terraform's own certificate is on a curve gRPC's TLS does not take: the folder, which only its owner may
    # enter, keeps others out.
    credentials = grpc.ssl_server_credentials([(certificate.key_pem, certificate.certificate_pem)])
    server.add_secure_port(f"unix://{socket}", credentials)


def _provider_handler(calls: Mapping[str, Call]) -> grpc.GenericRpcHandler:
    handlers = {name: _unary(call, _REQUESTS.get(name, f"{name}Request")) for name, call in calls.items()}
    return grpc.method_handlers_generic_handler(SERVICE, handlers)


def _unary(call: Call, request: str) -> grpc.RpcMethodHandler:
    def handle(received: Any, _context: grpc.ServicerContext) -> Any:
        return call(received)

    return grpc.unary_unary_rpc_method_handler(handle, message(request).FromString, _packed)


def _packed(response: Any) -> bytes:
    packed: bytes = response if isinstance(response, bytes) else response.SerializeToString()
    return packed


def _controller_handler(done: threading.Event) -> grpc.GenericRpcHandler:
    def shut_down(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        done.set()
        return b""

    handler = grpc.unary_unary_rpc_method_handler(shut_down, bytes, bytes)
    return grpc.method_handlers_generic_handler("plugin.GRPCController", {"Shutdown": handler})


def _stdio_handler() -> grpc.GenericRpcHandler:
    def nothing(_request: bytes, _context: grpc.ServicerContext) -> Iterator[bytes]:
        return iter(())

    handler = grpc.unary_stream_rpc_method_handler(nothing, bytes, bytes)
    return grpc.method_handlers_generic_handler("plugin.GRPCStdio", {"StreamStdio": handler})
