"""A class on the hub of deploy/: all log in at once, open lesson 06, run it, and move the β slider of lesson 07.

python benchmarks/classroom.py 1 6 12

The hub, its proxy, servers and kernels are real; a learner is a program that does what the browser would send.
Servers are processes of whoever runs this, so no limit of memory or processor is in force.
Needs what deploy/README.md installs: jupyterhub, its authenticator and its culler, and configurable-http-proxy.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import psutil
import requests
import websocket

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
PORT = 8123
HUB = f"http://127.0.0.1:{PORT}"
PASSWORD = "a password for a class"
MOVES = 50
PAUSE_SECONDS = 0.1
PATIENCE_SECONDS = 900
SLIDER = """
from vae_course.checkpoints import load_pretrained
from vae_course.digits import load_digits
from vae_course.lessons.beta.widget import BetaExplorer

BetaExplorer(load_pretrained("every-beta"), load_digits())
"""
# The hub's own settings, but for what needs a server of one's own: users of the system, and systemd.
CONFIG = f"""
load_subconfig({str(DEPLOY / "jupyterhub_config.py")!r})
c.JupyterHub.bind_url = "{HUB}"
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = HOMES + "/{{username}}"
c.Spawner.pre_spawn_hook = None
c.Spawner.args = ["--allow-root"]
"""


class Kernel:
    """A kernel behind the proxy, as a browser speaks with it."""

    def __init__(self, learner: "Learner", notebook: str):
        body = {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": "python3"}}
        kernel = learner.post("api/sessions", body)["kernel"]["id"]
        self.session = uuid4().hex
        self.socket = websocket.create_connection(
            f"{learner.url}api/kernels/{kernel}/channels?session_id={self.session}".replace("http", "ws", 1),
            cookie=learner.cookies(),
            timeout=PATIENCE_SECONDS,
        )

    def send(self, kind: str, content: dict) -> str:
        """Send a message on the shell channel and return its identity."""
        header = {"msg_id": uuid4().hex, "session": self.session, "username": "", "msg_type": kind, "version": "5.3"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "buffers": []}
        self.socket.send(json.dumps(message | {"channel": "shell"}))
        return header["msg_id"]

    def receive(self) -> dict:
        """Return the next message that is text; pictures in buffers come in others."""
        while isinstance(data := self.socket.recv(), bytes):
            pass
        return json.loads(data)

    def run(self, code: str) -> tuple[float, list[dict]]:
        """Run a cell; return its seconds, and the messages until the kernel is idle again.

        Raises:
            RuntimeError: the cell failed.
        """
        start, messages = time.perf_counter(), []
        asked = self.send("execute_request", {"code": code, "silent": False, "allow_stdin": False})
        while not messages or messages[-1]["content"].get("execution_state") != "idle":
            message = self.receive()
            if message["parent_header"].get("msg_id") == asked:
                messages.append(message)
            if message["msg_type"] == "error":
                raise RuntimeError(f"{message['content']['evalue']} in\n{code}")
        return time.perf_counter() - start, messages


class Learner:
    """One who has logged in, and whose server is up."""

    def __init__(self, name: str):
        self.name, self.url, self.http = name, f"{HUB}/user/{name}/", requests.Session()
        page = self.http.get(f"{HUB}/hub/login", timeout=PATIENCE_SECONDS)
        form = {"username": name, "password": PASSWORD, "_xsrf": self.http.cookies["_xsrf"]}
        self.http.post(page.url, data=form, timeout=PATIENCE_SECONDS).raise_for_status()
        self.http.get(f"{HUB}/hub/spawn/{name}", timeout=PATIENCE_SECONDS)
        while not self.http.get(f"{self.url}api/status", timeout=PATIENCE_SECONDS).url.startswith(self.url):
            time.sleep(0.5)
        # The page sets the cookie that posts must repeat.
        self.http.get(f"{self.url}lab", timeout=PATIENCE_SECONDS).raise_for_status()

    def cookies(self) -> str:
        """Return the cookies that a browser would send to the learner's server."""
        return requests.cookies.get_cookie_header(self.http.cookies, requests.Request("GET", self.url).prepare())

    def post(self, path: str, body: dict) -> dict:
        """Post to the learner's server and return its answer."""
        headers = {"X-XSRFToken": self.http.cookies.get("_xsrf", path=f"/user/{self.name}/")}
        answer = self.http.post(self.url + path, json=body, headers=headers, timeout=PATIENCE_SECONDS)
        answer.raise_for_status()
        return answer.json()

    def cells(self, notebook: str) -> list[str]:
        """Return the code of a notebook's cells."""
        answer = self.http.get(f"{self.url}api/contents/{notebook}", timeout=PATIENCE_SECONDS)
        answer.raise_for_status()
        return [cell["source"] for cell in answer.json()["content"]["cells"] if cell["cell_type"] == "code"]


