"""What `make lab` adds to JupyterLab's server: answers of the kernel that do not wait."""

from collections.abc import Awaitable

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """A connection that sends a small message at once.

    By default the operating system holds one back until the last is acknowledged (Nagle's algorithm), which a browser
    does after up to 40 ms: as long as all the rest that a slider waits for.
    """

    def connect(self) -> Awaitable[None] | None:
        """Connect the browser to the kernel."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
