"""The README's Python example, as it stands there."""

import pathlib
import re
import subprocess
import sys

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def test_the_python_example_works_as_it_stands(server):
    [example] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    address = 'server = "http://127.0.0.1:8080"'
    assert address in example
    example = example.replace(address, f'server = "{server.url}"')
    for expected in ("{} at revision 0", "Hello from Python. '} at revision 1"):
        run = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, timeout=30)
        assert run.returncode == 0, run.stderr
        assert expected in run.stdout and "on disk as revision" in run.stdout
    assert server.text("hello") == "Hello from Python. Hello from Python. "
