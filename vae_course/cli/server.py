"""What the course adds to every Jupyter server of its environment: answers of the kernel that do not wait.

`etc/jupyter/jupyter_server_config.d` turns it on wherever the course is installed: JupyterLab, Binder, a hub.
A server imports this module, and with it the settings of `vae_course/__init__.py`, which its kernels inherit.
"""

from collections.abc import Awaitable

from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

CONNECTION = "kernel_websocket_connection_class"


class PromptConnection(ZMQChannelsWebsocketConnection):
    """A connection that sends a small message at once.

    By default the operating system holds one back until the last is acknowledged (Nagle's algorithm), which a browser
    does after up to 40 ms: as long as all the rest that a slider waits for.
    """

    def connect(self) -> Awaitable[None] | None:
        """Connect the browser to the kernel."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Name the module whose extension a server loads."""
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Let the server connect kernels promptly, unless its user has chosen another connection."""
    settings = server.web_app.settings
    if settings[CONNECTION] is ZMQChannelsWebsocketConnection:
        settings[CONNECTION] = PromptConnection
