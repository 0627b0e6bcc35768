"""A class on one machine: the settings of its JupyterHub. README.md beside this file says how it is installed."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

c = get_config()  # noqa: F821
HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
# Where the list of learners, the passwords and the hub's own database are.
STATE = Path(os.environ.get("VAE_COURSE_HUB", "/srv/vae-course"))

# Who may come in: the teacher, and whoever is in the list. Each chooses a password at the first login.
learners = (STATE / "learners.txt").read_text(encoding="utf-8").split()
c.JupyterHub.authenticator_class = "firstuse"
c.Authenticator.admin_users = {"teacher"}
c.Authenticator.allowed_users = {"teacher", *learners}
c.FirstUseAuthenticator.create_users = False
c.FirstUseAuthenticator.min_password_length = 10
c.FirstUseAuthenticator.dbm_path = str(STATE / "passwords.dbm")

# A proxy with HTTPS stands before it: see README.md.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.db_url = f"sqlite:///{STATE}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")
# A hub that is restarted finds its learners' servers as they were.
c.JupyterHub.cleanup_servers = False

# Each learner's server: a user of the system, a folder of lessons, brought up to date at each start.
c.JupyterHub.spawner_class = "systemd"
c.SystemdSpawner.username_template = "learner-{USERNAME}"
c.SystemdSpawner.isolate_tmp = True
c.SystemdSpawner.disable_user_sudo = True
c.Spawner.cmd = [str(HERE / "start-lessons")]
# Thirty begin in the same minute.
c.Spawner.start_timeout = c.Spawner.http_timeout = 300

# The commands of the environment that the hub itself is in.
c.Spawner.environment = {"PATH": f"{BIN}:{os.environ['PATH']}"}
c.Spawner.cpu_limit = 2
c.Spawner.mem_limit = "2G"


def make_system_user(spawner):
    """Make the learner's user of the system before the first start."""
    name = f"learner-{spawner.user.name}"
    try:
        pwd.getpwnam(name)
    except KeyError:
        subprocess.run(["useradd", "--create-home", "--shell", "/bin/bash", name], check=True)


c.Spawner.pre_spawn_hook = make_system_user

# A server that nobody has used for two hours is stopped. The files stay; the next login starts it again.
c.JupyterHub.services = [
    {"name": "culler", "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=7200"]},
]
c.JupyterHub.load_roles = [
    {
        "name": "culler",
        "services": ["culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    },
]
