import contextlib
import functools
import hashlib
import http.server
import os
import shutil
import socket
import threading
from urllib.request import Request

from vae_course.digits import EMBEDDED, load_digits
from vae_course.digits.download import _WebOnly, fetch_mnist
from vae_course.digits.torchvision_compat import MNIST

import pytest
import torch


@contextlib.contextmanager
def serve(folder):
    """A web server on this machine, for as long as the block runs."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *args: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def small_mnist(tmp_path, monkeypatch):
    """A mirror whose "MNIST" is the embedded digits, so that fetching is tested everywhere."""
    folder = tmp_path / "mirror"
    shutil.copytree(EMBEDDED, folder)
    published = [(name, hashlib.md5((folder / name).read_bytes()).hexdigest()) for name, _ in MNIST.resources]
    monkeypatch.setattr(MNIST, "resources", published)
    return folder


def test_mnist_comes_from_a_web_mirror(small_mnist, digits, data_home):
    with serve(small_mnist) as url:
        mnist = load_digits("mnist", mirror=url)
    assert mnist.name == "mnist"
    assert torch.equal(mnist.test_images, digits.test_images)
    assert sorted(file.name for file in data_home.rglob("*") if file.is_file()) == sorted(n for n, _ in MNIST.resources)


def test_mnist_comes_from_a_folder_mirror_and_then_from_the_data_folder(small_mnist):
    load_digits("mnist", mirror=small_mnist.as_uri())
    shutil.rmtree(small_mnist)
    assert len(load_digits("mnist").test_images) == 1000


def spoil(folder, how):
    file = folder / "t10k-images-idx3-ubyte.gz"
    content = file.read_bytes()
    if how == "missing":
        file.unlink()
    else:
        file.write_bytes(content[:1000] if how == "truncated" else content[:-1] + b"!")


@pytest.mark.parametrize("how", ["missing", "truncated", "changed"])
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_a_failed_download_leaves_what_was_there(small_mnist, data_home, how, scheme):
    fetch_mnist(small_mnist.as_uri())
    before = {file: file.read_bytes() for file in data_home.rglob("*") if file.is_file()}
    spoil(small_mnist, how)
    with serve(small_mnist) as url, pytest.raises((ValueError, OSError), match="t10k-images-idx3-ubyte"):
        fetch_mnist(url if scheme == "http" else small_mnist.as_uri())
    assert {file: file.read_bytes() for file in data_home.rglob("*") if file.is_file()} == before


def test_without_a_network_the_message_offers_what_works(small_mnist, data_home):
    with serve(small_mnist) as url:
        pass  # The server is gone, its port is closed.
    with pytest.raises(ConnectionError, match=r"could not fetch MNIST(.|\n)*embedded digits need no network"):
        load_digits("mnist", mirror=url)
    assert not list(data_home.rglob("*.gz"))


@pytest.mark.parametrize("mirror", ["/media/usb", "ftp://example.org/", "example.org", "file://media/usb"])
def test_a_mirror_must_be_an_address(mirror):
    with pytest.raises(ValueError, match=r"must start with http://, https:// or file:///|needs three slashes"):
        fetch_mnist(mirror)


@pytest.mark.parametrize("mirror", ["http://localhost:1/my folder/", "http://localhost:port/"])
def test_an_address_that_is_none_is_told(mirror):
    with pytest.raises(ConnectionError, match="could not fetch MNIST"):
        fetch_mnist(mirror)


def test_a_server_that_does_not_answer_is_given_up(monkeypatch, data_home):
    monkeypatch.setattr("vae_course.digits.download.TIMEOUT_SECONDS", 0.2)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(ConnectionError, match="could not fetch MNIST"),
    ):
        fetch_mnist(f"http://127.0.0.1:{silent.getsockname()[1]}")


def test_a_damaged_file_in_the_data_folder_is_refused_by_its_checksum(small_mnist, data_home):
    fetch_mnist(small_mnist.as_uri())
    spoil(data_home / "MNIST" / "raw", "changed")
    with pytest.raises(ValueError, match=r"t10k-images(.|\n)*checksum differs(.|\n)*data --again"):
        load_digits("mnist")


def test_a_data_folder_that_cannot_be_written_is_named(monkeypatch, small_mnist, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("VAE_COURSE_DATA", str(tmp_path / "file" / "vae_course"))
    with pytest.raises(OSError, match=r"cannot write to .*vae_course.*set VAE_COURSE_DATA"):
        fetch_mnist(small_mnist.as_uri())


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of this kind are POSIX's")
def test_a_read_only_data_folder_is_named(monkeypatch, small_mnist, request):
    if os.geteuid() == 0:  # The superuser may write anywhere.
        os.seteuid(65534)
        request.addfinalizer(lambda: os.seteuid(0))
    monkeypatch.setenv("VAE_COURSE_DATA", "/vae_course")
    with pytest.raises(OSError, match=r"cannot write to /vae_course.*set VAE_COURSE_DATA"):
        fetch_mnist(small_mnist.as_uri())


@contextlib.contextmanager
def answer(speak):
    """A server that says to each caller what `speak` sends into its socket."""
    stopped = threading.Event()

    def serve_for_ever():
        while not stopped.is_set():
            with contextlib.suppress(OSError):
                caller, _ = server.accept()
                with caller:
                    caller.recv(2**16)
                    speak(caller.sendall, stopped)

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        thread = threading.Thread(target=serve_for_ever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            stopped.set()
            thread.join()


HEAD = b"HTTP/1.0 200 OK\r\n\r\n"


def byte_by_byte(send, stopped):
    send(HEAD)
    while not stopped.wait(0.05):
        send(b"\x1f")


def headers_letter_by_letter(send, stopped):
    send(b"HTTP/1.0 200 OK\r\nServer: ")
    while not stopped.wait(0.05):
        send(b"a")


def without_an_end(send, stopped):
    send(HEAD)
    while not stopped.is_set():
        send(bytes(2**16))


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunks_of_a_byte(send, stopped):
    send(CHUNKED)
    while not stopped.wait(0.05):
        send(b"1\r\na\r\n")


def a_chunk_larger_than_any(send, stopped):
    send(CHUNKED + b"f" * 40 + b"\r\n")
    while not stopped.is_set():
        send(bytes(2**16))


def a_trailer_without_an_end(send, stopped):
    send(CHUNKED + b"0\r\n")
    while not stopped.wait(0.01):
        send(b"a: b\r\n" * 1000)


def continue_for_ever(send, stopped):
    while not stopped.wait(0.01):
        send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def too_many_headers(send, stopped):
    send(b"HTTP/1.0 200 OK\r\n" + b"a: b\r\n" * 101 + b"\r\n")


def shorter_than_promised(send, stopped):
    send(b"HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\n" + bytes(10))


def promise_of_another_kind(send, stopped):
    send(b"HTTP/1.0 200 OK\r\nContent-Length: many\r\n\r\n" + bytes(10))


def no_http(send, stopped):
    send(b"220 ftp.example.org ready\r\n")


def half_and_then_nothing(send, stopped):
    send(b"HTTP/1.0 200 OK\r\nContent-Length: 9912422\r\n\r\n" + bytes(10_000))
    stopped.wait()


def longer_than_promised(send, stopped):
    send(b"HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\n" + bytes(1000))


def web_page(send, stopped):
    send(HEAD + b"<html>Please log in to the hotel's network</html>")


def says(status, *headers):
    def speak(send, stopped):
        send("\r\n".join([f"HTTP/1.0 {status}", *headers, "Content-Length: 0", "", ""]).encode())

    speak.__name__ = " ".join([status, *headers])
    return speak


SERVERS = {
    says("403 Forbidden"): "HTTP Error 403: Forbidden",
    says("404 Not Found"): "HTTP Error 404: Not Found",
    says("503 Service Unavailable", "Retry-After: 1000000"): "HTTP Error 503: Service Unavailable",
    says("302 Found", "Location: /again"): "redirect error that would lead to an infinite loop",
    says("302 Found", "Location: http://[/"): "could not fetch MNIST",
    says("302 Found", "Location: file:///etc/hostname"): "Redirection to url 'file:///etc/hostname' is not allowed",
    says("301 Moved", "Location: ftp://127.0.0.1/x"): "redirects to ftp://127.0.0.1/x, which is not followed",
    says("200 OK", "Content-Encoding: gzip"): "is not MNIST's",
    says("302 Found", "Location: data:,MNIST"): "Redirection to url 'data:,MNIST' is not allowed",
    says("302 Found", "Location: http://127.0.0.1:99999/"): "could not fetch MNIST",
    says("206 Partial Content", "Content-Range: bytes 0-9/1000"): "is not MNIST's",
    chunks_of_a_byte: "fewer than 20,000 bytes came in 0.5 seconds",
    a_chunk_larger_than_any: "it sends more than 1,048,576 bytes, which is not MNIST",
    a_trailer_without_an_end: "fewer than 20,000 bytes came in 0.5 seconds",
    continue_for_ever: "fewer than 20,000 bytes came in 0.5 seconds",
    too_many_headers: "could not fetch MNIST.*more than 100 headers",
    half_and_then_nothing: "fewer than 20,000 bytes came in 0.5 seconds|timed out",
    longer_than_promised: "is not MNIST's",
    web_page: "is not MNIST's",
    byte_by_byte: "fewer than 20,000 bytes came in 0.5 seconds",
    headers_letter_by_letter: "fewer than 20,000 bytes came in 0.5 seconds",
    without_an_end: "it sends more than 1,048,576 bytes, which is not MNIST",
    shorter_than_promised: "it ended after 10 of 1,000 bytes",
    promise_of_another_kind: "could not fetch MNIST",
    no_http: "could not fetch MNIST",
}


@pytest.mark.parametrize(("speak", "message"), SERVERS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_server_is_not_trusted_to_end(monkeypatch, data_home, speak, message):
    monkeypatch.setattr("vae_course.digits.download.TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr("vae_course.digits.download.MOST_BYTES", 2**20)
    with answer(speak) as url, pytest.raises((ConnectionError, ValueError), match=message) as raised:
        fetch_mnist(url)
    assert f"{url}/train-images-idx3-ubyte.gz" in str(raised.value)
    assert str(raised.value).count("\n") <= 1, "one line, and one that says what to do"
    assert "embedded digits need no network" in str(raised.value) or "mirror of other digits" in str(raised.value)
    assert not list(data_home.iterdir())


AT_ONCE = [speak for speak, message in SERVERS.items() if "seconds" not in message]


@pytest.mark.parametrize("speak", AT_ONCE, ids=lambda speak: speak.__name__)
def test_where_one_mirror_is_bad_another_serves(monkeypatch, small_mnist, digits, speak):
    """Also where it sends something else, as a hotel's network does, and not only where it sends nothing."""
    with answer(speak) as bad, serve(small_mnist) as good:
        monkeypatch.setattr(MNIST, "mirrors", [bad, good])
        assert torch.equal(load_digits("mnist").test_images, digits.test_images)