class Lesson(NamedTuple):
    """What a learner met."""

    ready: float
    slowest: float
    moves: list[float]


def attend(name: str) -> Lesson:
    """Log in, run lesson 06, move the slider of lesson 07."""
    start = time.perf_counter()
    learner = Learner(name)
    kernel = Kernel(learner, "06_training.ipynb")
    kernel.run("1 + 1")
    ready = time.perf_counter() - start
    slowest = max(kernel.run(code)[0] for code in learner.cells("06_training.ipynb"))
    return Lesson(ready, slowest, move_slider(Kernel(learner, "07_beta.ipynb")))


def move_slider(kernel: Kernel) -> list[float]:
    """Move the β slider and return the seconds until each new picture has arrived."""
    _, messages = kernel.run(SLIDER)
    opened = [message["content"] for message in messages if message["msg_type"] == "comm_open"]
    (slider,) = (c["comm_id"] for c in opened if c["data"]["state"].get("_model_name") == "FloatLogSliderModel")
    return [seconds_to_picture(kernel, slider, 10 ** (0.8 - 0.02 * move)) for move in range(MOVES)]


def seconds_to_picture(kernel: Kernel, slider: str, beta: float) -> float:
    """Move the slider to a β and return the seconds until the picture has arrived."""
    time.sleep(PAUSE_SECONDS)
    start = time.perf_counter()
    kernel.send("comm_msg", {"comm_id": slider, "data": {"method": "update", "state": {"value": beta}}})
    while "html" not in kernel.receive()["content"].get("data", {}).get("state", {}):
        pass
    return time.perf_counter() - start


@contextmanager
def hub(folder: Path, learners: list[str]):
    """Run the hub of deploy/ for these learners; at the end it and all servers are stopped."""
    (folder / "learners.txt").write_text("\n".join(learners))
    (folder / "config.py").write_text(f"HOMES = {str(folder / 'homes')!r}\n{CONFIG}")
    environment = os.environ | {
        "VAE_COURSE_HUB": str(folder),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    command = [sys.executable, "-m", "jupyterhub", "-f", str(folder / "config.py")]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        wait_for(server, folder / "log")
        yield psutil.Process(server.pid)
    finally:
        end(server)


def wait_for(server: subprocess.Popen, log: Path) -> None:
    """Wait until the hub answers through its proxy.

    Raises:
        RuntimeError: it ended.
    """
    while True:
        if server.poll() is not None:
            raise RuntimeError(f"the hub did not start:\n{log.read_text()[-3000:]}")
        try:
            if requests.get(f"{HUB}/hub/api", timeout=10).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.5)


def end(server: subprocess.Popen) -> None:
    """Stop the hub, its proxy, and all servers and kernels."""
    family = psutil.Process(server.pid).children(recursive=True)
    server.terminate()
    server.wait(60)
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def costs(hub: psutil.Process) -> tuple[float, float]:
    """Return megabytes and processor seconds of all servers and kernels; memory that they share is counted once."""
    own = [p for p in hub.children(recursive=True) if {"ipykernel_launcher", "singleuser"} & words(p)]
    used = [process.cpu_times() for process in own]
    return sum(p.memory_full_info().pss for p in own) / 1e6, sum(times.user + times.system for times in used)


def words(process: psutil.Process) -> set[str]:
    """Return the words of a process's command, without the folders before them."""
    return {Path(word).name.removeprefix("jupyterhub-") for word in process.cmdline()}


def measure(count: int) -> str:
    """Let a class of this size attend, and return its row of the table."""
    names = [f"learner{i}" for i in range(count)]
    with tempfile.TemporaryDirectory() as folder, hub(Path(folder), names) as process:
        with ThreadPoolExecutor(count) as pool:
            lessons = list(pool.map(attend, names))
        memory, seconds = (cost / count for cost in costs(process))
    moves = sorted(1000 * move for lesson in lessons for move in lesson.moves)
    ready, slowest = max(lesson.ready for lesson in lessons), max(lesson.slowest for lesson in lessons)
    p90 = statistics.quantiles(moves, n=10)[-1]
    slider = f"{statistics.median(moves):.0f} | {p90:.0f}"
    return f"| {count} | {ready:.0f} | {slowest:.0f} | {slider} | {memory:.0f} | {seconds:.0f} |"


def main() -> None:
    """Print a table with a row for each size of a class."""
    if not shutil.which("configurable-http-proxy"):
        sys.exit("configurable-http-proxy is not on the PATH: npm install -g configurable-http-proxy")
    print(f"{os.cpu_count()} cores, load before the class {os.getloadavg()[0]:.1f}\n")
    print("| learners | last ready, s | slowest cell, s | slider, ms | p90, ms | MB each | processor s each |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for count in map(int, sys.argv[1:] or ["1"]):
        print(measure(count), flush=True)


if __name__ == "__main__":
    main()