def test_a_mirror_that_does_not_answer_is_waited_for_once_and_not_for_every_file(monkeypatch, small_mnist, digits):
    monkeypatch.setattr("vae_course.digits.download.TIMEOUT_SECONDS", 0.5)
    waited_for = []

    def silent(send, stopped):
        waited_for.append(1)
        stopped.wait(5)

    with answer(silent) as bad, serve(small_mnist) as good:
        monkeypatch.setattr(MNIST, "mirrors", [bad, good])
        assert torch.equal(load_digits("mnist").test_images, digits.test_images)
    assert waited_for == [1]


def test_a_disk_that_is_full_is_not_called_a_mistake_of_the_mirror(monkeypatch, small_mnist, data_home):
    monkeypatch.setattr("vae_course.files.os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(OSError, match=r"No space left.*train-images-idx3-ubyte\.gz"):
        fetch_mnist(small_mnist.as_uri())
    assert not [path for path in data_home.rglob("*") if path.is_file()]


def test_a_file_that_became_far_too_large_is_not_read(small_mnist, data_home):
    os.truncate(fetch_mnist(small_mnist.as_uri()) / "t10k-images-idx3-ubyte.gz", 10**11)
    with pytest.raises(ValueError, match=r"t10k-images-idx3-ubyte\.gz is not MNIST's: it is larger than"):
        load_digits("mnist")


def test_where_a_mirror_has_one_file_damaged_another_serves_it(monkeypatch, small_mnist, digits, tmp_path):
    shutil.copytree(small_mnist, tmp_path / "damaged")
    spoil(tmp_path / "damaged", "changed")
    with serve(tmp_path / "damaged") as bad, serve(small_mnist) as good:
        monkeypatch.setattr(MNIST, "mirrors", [bad, good])
        assert torch.equal(load_digits("mnist").test_images, digits.test_images)


def test_a_redirect_from_https_is_not_followed_to_http():
    request = Request("https://example.org/a")
    with pytest.raises(ValueError, match=r"redirects to http://example.org/b, which is not followed"):
        _WebOnly().redirect_request(request, None, 302, "Found", {}, "http://example.org/b")
    assert _WebOnly().redirect_request(request, None, 302, "Found", {}, "https://example.net/b").host == "example.net"


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_a_mirror_of_other_digits_is_named_by_its_own_address(small_mnist, scheme):
    spoil(small_mnist, "changed")
    with serve(small_mnist) as url, pytest.raises(ValueError, match="is not MNIST's") as raised:
        fetch_mnist(url if scheme == "http" else small_mnist.as_uri())
    where = url if scheme == "http" else small_mnist.as_uri()
    assert str(raised.value).startswith(f"{where}/t10k-images-idx3-ubyte.gz")
    assert "mirror of other digits" in str(raised.value)
    assert "--again" not in str(raised.value)


def test_a_large_file_of_a_folder_mirror_is_not_copied(small_mnist, data_home):
    os.truncate(small_mnist / "t10k-images-idx3-ubyte.gz", 10**11)
    with pytest.raises(ValueError, match=r"t10k-images-idx3-ubyte\.gz is not MNIST's: it is larger than"):
        fetch_mnist(small_mnist.as_uri())
    assert not list(data_home.iterdir())


@pytest.mark.parametrize("mirror", ["", " ", "file:relative/folder", "http://", "http:///folder", "http://[::1"])
def test_an_address_without_its_parts_is_refused(mirror):
    with pytest.raises(ValueError, match=r"mirror=.*(must start with|needs three slashes|names no host|no address)"):
        fetch_mnist(mirror)
